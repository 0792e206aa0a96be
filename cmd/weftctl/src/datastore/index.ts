/** The commands on whole datastores: names, options and help. Their code is loaded when one of them runs. */
import type { Command } from 'commander';
import { datastoreOptions } from '../options.ts';
import { run } from '../run.ts';

/** Adds the `datastore` group. */
export function registerDatastore(program: Command): void {
  program.commandsGroup('Datastores:');
  const datastore = program.command('datastore').description('whole datastores: lock and move them');
  const migrate = datastore
    .command('migrate')
    .description('lock a datastore and carry its contents to another one in a file');
  for (const [verb, description] of [
    ['lock', 'tell all components that the datastore is not ready'],
    ['unlock', 'let them use it again'],
  ] as const)
    datastoreOptions(migrate.command(verb).description(description)).action(
      run(async (options) => (await import('./lock.ts'))[verb](options)),
    );
}
