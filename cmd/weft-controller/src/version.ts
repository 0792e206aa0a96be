/** The version of this controller, from its package. */
import manifest from '../package.json' with { type: 'json' };

/** As in `weft-controller --version` and in the metrics. */
export const version: string = manifest.version;
