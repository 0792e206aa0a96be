#!/usr/bin/env node
/**
 * The `bgp-speaker` command. It is JavaScript so that a Node that cannot read TypeScript can still say so.
 *
 * Compiled code is kept in the user's cache from one start to the next. That is not only faster: the compiler that takes
 * the types off is not loaded then, which is a quarter of the memory of a small speaker.
 */

import module from 'node:module';
import { join } from 'node:path';

const NEEDED = [24, 11];

const [major = 0, minor = 0] = process.versions.node.split('.').map(Number);
if (major < NEEDED[0] || (major === NEEDED[0] && minor < NEEDED[1])) {
  console.error(
    `bgp-speaker: this Node is too old to run it\n  object: Node ${process.versions.node} (${process.execPath})\n` +
      `  do: start it with Node ${NEEDED.join('.')} or newer: node ${process.argv[1]}`,
  );
  process.exit(1);
}
const { HOME, XDG_CACHE_HOME } = process.env;
const cache = XDG_CACHE_HOME || (HOME && join(HOME, '.cache'));
// Never in a folder all users share: code from there would run with the rights of this one.
if (cache) module.enableCompileCache(join(cache, 'bgp-speaker'));
const { main } = await import('../src/program/main.ts');
await main(process.argv.slice(2));
module.flushCompileCache();
