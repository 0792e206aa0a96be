#!/usr/bin/env node
/**
 * The `bgp-speaker` command of a checkout: the build in `dist` when it is newer than the sources, else the sources.
 */

import { readdirSync, statSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { launch } from './launch.js';

const sources = new URL('../src/', import.meta.url);
const built = new URL('../dist/lib/main.mjs', import.meta.url);

const builtAt = statSync(built, { throwIfNoEntry: false })?.mtimeMs ?? 0;
await launch(builtAt > newest(sources) ? built : new URL('program/main.ts', sources));

function newest(folder) {
  const names = readdirSync(folder, { recursive: true });
  return Math.max(...names.map((name) => statSync(fileURLToPath(new URL(name, folder))).mtimeMs));
}
