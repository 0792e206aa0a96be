/** The commands for resources: names, options and help. Their code is loaded when one of them runs. */
import { type Command, Option } from 'commander';
import { datastoreOptions, namespaceOption } from '../options.ts';
import { run } from '../run.ts';

/** Adds the verbs of calicoctl. */
export function registerResources(program: Command): void {
  program.commandsGroup('Resources:');
  registerGet(program);
  registerWriter(program, 'apply', 'create resources, or change those that exist');
  registerWriter(program, 'create', 'create resources that must not exist');
  registerWriter(program, 'replace', 'replace resources that must exist');
  registerDelete(program);
  const validate = program.command('validate').description('check a file without a datastore');
  fileOptions(validate, true)
    .addHelpText('after', '\nExample:\n  weftctl validate -f pool.yaml\n')
    .action(run(async (options) => (await import('./write/validate.ts')).validate(options)));
}

function registerGet(program: Command): void {
  const get = program
    .command('get [kind] [names...]')
    .description('show resources; without a kind, the kinds there are');
  fileOptions(get, false)
    .option('-A, --all-namespaces', 'namespaced resources of all namespaces')
    .option('-l, --selector <selector>', 'labels: rack=r1,zone!=b or "rack == \'r1\' && has(zone)"')
    .option('-o, --output <format>', 'how to print, see below', 'ps')
    .option('--export', 'leave out what belongs to this cluster: uid, resourceVersion and times')
    .option('-w, --watch', 'then print every change, until Ctrl-C')
    .option(
      '--output-watch-events',
      'say with each object of a watch whether it was ADDED, MODIFIED or DELETED',
    )
    .addHelpText('after', GET_HELP);
  datastoreOptions(get).action(
    run(async (kind, names, options) => (await import('./get/get.ts')).get(kind, names, options)),
  );
}

const GET_HELP = `
Formats:
  ps, wide              tables with calicoctl's columns
  yaml, json            whole objects; several as one list
  name                  kind/name
  custom-columns=...    columns by heading (NAME,CIDR) or by path (RACK:.metadata.labels.rack)
  jsonpath=...          kubectl's templates: {.items[*].metadata.name}, {range .items[*]}...{end},
                        [?(@.spec.disabled==true)], {"\\n"}

Examples:
  weftctl get ippools -o wide
  weftctl get workloadendpoints -A -l app=web
  weftctl get nodes -o jsonpath='{range .items[*]}{.metadata.name}{"\\n"}{end}'
  weftctl get bgppeers -w --output-watch-events
`;

function registerWriter(program: Command, verb: 'apply' | 'create' | 'replace', description: string): void {
  const command = fileOptions(program.command(verb).description(description), true);
  if (verb === 'create') command.option('--skip-exists', 'resources that exist already are no error');
  writeOptions(command)
    .addHelpText(
      'after',
      `\nAll documents are checked, against each other and against the datastore, before the first is written.

Examples:
  weftctl ${verb} -f pool.yaml
  weftctl ${verb} -f configs/ -R --dry-run
  weftctl get bgppeers -o yaml | sed s/64512/64513/ | weftctl ${verb} -f -\n`,
    )
    .action(run(async (options) => (await import('./write/write.ts')).write(verb, options)));
}

function registerDelete(program: Command): void {
  const remove = program
    .command('delete [kind] [names...]')
    .description('delete resources, by name or as listed in a file');
  fileOptions(remove, false).option('-s, --skip-not-exists', 'resources that are gone already are no error');
  writeOptions(remove)
    .addHelpText(
      'after',
      `\nA pool is disabled first and its blocks lose their owners; blocks with addresses in use stay until they are empty.

Examples:
  weftctl delete bgppeer rack1 rack2
  weftctl delete -f pool.yaml --skip-not-exists\n`,
    )
    .action(
      run(async (kind, names, options) => (await import('./write/delete.ts')).remove(kind, names, options)),
    );
}

/** `-f` and what goes with it. */
function fileOptions(command: Command, isRequired: boolean): Command {
  const file = new Option(
    '-f, --filename <file>',
    'a file, a directory of YAML and JSON files, or - for standard input; may be repeated',
  );
  file.argParser((name: string, before: readonly string[] = []) => [...before, name]);
  return namespaceOption(command.addOption(file.makeOptionMandatory(isRequired)))
    .option('-R, --recursive', 'look into the subdirectories of a directory, too')
    .option('--skip-empty', 'files without resources are no error');
}

function writeOptions(command: Command): Command {
  return datastoreOptions(command)
    .option('--dry-run', 'check everything and say what would happen, but change nothing')
    .option('--force', 'also write what weft keeps itself, such as IPAM blocks');
}
