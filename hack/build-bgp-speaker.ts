/**
 * Builds bgp-speaker-ts as it is published: `node hack/build-bgp-speaker.ts [DIRECTORY]`, by default its `dist`.
 *
 *     bin/bgp-speaker.js   the launcher
 *     lib/index.mjs        the library; lib/main.mjs the program; the thread of BFD, the reader of the file; what they share
 *     types/               declarations, for the library alone
 *     package.json         without workspaces: what weft has of its own is bundled, the rest is a dependency
 *
 * Node reads no TypeScript below `node_modules`, and one file for a hundred takes 15 MiB less memory.
 */

import { copyFileSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join, relative, resolve } from 'node:path';
import { build } from 'esbuild';
import { execa } from 'execa';

const repository = resolve(import.meta.dirname, '..');
const source = join(repository, 'pkg/bgp-speaker-ts');
const target = resolve(process.argv[2] ?? join(source, 'dist'));

/** Packages of this repository the speaker is built of; they become part of it. */
const OWN_PACKAGES = ['@weft/ip'];

interface Manifest {
  readonly dependencies: Readonly<Record<string, string>>;
  readonly engines?: unknown;
  readonly private?: unknown;
  readonly exports?: unknown;
}

rmSync(target, { recursive: true, force: true });
mkdirSync(join(target, 'bin'), { recursive: true });
const manifest = readManifest(join(source, 'package.json'));
await bundle();
await declare();
writeLauncher();
writeManifest();
copyFileSync(join(source, 'README.md'), join(target, 'README.md'));
copyFileSync(join(repository, 'LICENSE'), join(target, 'LICENSE'));
console.log(relative(process.cwd(), target));

function readManifest(path: string): Manifest {
  return JSON.parse(readFileSync(path, 'utf8')) as Manifest;
}

function publishedDependencies(): Record<string, string> {
  const all = Object.entries(manifest.dependencies);
  return Object.fromEntries(all.filter(([name]) => !OWN_PACKAGES.includes(name)));
}

async function bundle(): Promise<void> {
  await build({
    entryPoints: {
      index: join(source, 'src/index.ts'),
      main: join(source, 'src/program/main.ts'),
      'bfd-thread': join(source, 'src/transport/bfd/thread.ts'),
      'config-reader': join(source, 'src/program/config/reader.ts'),
    },
    outdir: join(target, 'lib'),
    outExtension: { '.js': '.mjs' },
    bundle: true,
    splitting: true,
    platform: 'node',
    format: 'esm',
    target: 'node24',
    external: Object.keys(publishedDependencies()),
    logLevel: 'warning',
  });
}

/** Declarations keep the folders of the repository, and name each other by paths in place of packages. */
async function declare(): Promise<void> {
  const types = join(target, 'types');
  const options = ['--noEmit', 'false', '--emitDeclarationOnly', '--rootDir', join(repository, 'pkg')];
  const config = join(types, 'tsconfig.json');
  mkdirSync(types, { recursive: true });
  writeFileSync(
    config,
    JSON.stringify({
      extends: join(repository, 'tsconfig.json'),
      compilerOptions: {
        typeRoots: [join(repository, 'node_modules/@types')],
        paths: Object.fromEntries(OWN_PACKAGES.map((name) => [name, [join(folderOf(name), 'index.ts')]])),
      },
      files: [join(source, 'src/index.ts')],
      include: [],
    }),
  );
  await execa(join(repository, 'node_modules/.bin/tsc'), ['-p', config, ...options, '--outDir', types]);
  rmSync(config);
  for (const name of readdirSync(types, { recursive: true, encoding: 'utf8' })) {
    if (name.endsWith('.d.ts')) renameImports(join(types, name), types);
  }
}

function folderOf(name: string): string {
  return join(repository, 'pkg', name.replace('@weft/', ''), 'src');
}

function renameImports(path: string, types: string): void {
  const toFile = (name: string): string => {
    if (!OWN_PACKAGES.includes(name)) return name.replace(/\.ts$/, '.js');
    const declarations = join(types, relative(join(repository, 'pkg'), folderOf(name)), 'index.js');
    return relative(dirname(path), declarations);
  };
  const text = readFileSync(path, 'utf8');
  const pattern = /(from |import\()'([^']+)'/g;
  writeFileSync(
    path,
    text.replaceAll(pattern, (_, before: string, name: string) => `${before}'${toFile(name)}'`),
  );
}

function writeLauncher(): void {
  copyFileSync(join(source, 'bin/launch.js'), join(target, 'bin/launch.js'));
  const launcher = [
    '#!/usr/bin/env node',
    "import { launch } from './launch.js';",
    "await launch(new URL('../lib/main.mjs', import.meta.url));",
  ];
  writeFileSync(join(target, 'bin/bgp-speaker.js'), `${launcher.join('\n')}\n`, { mode: 0o755 });
}

function writeManifest(): void {
  const { private: _private, exports: _exports, dependencies: _dependencies, ...rest } = manifest;
  const published = {
    ...rest,
    engines: readManifest(join(repository, 'package.json')).engines,
    exports: { '.': { types: './types/bgp-speaker-ts/src/index.d.ts', default: './lib/index.mjs' } },
    dependencies: publishedDependencies(),
  };
  writeFileSync(join(target, 'package.json'), `${JSON.stringify(published, undefined, 2)}\n`);
}
