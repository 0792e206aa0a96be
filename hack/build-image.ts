#!/usr/bin/env node
/**
 * Puts together what the container image holds, in a folder: the bundled programs, the CNI plugin for this machine, and the
 * packages that do not fit into a bundle. `manifests/image/Dockerfile` runs it; it works anywhere.
 */
import { cpSync, mkdirSync, realpathSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { execa } from 'execa';
import { buildWeftCni } from '../cmd/weft-cni/build.ts';
import { bundle, bundleBfdThread } from '../pkg/lab/src/index.ts';

const root = resolve(import.meta.dirname, '..');
const [folder] = process.argv.slice(2);

if (folder === undefined || folder.startsWith('-')) {
  console.log(
    'Usage: node hack/build-image.ts FOLDER\nWrites what the container image holds into a new folder.',
  );
} else {
  await build(resolve(folder));
}

async function build(target: string): Promise<void> {
  mkdirSync(target, { recursive: true });
  for (const name of ['weftd', 'weft-controller'])
    await bundle(join(root, 'cmd', name, 'src/main.ts'), join(target, `${name}.mjs`));
  await bundleBfdThread(target);
  await execa(process.execPath, [join(root, 'hack/build-weftctl.ts'), join(target, 'weftctl')]);
  cpSync(buildWeftCni(), join(target, 'weft'));
  // A package with a binary, its binary, and one that does not bear bundling.
  for (const name of ['koffi', `@koromix/koffi-linux-${process.arch}`, 'yaml'])
    cpSync(realpathSync(join(root, 'node_modules', name)), join(target, 'node_modules', name), {
      recursive: true,
    });
  console.log(target);
}
