/** The commands for resources: names, options and help. Their code is loaded when one of them runs. */
import type { Command } from 'commander';
import { datastoreOptions, namespaceOption, namespaceOptions, outputOption } from '../options.ts';
import { run } from '../run.ts';

/** Adds `get`, `apply`, `create`, `replace` and `delete`. */
export function registerResources(program: Command): void {
  program.commandsGroup('Resources:');
  const get = program
    .command('get [kind] [names...]')
    .description('show resources; without a kind, the kinds there are');
  outputOption(namespaceOptions(datastoreOptions(get)), 'ps', 'wide', 'yaml', 'json', 'name').action(
    run(async (kind, names, options) => (await import('./get.ts')).get(kind, names, options)),
  );
  registerWriter(program, 'apply', 'create resources, or replace those that exist');
  registerWriter(program, 'create', 'create resources that must not exist');
  registerWriter(program, 'replace', 'replace resources that must exist');
  const remove = program
    .command('delete [kind] [names...]')
    .description('delete resources, by name or as listed in a file')
    .option('-f, --filename <file>', 'a file, a directory of YAML and JSON files, or - for standard input')
    .option('-s, --skip-not-exists', 'resources that are gone already are no error');
  namespaceOption(datastoreOptions(remove)).action(
    run(async (kind, names, options) => (await import('./delete.ts')).remove(kind, names, options)),
  );
}

function registerWriter(program: Command, verb: 'apply' | 'create' | 'replace', description: string): void {
  const command = program
    .command(verb)
    .description(description)
    .requiredOption(
      '-f, --filename <file>',
      'a file, a directory of YAML and JSON files, or - for standard input',
    );
  if (verb === 'create') command.option('--skip-exists', 'resources that exist already are no error');
  namespaceOption(datastoreOptions(command)).action(
    run(async (options) => (await import('./write.ts')).write(verb, options)),
  );
}
