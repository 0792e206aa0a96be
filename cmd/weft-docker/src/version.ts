/** The version of this weftd, from its package. */
import manifest from '../package.json' with { type: 'json' };

/** As in `weftd --version` and in the status. */
export const version: string = manifest.version;
