/** The commands for resources: names, options and help. Their code is loaded when one of them runs. */
import { type Command, Option } from 'commander';
import { daemonOptions, datastoreOptions, namespaceOption, outputOption } from '../options.ts';
import { run } from '../run.ts';

/** Adds the verbs of calicoctl. */
export function registerResources(program: Command): void {
  program.commandsGroup('Resources:');
  registerGet(program);
  registerWriter(program, 'apply', 'create resources, or change those that exist');
  registerWriter(program, 'create', 'create resources that must not exist');
  registerWriter(program, 'replace', 'replace resources that must exist');
  registerDelete(program);
  registerPatch(program);
  registerLabel(program);
  registerDiff(program);
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
    // calicoctl's older letter for it.
    .addOption(new Option('-a').hideHelp().implies({ allNamespaces: true }))
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
  weftctl get bgppeers -o yaml | sed s/rack1/rack2/ | weftctl ${verb} -f -\n`,
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

function registerPatch(program: Command): void {
  const patch = program
    .command('patch <kind> <name>')
    .description('change a part of one resource')
    .requiredOption('-p, --patch <patch>', 'what to change, as JSON or YAML');
  const type = new Option('-t, --type <type>', 'how the patch is meant, see below');
  patch.addOption(type.choices(['strategic', 'merge', 'json']).default('strategic'));
  writeOptions(namespaceOption(patch))
    .addHelpText('after', PATCH_HELP)
    .action(
      run(async (kind, name, options) => (await import('./write/patch.ts')).patch(kind, name, options)),
    );
}

const PATCH_HELP = `
Types:
  merge        objects are merged, null removes a field, lists are replaced (RFC 7396)
  strategic    the same: Calico's resources have no lists that merge by a key
  json         a list of operations (RFC 6902)

Examples:
  weftctl patch ippool blue -p '{"spec": {"disabled": true}}'
  weftctl patch node n1 -p 'spec: {bgp: {routeReflectorClusterID: 224.0.0.1}}'
  weftctl patch bgppeer rack1 -t json -p '[{"op": "remove", "path": "/spec/password"}]'
`;

function registerLabel(program: Command): void {
  const label = program
    .command('label <kind> <name> <labels...>')
    .description('set and remove labels of one resource')
    .option('--overwrite', 'also change labels that have another value')
    .option('--remove', 'remove the labels, which are given without value');
  writeOptions(namespaceOption(label))
    .addHelpText(
      'after',
      `\nExamples:
  weftctl label node n1 rack=r1 zone=a
  weftctl label node n1 rack=r2 --overwrite
  weftctl label node n1 zone- (or: zone --remove)\n`,
    )
    .action(
      run(async (kind, name, labels, options) =>
        (await import('./write/label.ts')).label(kind, name, labels, options),
      ),
    );
}

function registerDiff(program: Command): void {
  const diff = program
    .command('diff')
    .description('what apply would change, or what has changed on nodes between two times')
    .option('--at <time>', 'from this time on: RFC 3339, or how long ago, such as 90s, 10m, 2h, 3d')
    .option('--to <time>', 'with --at: up to this time (default: now)')
    .option('--node <name>', 'with --at: on this node only');
  outputOption(daemonOptions(fileOptions(diff, false)), 'ps', 'json', 'yaml')
    .addHelpText('after', DIFF_HELP)
    .action(run(async (options) => (await import('./diff/mode.ts')).diffInMode(options)));
}

const DIFF_HELP = `
Two questions, one at a time:
  -f FILE              what apply would change in the datastore
  --at TIME            what has changed since then, from the records of nodes: sessions, routes, addresses, resources

Exit codes: 0 no difference; 1 some; 2 it could not be found out.

Examples:
  weftctl diff -f pool.yaml || weftctl apply -f pool.yaml
  weftctl diff --at 10m
  weftctl --lab lab diff --at 2026-01-31T12:00:00Z --to 2026-01-31T12:05:00Z --node node1
`;

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
