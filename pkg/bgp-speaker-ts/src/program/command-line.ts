/**
 * The command line: which commands there are, what each takes, and its help, all from one table (`commands.ts`).
 *
 * A command is loaded when it is run: `status` must not wait for the code of a whole speaker.
 */

import { type ParseArgsOptionsConfig, parseArgs } from 'node:util';
import { EXIT, type Failure, ProgramError } from './failure.ts';
import { nearest } from './nearest.ts';

/** One option of a command. */
export interface OptionSpec {
  readonly short?: string;
  /** What stands behind it in the help; absent for a switch. */
  readonly value?: string;
  /** May be given several times. */
  readonly multiple?: boolean;
  readonly help: string;
}

/** One command. */
export interface Command {
  readonly name: string;
  /** Its operands as the help shows them; those in brackets may be absent, the last may be repeated by `…`. */
  readonly operands: string;
  readonly summary: string;
  /** More to say, for its own help. */
  readonly details?: string;
  readonly options: Readonly<Record<string, OptionSpec>>;
  readonly run: (invocation: Invocation) => Promise<void>;
}

/** A command as somebody has written it. */
export interface Invocation {
  readonly command: string;
  readonly operands: readonly string[];
  /** The value of an option. */
  readonly option: (name: string) => string | undefined;
  readonly options: (name: string) => readonly string[];
  readonly has: (name: string) => boolean;
}

/** Reads the arguments behind the name of a command; `help` when its help is wanted. */
export function readInvocation(command: Command, args: readonly string[]): Invocation | 'help' {
  const config: ParseArgsOptionsConfig = { help: { type: 'boolean', short: 'h' } };
  for (const [name, { value, short, multiple = false }] of Object.entries(command.options)) {
    const type = value === undefined ? 'boolean' : 'string';
    config[name] = short === undefined ? { type, multiple } : { type, multiple, short };
  }
  let parsed: ReturnType<typeof parseArgs>;
  try {
    parsed = parseArgs({ args: [...args], options: config, allowPositionals: true });
  } catch (error) {
    if (!(error instanceof TypeError)) throw error;
    throw usageError(command, firstSentence(error.message));
  }
  const { values, positionals } = parsed;
  if (values.help === true) return 'help';
  checkOperands(command, positionals);
  const options = (name: string): string[] => [values[name] ?? []].flat().map(String);
  return {
    command: command.name,
    operands: positionals,
    options,
    option: (name) => options(name)[0],
    has: (name) => values[name] === true,
  };
}

/** The help of the program. */
export function programHelp(commands: readonly Command[]): string {
  const width = Math.max(...commands.map(({ name, operands }) => name.length + operands.length + 1));
  const rows = commands.map(
    ({ name, operands, summary }) => `  ${`${name} ${operands}`.padEnd(width)}  ${summary}`,
  );
  return `Usage: bgp-speaker COMMAND …

${rows.join('\n')}

"bgp-speaker COMMAND --help" says more. "bgp-speaker --config FILE" is short for run.
Exit codes: 0 done, 1 failed, 2 the command line was wrong.`;
}

/** The help of one command. */
export function commandHelp({ name, operands, summary, details, options }: Command): string {
  const all: [string, OptionSpec][] = [
    ...Object.entries(options),
    ['help', { short: 'h', help: 'show this' }],
  ];
  const left = all.map(([option, { short, value }]) => {
    const head = short === undefined ? `    --${option}` : `-${short}, --${option}`;
    return value === undefined ? head : `${head} ${value}`;
  });
  const width = Math.max(...left.map(({ length }) => length));
  const rows = all.map(([, { help }], index) => `  ${(left[index] ?? '').padEnd(width)}  ${help}`);
  const usage = ['Usage: bgp-speaker', name, ...(operands === '' ? [] : [operands]), '[OPTION …]'].join(' ');
  const text = details === undefined ? summary : `${summary}\n\n${details}`;
  return `${usage}\n\n${text}\n\n${rows.join('\n')}`;
}

/** Says that there is no such command. */
export function unknownCommand(name: string, commands: readonly Command[]): ProgramError {
  const names = commands.map((command) => command.name);
  const meant = nearest(name, names);
  const all = `commands are ${names.join(', ')}`;
  const hint = meant === undefined ? all : `did you mean "${meant}"? ${all}`;
  return new ProgramError([{ message: 'there is no such command', object: name, hint }], EXIT.usage);
}

/** Says what is wrong with the use of a command. */
export function usageError({ name }: Pick<Command, 'name'>, message: string): ProgramError {
  const failure: Failure = {
    message,
    object: `command line of ${name}`,
    hint: `"bgp-speaker ${name} --help" says how it is used`,
  };
  return new ProgramError([failure], EXIT.usage);
}

function checkOperands(command: Command, operands: readonly string[]): void {
  const wanted = command.operands.split(' ').filter((word) => word !== '');
  const needed = wanted.filter((word) => !word.startsWith('['));
  const most = command.operands.includes('…') ? Number.POSITIVE_INFINITY : wanted.length;
  if (operands.length < needed.length) {
    throw usageError(command, `${needed[operands.length]?.replace('…', '')} is missing`);
  }
  if (operands.length > most) throw usageError(command, `there is no place for "${operands[most]}"`);
}

function firstSentence(message: string): string {
  const [sentence = message] = message.split('. ', 1);
  return sentence.replace(/^U/, 'u');
}
