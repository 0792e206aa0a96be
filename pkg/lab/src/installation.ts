/**
 * The programs of this checkout as a lab runs them: the pinned Node, and weftd bundled as in a release, into one file and
 * one for each thread it starts.
 *
 * From the sources a weftd starts in half a second and keeps the type stripper in memory; from the bundle it takes half of
 * that and 20 MB less, which fifty hosts on one machine notice.
 */
import { randomUUID } from 'node:crypto';
import { renameSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { build } from 'esbuild';
import type { Installation } from './daemons.ts';

const repository = resolve(import.meta.dirname, '../../..');

/** Bundles weftd as it is now, and answers what to start. */
export async function installation(): Promise<Installation> {
  const folder = join(repository, 'node_modules/.cache/weft');
  const weftd = join(folder, 'weftd.mjs');
  await bundle(join(repository, 'cmd/weftd/src/main.ts'), weftd);
  await bundleBfdThread(folder);
  return { node: process.execPath, weftd };
}

/** Makes one file of a program and all it imports. A program with BGP needs the file of the BFD thread beside it. */
export async function bundle(source: string, target: string): Promise<void> {
  // Several labs of one process may bundle at the same moment, too.
  const fresh = `${target}.${randomUUID()}`;
  await build({
    entryPoints: [source],
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
  renameSync(fresh, target);
}

/** Makes the file that bundled programs start the BFD thread from. */
export function bundleBfdThread(folder: string): Promise<void> {
  const source = join(repository, 'pkg/bgp-speaker-ts/src/transport/bfd/thread.ts');
  return bundle(source, join(folder, 'bfd-thread.mjs'));
}
