/** `history`: name, options and help. Its code is loaded when it runs. */
import type { Command } from 'commander';
import { daemonOptions, outputOption } from '../options.ts';
import { run } from '../run.ts';

const HELP = `
Tells, from the records of the daemons that are asked: what peers announced and withdrew, which path was the best, what of it
changed and which step decided, what the kernel took, was robbed of or refused, and sessions of those peers. For an address:
of every prefix that holds it, but the default routes. Each node writes the time of its own clock.

Examples:
  weftctl history 10.244.0.0/26
  weftctl --lab lab history 10.244.1.7 --since 10m
  weftctl history fd00::/64 --since 2026-01-31T12:00:00Z -o json
`;

/** Adds `history`. */
export function registerHistory(program: Command): void {
  const history = program
    .command('history <prefix>')
    .description('what happened to a prefix or an address, and why')
    .option('--node <name>', 'on this node only')
    .option('--since <time>', 'not what was before: RFC 3339, or how long ago, such as 90s, 10m, 2h, 3d')
    .addHelpText('after', HELP);
  outputOption(daemonOptions(history), 'ps', 'json', 'yaml').action(
    run(async (prefix, options) => (await import('./history.ts')).history(prefix, options)),
  );
}
