/** Runs a command's code for the command line: options in, report out. Only here and in `main.ts` is printed. */
import type { Command } from 'commander';
import { EXIT, printFailure, type Report } from './failure.ts';

// biome-ignore lint/suspicious/noExplicitAny: commander hands over what a command's declaration describes
type Handler = (...args: any[]) => Promise<Report>;

/** An action for commander: the handler gets the arguments and all options, those before the command's name included. */
export function run(handler: Handler): (...args: unknown[]) => Promise<void> {
  return async (...args) => {
    const command = args.pop() as Command;
    args.pop();
    report(await handler(...args, command.optsWithGlobals()));
  };
}

function report({ text, failures, notes = [] }: Report): void {
  if (text !== '') console.log(text);
  for (const note of notes) console.error(note);
  for (const failure of failures) console.error(printFailure(failure));
  if (failures.length > 0) process.exitCode = EXIT.failed;
}
