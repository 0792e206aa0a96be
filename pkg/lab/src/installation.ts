/**
 * The programs of this checkout as a lab runs them: the pinned Node, and weftd bundled into one file as in a release.
 *
 * From the sources a weftd starts in half a second and keeps the type stripper in memory; from the bundle it takes half of
 * that and 20 MB less, which fifty hosts on one machine notice.
 */
import { renameSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { build } from 'esbuild';
import type { Installation } from './daemons.ts';

const repository = resolve(import.meta.dirname, '../../..');

/** Bundles weftd as it is now, and answers what to start. */
export async function installation(): Promise<Installation> {
  const bundle = join(repository, 'node_modules/.cache/weft/weftd.mjs');
  const fresh = `${bundle}.${process.pid}`;
  await build({
    entryPoints: [join(repository, 'cmd/weftd/src/main.ts')],
    outfile: fresh,
    bundle: true,
    minify: true,
    keepNames: true,
    platform: 'node',
    format: 'esm',
    target: 'node24',
    // It loads a binary that lies beside it.
    external: ['koffi'],
    // CommonJS dependencies ask for node's own modules by `require`.
    banner: {
      js: "import { createRequire } from 'node:module'; const require = createRequire(import.meta.url);",
    },
    logLevel: 'silent',
  });
  // Another lab may start from the same file at this moment: it finds the old one or the new one, whole.
  renameSync(fresh, bundle);
  return { node: process.execPath, weftd: bundle };
}
