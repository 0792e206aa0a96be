/** The command that watches daemons live: name, options and help. Its code is loaded when it runs. */
import { type Command, InvalidArgumentError } from 'commander';
import { daemonOptions } from '../options.ts';
import { run } from '../run.ts';

const HELP = `
At a terminal it fills the screen until q or Ctrl-C; elsewhere it prints one picture, or as many as --count says. Rates are of the
time since the picture before; the first has none. Where no daemon answers at the last picture, the exit code is 1.

Examples:
  weftctl top
  weftctl --lab lab top --interval 1
  weftctl top node1 --count 3 > top.txt
`;

/** Adds `top`. */
export function registerTop(program: Command): void {
  const top = program
    .command('top [node]')
    .description('sessions, routes, containers and rates of daemons, live')
    .option('--interval <seconds>', 'time between two pictures', seconds, 2)
    .option('--count <n>', 'pictures until it ends', positiveInteger)
    .addHelpText('after', HELP);
  daemonOptions(top).action(run(async (node, options) => (await import('./top.ts')).top(node, options)));
}

function seconds(text: string): number {
  const value = Number(text);
  if (value >= 0.1 && value <= 3600) return value;
  throw new InvalidArgumentError('A number of seconds from 0.1 to 3600 is expected.');
}

function positiveInteger(text: string): number {
  const value = Number(text);
  if (Number.isInteger(value) && value > 0) return value;
  throw new InvalidArgumentError('A whole number above 0 is expected.');
}
