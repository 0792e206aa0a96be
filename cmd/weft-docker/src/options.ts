/**
 * What weft-docker is told when it starts: flags, each also as an environment variable.
 */
import { DEFAULT_SOCKET_PATH } from '@weft/control';
import { Command, Option } from 'commander';
import { version } from './version.ts';

/** Where dockerd looks for a plugin called `weft`; the directory is fixed in dockerd. */
const PLUGIN_SOCKET = '/run/docker/plugins/weft.sock';

/** How the driver is to run. */
export interface Options {
  /** Where dockerd finds this driver, unless systemd hands over a socket. */
  readonly socket: string;
  /** Where this driver finds weftd. */
  readonly controlSocket: string;
  readonly logLevel: 'debug' | 'info' | 'warn' | 'error';
}

/** Reads the command line and the environment. Prints usage and ends the process (code 2) when they make no sense. */
export function readOptions(argv: readonly string[]): Options {
  return new Command('weft-docker')
    .description('The network and IPAM driver of Docker: containers with addresses of weft.')
    .version(version)
    .exitOverride((error) => process.exit(error.exitCode === 0 ? 0 : 2))
    .addOption(
      new Option('--socket <path>', 'where dockerd finds this driver; a socket from systemd comes first')
        .env('WEFT_DOCKER_SOCKET')
        .default(PLUGIN_SOCKET),
    )
    .addOption(
      new Option('--control-socket <path>', 'where this driver finds weftd')
        .env('WEFT_CONTROL_SOCKET')
        .default(DEFAULT_SOCKET_PATH),
    )
    .addOption(
      new Option('--log-level <level>', 'what to log')
        .env('WEFT_LOG_LEVEL')
        .choices(['debug', 'info', 'warn', 'error'])
        .default('info'),
    )
    .parse(argv)
    .opts<Options>();
}
