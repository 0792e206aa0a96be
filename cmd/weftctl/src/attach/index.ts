/** The commands that plug in any container by hand: names, options and help. Their code is loaded when one of them runs. */
import type { Command } from 'commander';
import { outputOption, whereOptions } from '../options.ts';
import { run } from '../run.ts';

const EXAMPLES = `
Examples:
  docker run -d --net=none --name db IMAGE && weftctl attach --container db
  weftctl attach --netns /run/netns/x --ip 10.244.0.5
  weftctl attach --pid 4711 --pool racks --interface eth1
  weftctl detach --container db
`;

/** Adds `attach` and `detach`. */
export function registerAttach(program: Command): void {
  const attach = containerOptions(program.command('attach [node]'))
    .description('plug in any network namespace, such as that of a container with --net=none')
    .option(
      '--pool <pool...>',
      'take the addresses from there: name or CIDR (default: pools that select the node)',
    )
    .option('--ip <address...>', 'exactly these addresses, one of a family')
    .option('--mac <address>', "the interface's MAC address")
    .addHelpText('after', EXAMPLES);
  outputOption(whereOptions(attach, 'lab', 'socket'), 'ps', 'json').action(
    run(async (node, options) => (await import('./attach.ts')).attach(node, options)),
  );
  const detach = containerOptions(program.command('detach [node]'))
    .description('take it out again, also when the container is gone')
    .option('--id <id>', 'any endpoint of the node by its id');
  whereOptions(detach, 'lab', 'socket').action(
    run(async (node, options) => (await import('./attach.ts')).detach(node, options)),
  );
}

function containerOptions(command: Command): Command {
  return command
    .option('--netns <path>', 'the network namespace at this path')
    .option('--pid <pid>', 'the network namespace of this process')
    .option('--container <container>', 'that of this container of Docker: name or id')
    .option('--interface <name>', 'name of the interface in the container', 'eth0');
}
