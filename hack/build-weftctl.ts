/**
 * Builds weftctl into a folder; by default `cmd/weftctl/dist`, which its launcher starts as long as no source is newer: one file for what every
 * command needs and some for what only a few do. From the sources a start takes twice as long: two hundred modules are
 * found, read and stripped of their types.
 */
import { renameSync, rmSync } from 'node:fs';
import { join, relative, resolve } from 'node:path';
import { build } from 'esbuild';

const repository = resolve(import.meta.dirname, '..');
const target = resolve(process.argv[2] ?? join(repository, 'cmd/weftctl/dist'));
const fresh = `${target}.${process.pid}`;

await build({
  entryPoints: [join(repository, 'cmd/weftctl/src/main.ts')],
  outdir: fresh,
  outExtension: { '.js': '.mjs' },
  bundle: true,
  splitting: true,
  minify: true,
  keepNames: true,
  platform: 'node',
  format: 'esm',
  target: 'node24',
  // Two load binaries that lie beside them; of yaml, which is CommonJS, a later import would lose the names.
  external: ['koffi', 'esbuild', 'yaml'],
  // CommonJS dependencies ask for node's own modules by `require`.
  banner: {
    js: "import { createRequire as requireOf } from 'node:module'; const require = requireOf(import.meta.url);",
  },
  logLevel: 'warning',
});
rmSync(target, { recursive: true, force: true });
renameSync(fresh, target);
console.log(relative(process.cwd(), target));
