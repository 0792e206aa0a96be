/**
 * The command tree. Only names, options and help are here: a command's code is imported when it runs, so that `get` does
 * not wait for what `node status` needs.
 */
import { Command, InvalidArgumentError } from 'commander';
import { EXIT, printFailure, type Report } from './failure.ts';
import { registerLab } from './lab/index.ts';
import { outputOption, whereOptions } from './options.ts';

const EXAMPLES = `
Exit codes: 0 done; 1 something failed, or only a part was done; 2 the command line is wrong.

Examples:
  weftctl get ippools -o wide
  weftctl apply -f pool.yaml
  weftctl node status
  weftctl --lab lab routes node1
`;

/** The whole program. */
export function buildProgram(): Command {
  const program = new Command('weftctl')
    .description('weft from the command line: resources, nodes, labs')
    .enablePositionalOptions()
    .exitOverride()
    .showHelpAfterError('(weftctl --help lists the commands)')
    .addHelpText('after', EXAMPLES);
  whereOptions(program, 'lab', 'datastore', 'socket');
  registerResources(program);
  registerNode(program);
  program.commandsGroup('Labs:');
  registerLab(program);
  return program;
}

function registerResources(program: Command): void {
  program.commandsGroup('Resources:');
  const get = program
    .command('get [kind] [names...]')
    .description('show resources; without a kind, the kinds there are');
  outputOption(
    namespaceOptions(whereOptions(get, 'lab', 'datastore')),
    'ps',
    'wide',
    'yaml',
    'json',
    'name',
  ).action(
    run(async (kind, names, options) => (await import('./resource/get.ts')).get(kind, names, options)),
  );
  registerWriter(program, 'apply', 'create resources, or replace those that exist');
  registerWriter(program, 'create', 'create resources that must not exist');
  registerWriter(program, 'replace', 'replace resources that must exist');
  const remove = program
    .command('delete [kind] [names...]')
    .description('delete resources, by name or as listed in a file')
    .option('-f, --filename <file>', 'a file, a directory of YAML and JSON files, or - for standard input')
    .option('-s, --skip-not-exists', 'resources that are gone already are no error');
  namespaceOption(whereOptions(remove, 'lab', 'datastore')).action(
    run(async (kind, names, options) => (await import('./resource/delete.ts')).remove(kind, names, options)),
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
  namespaceOption(whereOptions(command, 'lab', 'datastore')).action(
    run(async (options) => (await import('./resource/write.ts')).write(verb, options)),
  );
}

function registerNode(program: Command): void {
  program.commandsGroup('Nodes:');
  const node = program.command('node').description('the daemon of a node');
  const status = node.command('status [node]').description('daemon, readiness and BGP sessions');
  outputOption(whereOptions(status, 'lab', 'socket'), 'ps', 'wide', 'yaml', 'json').action(
    run(async (name, options) => (await import('./node/status.ts')).nodeStatus(name, options)),
  );
  registerList(program, 'routes', 'desired routes against those in the kernel');
  registerList(program, 'rib', 'best paths of the BGP speaker, and what decided');
  whereOptions(
    program.command('version').description('version of weftctl and of the daemon'),
    'lab',
    'socket',
  ).action(run(async (options) => (await import('./version.ts')).version(options)));
}

function registerList(program: Command, name: 'routes' | 'rib', description: string): void {
  const command = program.command(`${name} [node]`).description(description);
  command.option('--limit <n>', 'rows of one node at most', positiveInteger, 1000);
  outputOption(whereOptions(command, 'lab', 'socket'), 'ps', 'wide', 'yaml', 'json').action(
    run(async (node, options) => (await import('./node/lists.ts'))[name](node, options)),
  );
}

function namespaceOption(command: Command): Command {
  return command.option(
    '-n, --namespace <namespace>',
    'namespace of namespaced resources (default: "default")',
  );
}

function namespaceOptions(command: Command): Command {
  return namespaceOption(command).option('-A, --all-namespaces', 'namespaced resources of all namespaces');
}

function positiveInteger(text: string): number {
  const value = Number(text);
  if (Number.isInteger(value) && value > 0) return value;
  throw new InvalidArgumentError('A whole number above 0 is expected.');
}

// biome-ignore lint/suspicious/noExplicitAny: commander hands over what the declarations above describe
type Handler = (...args: any[]) => Promise<Report>;

/** Runs a command with its arguments and all options, those before the command's name included. */
function run(handler: Handler): (...args: unknown[]) => Promise<void> {
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
