/** The commands about mass withdrawals that are held: names, options and help. Their code is loaded when one of them runs. */
import { type Command, Option } from 'commander';
import { outputOption, whereOptions } from '../options.ts';
import { run } from '../run.ts';

const HELP = `
More than half of more than 100 routes gone within a few seconds are held: they stay as they were until they come back, or until
somebody says what they are. Tables: learned (kernel routes from BGP), announced (what a node tells its peers), left-over
(kernel routes of an earlier weftd that nobody wants).

Examples:
  weftctl fuse                          what is held, and why
  weftctl fuse accept node1             it is meant: withdraw them
  weftctl fuse reject node1             it is a mistake: keep them until they are announced again
`;

/** Adds `fuse`, `fuse accept` and `fuse reject`. */
export function registerFuse(program: Command): void {
  const fuse = program
    .command('fuse')
    .description('mass withdrawals of routes that are held')
    .addHelpText('after', HELP);
  const show = fuse.command('show [node]', { isDefault: true }).description('what is held, and why');
  outputOption(whereOptions(show, 'lab', 'socket'), 'ps', 'json', 'yaml').action(
    run(async (node, options) => (await import('./fuse.ts')).showFuse(node, options)),
  );
  registerDecision(fuse, 'accept', 'withdraw the held routes');
  registerDecision(fuse, 'reject', 'keep the held routes until they are announced again');
}

function registerDecision(fuse: Command, decision: 'accept' | 'reject', description: string): void {
  const command = fuse.command(`${decision} [node]`).description(description);
  command.addOption(
    new Option('--table <table>', 'only routes of this table').choices([
      'learned',
      'encapsulated',
      'announced',
      'left-over',
    ]),
  );
  whereOptions(command, 'lab', 'socket').action(
    run(async (node, options) => (await import('./fuse.ts')).decideFuse(decision, node, options)),
  );
}
