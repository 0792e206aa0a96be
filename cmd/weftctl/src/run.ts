/** Runs a command's code for the command line: options in, report out. Only here and in `main.ts` is printed. */
import { once } from 'node:events';
import type { Command } from 'commander';
import { EXIT, printFailure, type Remark, type Report } from './failure.ts';
import { printableLines } from './print/table.ts';

// biome-ignore lint/suspicious/noExplicitAny: commander hands over what a command's declaration describes
type Handler = (...args: any[]) => Promise<Report>;

/** An action for commander: the handler gets the arguments and all options, those before the command's name included. */
export function run(handler: Handler): (...args: unknown[]) => Promise<void> {
  return async (...args) => {
    const command = args.pop() as Command;
    args.pop();
    await report(await handler(...args, command.optsWithGlobals()));
  };
}

async function report({ text, isRaw = false, failures, exitCode, notes = [] }: Report): Promise<void> {
  if (typeof text === 'object' && Symbol.asyncIterator in text) await writeAsTheyCome(text);
  else if (typeof text === 'object') await writeLines(text);
  else if (text !== '') await write(isRaw ? forReader(text) : `${text}\n`);
  for (const note of notes) console.error(printableLines(note));
  for (const failure of failures) console.error(printFailure(failure));
  if (failures.length > 0) process.exitCode = EXIT.failed;
  else if (exitCode !== undefined) process.exitCode = exitCode;
}

/** Characters that are written at once. */
const BATCH = 64 * 1024;

async function writeLines(lines: Iterable<string>): Promise<void> {
  let batch = '';
  for (const line of lines) {
    batch += `${forReader(line)}\n`;
    if (batch.length < BATCH) continue;
    await write(batch);
    batch = '';
  }
  if (batch !== '') await write(batch);
}

async function writeAsTheyCome(lines: AsyncIterable<string | Remark>): Promise<void> {
  for await (const line of lines) {
    if (typeof line === 'string') await write(`${forReader(line)}\n`);
    else console.error(printableLines(line.note));
  }
}

/** Values come from elsewhere: a terminal gets no control characters of them, a program gets them as they are. */
function forReader(text: string): string {
  return process.stdout.isTTY ? printableLines(text) : text;
}

/** Waits for a reader that is slower than we are, so that text does not pile up here. */
async function write(text: string): Promise<void> {
  if (!process.stdout.write(text)) await once(process.stdout, 'drain');
}
