/**
 * The program `bgp-speaker`: a daemon, and the commands that ask it.
 *
 *     run ──▶ daemon/ ◀── control socket (protocol.ts) ── client/ ◀── status, rib, explain, …
 *              └─ config/ ◀── check, schema
 *
 * Exit codes: 0 done, 1 failed, with the reason in three parts on stderr, 2 the command line was wrong.
 */

import { commandHelp, programHelp, readInvocation, unknownCommand } from './command-line.ts';
import { COMMANDS } from './commands.ts';
import { EXIT, exitWith, ProgramError, unforeseen } from './failure.ts';

/** Runs the program with its arguments. */
export async function main(args: readonly string[]): Promise<void> {
  process.on('uncaughtException', (error) => exitWith([unforeseen(error)]));
  // A reader that has seen enough (`bgp-speaker rib | head`) is no failure.
  process.stdout.on('error', ({ code }: NodeJS.ErrnoException) => {
    process.exit(code === 'EPIPE' ? EXIT.ok : EXIT.failure);
  });
  try {
    await dispatch(args);
  } catch (error) {
    if (!(error instanceof ProgramError)) throw error;
    exitWith(error.failures, error.exitCode);
  }
}

async function dispatch([first, ...rest]: readonly string[]): Promise<void> {
  if (first === '--help' || first === '-h' || first === 'help') {
    console.log(programHelp(COMMANDS));
    return;
  }
  if (first === undefined) {
    console.error(programHelp(COMMANDS));
    process.exit(EXIT.usage);
  }
  const isOption = first.startsWith('-');
  const name = isOption ? (first === '--version' ? 'version' : 'run') : first;
  const command = COMMANDS.find((candidate) => candidate.name === name);
  if (command === undefined) throw unknownCommand(name, COMMANDS);
  const invocation = readInvocation(command, isOption && name === 'run' ? [first, ...rest] : rest);
  if (invocation === 'help') console.log(commandHelp(command));
  else await command.run(invocation);
}
