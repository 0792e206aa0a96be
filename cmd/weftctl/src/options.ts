/** Options that several commands share. */
import { type Command, Option } from 'commander';

/** Where a command finds the datastore and the daemons. */
export interface WhereOptions {
  readonly lab?: string;
  readonly datastore?: string;
  readonly socket?: string;
}

/** How a command prints: `ps` is the short table, `name` only `kind/name`. */
export type OutputFormat = 'ps' | 'wide' | 'yaml' | 'json' | 'name';

const WHERE = 'Where:';

const DESCRIPTIONS = {
  lab: ['--lab <name>', 'a running lab of this machine'],
  datastore: ['--datastore <file>', 'an embedded datastore (or WEFT_DATASTORE)'],
  socket: ['--socket <path>', "a daemon's control socket (or WEFT_CONTROL_SOCKET)"],
} as const;

/** Adds options that say where to look. They are understood before and after the command's name. */
export function whereOptions(command: Command, ...names: readonly (keyof WhereOptions)[]): Command {
  for (const name of names) {
    const [flags, description] = DESCRIPTIONS[name];
    command.addOption(new Option(flags, description).helpGroup(WHERE));
  }
  return command;
}

/** Adds `-o` with the formats that make sense for the command; the first is the default. */
export function outputOption(command: Command, ...formats: readonly OutputFormat[]): Command {
  const option = new Option('-o, --output <format>', 'how to print').choices(formats);
  return command.addOption(option.default(formats[0]));
}
