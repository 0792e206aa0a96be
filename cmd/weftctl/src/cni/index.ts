/** The commands that put the CNI plugin on a host: names, options and help. Their code is loaded when one of them runs. */
import { type Command, InvalidArgumentError, Option } from 'commander';
import { run } from '../run.ts';

/** Adds the `cni` group. */
export function registerCni(program: Command): void {
  program.commandsGroup('Hosts:');
  const cni = program.command('cni').description('the CNI plugin on this host');
  registerInstall(cni);
  const uninstall = cni
    .command('uninstall')
    .description(
      'remove the network configuration and the plugin; first take away the containers that use it',
    );
  placeOptions(uninstall).action(run(async (options) => (await import('./uninstall.ts')).uninstall(options)));
}

function registerInstall(cni: Command): void {
  const command = cni
    .command('install')
    .description('copy the plugin to where container runtimes look, and write a network configuration for it')
    .option('--plugin <file>', 'the plugin to copy (default: the one built for this machine)')
    .option('--network <name>', 'name of the network', 'k8s-pod-network')
    .option('--ipv6', 'give containers an IPv6 address as well')
    .addOption(
      new Option('--mtu <bytes>', "MTU of containers (default: weftd's choice)")
        .env('CNI_MTU')
        .argParser(mtu),
    )
    .addOption(
      new Option(
        '--template <file>',
        'instead: a configuration, where __NAME__ stands for an environment variable',
      )
        .env('CNI_NETWORK_CONFIG_FILE')
        .conflicts(['network', 'ipv6']),
    );
  placeOptions(command).action(run(async (options) => (await import('./install.ts')).install(options)));
}

function placeOptions(command: Command): Command {
  return command
    .option('--bin-dir <directory>', 'where runtimes look for plugins', '/opt/cni/bin')
    .option('--conf-dir <directory>', 'where runtimes look for configurations', '/etc/cni/net.d')
    .addOption(
      new Option('--conf-name <name>', 'file name of the configuration; runtimes take the first')
        .default('10-weft.conflist')
        .env('CNI_CONF_NAME')
        .argParser(fileName),
    );
}

function mtu(text: string): number {
  if (/^\d{1,5}$/.test(text) && Number(text) <= 65_535) return Number(text);
  throw new InvalidArgumentError('A number of bytes is expected, or 0 for the choice of weftd.');
}

function fileName(text: string): string {
  if (/^[\w.-]+\.(conflist|conf|json)$/.test(text)) return text;
  throw new InvalidArgumentError('A file name that ends with .conflist is expected.');
}
