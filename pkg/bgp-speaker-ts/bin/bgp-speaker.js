#!/usr/bin/env node
/**
 * The `bgp-speaker` command. It is JavaScript so that a Node that cannot read TypeScript can still say so.
 */

const NEEDED = [24, 11];

const [major = 0, minor = 0] = process.versions.node.split('.').map(Number);
if (major < NEEDED[0] || (major === NEEDED[0] && minor < NEEDED[1])) {
  console.error(
    `bgp-speaker: this Node is too old to run it\n  object: Node ${process.versions.node} (${process.execPath})\n` +
      `  do: start it with Node ${NEEDED.join('.')} or newer: node ${process.argv[1]}`,
  );
  process.exit(1);
}
const { main } = await import('../src/program/main.ts');
await main(process.argv.slice(2));
