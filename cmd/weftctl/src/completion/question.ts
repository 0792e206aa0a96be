/**
 * What the word at the cursor may be, read from the command tree: so that completion knows every command and option the
 * program knows. Pure: no store and no lab is asked here.
 */
import type { Command, Option } from 'commander';

/** A word, and what it means. */
export interface Candidate {
  readonly word: string;
  readonly description: string;
}

/** What may stand at the cursor. */
export type Question =
  | { readonly kind: 'words'; readonly candidates: readonly Candidate[] }
  | { readonly kind: 'files' }
  | { readonly kind: 'value'; readonly of: ValueName; readonly context: Context };

/** Values that only the machine or a store knows. */
export type ValueName = 'destination' | 'kind' | 'name' | 'node' | 'lab' | 'host' | 'nothing';

/** What stands before the cursor. */
export interface Context {
  /** Options with their values, by attribute name. */
  readonly options: Readonly<Record<string, string>>;
  readonly args: readonly string[];
}

/** What may stand at the cursor, which is in the last word. `words` are without the program's name. */
export function questionAt(program: Command, words: readonly string[]): Question {
  const before = words.slice(0, -1);
  const current = words.at(-1) ?? '';
  const place = walk(program, before);
  if (place.option !== undefined) return optionValue(place.option, place);
  if (place.isPassedOn) return { kind: 'files' };
  if (current.startsWith('-')) return { kind: 'words', candidates: optionsOf(place.command, program) };
  const { commands } = place.command;
  if (commands.length > 0) return { kind: 'words', candidates: commandsOf(place.command) };
  return argumentValue(place);
}

interface Place extends Context {
  readonly command: Command;
  /** An option whose value comes next. */
  readonly option?: Option;
  /** True after `--`, where words are for another program. */
  readonly isPassedOn: boolean;
}

function walk(program: Command, words: readonly string[]): Place {
  let command = program;
  let option: Option | undefined;
  const options: Record<string, string> = {};
  const args: string[] = [];
  for (const [index, word] of words.entries()) {
    // bash cuts "--output=yaml" into three words.
    if (word === '=' && option !== undefined) continue;
    if (option !== undefined) {
      options[option.attributeName()] = word;
      option = undefined;
    } else if (word === '--') {
      return { command, options, args, isPassedOn: index < words.length };
    } else if (word.startsWith('-') && word.length > 1) {
      const [flag, value] = word.split(/=(.*)/s);
      const found = findOption(command, program, flag ?? '');
      if (found?.required && value === undefined) option = found;
      else if (found !== undefined) options[found.attributeName()] = value ?? 'true';
    } else {
      const next = args.length === 0 ? command.commands.find((one) => isCalled(one, word)) : undefined;
      if (next === undefined) args.push(word);
      else command = next;
    }
  }
  return { command, ...(option !== undefined && { option }), options, args, isPassedOn: false };
}

function isCalled(command: Command, word: string): boolean {
  return command.name() === word || command.aliases().includes(word);
}

function findOption(command: Command, program: Command, flag: string): Option | undefined {
  return [...command.options, ...program.options].find(({ short, long }) => flag === short || flag === long);
}

function optionsOf(command: Command, program: Command): Candidate[] {
  const own = command.options.filter(({ hidden }) => !hidden);
  const options = command === program ? own : [...own, HELP];
  return options.flatMap(({ long, short, description }) =>
    [long, short].flatMap((word) => (word ? [{ word, description }] : [])),
  );
}

/** commander adds it to every command, but not to its options. */
const HELP = { long: '--help', short: '-h', description: 'display help for command' };

function commandsOf(command: Command): Candidate[] {
  return command
    .createHelp()
    .visibleCommands(command)
    .map((one) => ({ word: one.name(), description: one.description() }));
}

const FORMATS = ['ps', 'wide', 'yaml', 'json', 'name', 'custom-columns=', 'jsonpath='];

function optionValue(option: Option, context: Place): Question {
  const words = option.argChoices;
  if (words !== undefined) return fixed(words);
  const [, value = ''] = /[<[]([\w-]+)/.exec(option.flags) ?? [];
  switch (value) {
    case 'file':
    case 'path':
    case 'directory':
    case 'where':
      return { kind: 'files' };
    case 'format':
      return fixed(FORMATS);
    case 'node':
      return { kind: 'value', of: 'node', context };
    case 'name': {
      const isLab = option.attributeName() === 'lab' || context.command.parent?.name() === 'lab';
      return { kind: 'value', of: isLab ? 'lab' : 'nothing', context };
    }
    default:
      return fixed([]);
  }
}

function fixed(words: readonly string[]): Question {
  return { kind: 'words', candidates: words.map((word) => ({ word, description: '' })) };
}

function argumentValue(place: Place): Question {
  const { registeredArguments } = place.command;
  const argument =
    registeredArguments[place.args.length] ?? registeredArguments.findLast((one) => one.variadic);
  if (argument?.argChoices !== undefined) return fixed(argument.argChoices);
  switch (argument?.name()) {
    case 'kind':
      return { kind: 'value', of: 'kind', context: place };
    case 'name':
    case 'names':
      return { kind: 'value', of: 'name', context: place };
    case 'destination':
    case 'node':
      return { kind: 'value', of: argument.name() as ValueName, context: place };
    case 'host':
    case 'member':
    case 'pod':
      return { kind: 'value', of: 'host', context: place };
    case 'file':
    case 'directory':
      return { kind: 'files' };
    default:
      return fixed([]);
  }
}
