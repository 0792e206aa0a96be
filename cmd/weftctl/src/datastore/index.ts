/** The commands on whole datastores: names, options and help. Their code is loaded when one of them runs. */
import { type Command, Option } from 'commander';
import { datastoreOptions } from '../options.ts';
import { run } from '../run.ts';

/** Adds the `datastore` group. */
export function registerDatastore(program: Command): void {
  program.commandsGroup('Datastores:');
  const datastore = program.command('datastore').description('whole datastores: lock and move them');
  registerCopy(datastore);
  registerMigrate(datastore);
}

function registerCopy(datastore: Command): void {
  datastore
    .command('copy')
    .description('copy everything from one datastore to another, and compare them')
    .requiredOption(
      '--from <datastore>',
      `one of: FILE, etcd://HOST:PORT, etcds://…?ca=FILE, kubernetes:[KUBECONFIG]`,
    )
    .requiredOption('--to <datastore>', 'likewise; an embedded store is made when its file is missing')
    .addOption(
      new Option('--existing <choice>', 'what to do when the target is not empty')
        .choices(['refuse', 'keep', 'replace'])
        .default('refuse'),
    )
    .option('--dry-run', 'say what would be done')
    .option('--lock', 'lock both datastores meanwhile')
    .action(run(async (options) => (await import('./copy.ts')).copy(options)));
}

function registerMigrate(datastore: Command): void {
  const migrate = datastore
    .command('migrate')
    .description('lock a datastore and carry its contents to another one in a file');
  for (const [verb, description] of [
    ['lock', 'tell all components that the datastore is not ready'],
    ['unlock', 'let them use it again'],
  ] as const)
    datastoreOptions(migrate.command(verb).description(description)).action(
      run(async (options) => (await import('./migrate/lock.ts'))[verb](options)),
    );
  datastoreOptions(
    migrate
      .command('export')
      .description('print all but the workloads of a locked datastore, in the file format of calicoctl'),
  ).action(run(async (options) => (await import('./migrate/export.ts')).exportMigration(options)));
  datastoreOptions(
    migrate
      .command('import')
      .description('put an export into an empty datastore; run again, it finishes what was cut off')
      .requiredOption('-f, --filename <file>', 'the export, or - for standard input')
      .option('--skip-unsupported', 'leave out objects of kinds that weft does not know'),
  ).action(run(async (options) => (await import('./migrate/import.ts')).importMigration(options)));
}
