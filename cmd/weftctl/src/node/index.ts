/** The commands that ask daemons: names, options and help. Their code is loaded when one of them runs. */
import { type Command, InvalidArgumentError } from 'commander';
import { daemonOptions, datastoreOptions, outputOption, whereOptions } from '../options.ts';
import { run } from '../run.ts';

/** Adds the commands of `node`, `routes`, `rib` and `version`. */
export function registerNode(program: Command): void {
  program.commandsGroup('Nodes:');
  const node = program.command('node').description('the daemon of a node');
  const status = node.command('status [node]').description('daemon, readiness and BGP sessions');
  outputOption(daemonOptions(status), 'ps', 'wide', 'yaml', 'json').action(
    run(async (name, options) => (await import('./status.ts')).nodeStatus(name, options)),
  );
  const checksystem = node
    .command('checksystem')
    .description(
      'whether this host has what weft needs; nothing is changed, and without --probe nothing is sent',
    )
    .option('-f, --kernel-config <file>', "the kernel's configuration, where it is not in its usual place");
  checksystem.option(
    '--probe',
    'ping every other node with packets as large as this host sends, not to be cut',
  );
  outputOption(datastoreOptions(checksystem), 'ps', 'yaml', 'json').action(
    run(async (options) => (await import('./checksystem/index.ts')).checkHost(options)),
  );
  const diags = node
    .command('diags [host]')
    .description('collect what helps to understand this host, or the hosts of a lab, in one archive')
    .option('--log-dir <directory>', 'take the logs there along', '/var/log/weft')
    .option(
      '--record-dir <directory>',
      'take the newest of what weftd has recorded there along',
      '/var/lib/weft/record',
    );
  whereOptions(diags, 'lab', 'socket').action(
    run(async (host, options) => (await import('./diags/index.ts')).diags(host, options)),
  );
  const drain = node
    .command('drain [node]')
    .description('take a node out of the network without a lost packet, then stop its daemon')
    .option('--timeout-seconds <n>', 'how long containers and peers are waited for', positiveInteger, 60)
    .option('--leave-containers', 'do not wait for containers: the network forgets them')
    .option('--keep-running', 'drain, and let the daemon run')
    .option('--reason <text>', 'what peers are told (RFC 9003)')
    .option('--undo', 'take the node back into service');
  whereOptions(drain, 'lab', 'socket').action(
    run(async (name, options) => (await import('./drain.ts')).drain(name, options)),
  );
  registerList(program, 'routes', 'desired routes against those in the kernel');
  registerList(program, 'rib', 'best paths of the BGP speaker, and what decided');
  const version = program
    .command('version')
    .description('version of weftctl, of the daemon and of the cluster')
    .option('--client', 'that of weftctl only');
  outputOption(whereOptions(datastoreOptions(version), 'socket'), 'ps', 'yaml', 'json').action(
    run(async (options) => (await import('../version.ts')).version(options)),
  );
}

function registerList(program: Command, name: 'routes' | 'rib', description: string): void {
  const command = program.command(`${name} [node]`).description(description);
  command.option('--limit <n>', 'rows of one node at most', positiveInteger, 1000);
  outputOption(daemonOptions(command), 'ps', 'wide', 'yaml', 'json').action(
    run(async (node, options) => (await import('./lists.ts'))[name](node, options)),
  );
}

function positiveInteger(text: string): number {
  const value = Number(text);
  if (Number.isInteger(value) && value > 0) return value;
  throw new InvalidArgumentError('A whole number above 0 is expected.');
}
