/**
 * What weftd is told when it starts: flags, each also as an environment variable, checked before anything is touched.
 */
import { Command, InvalidArgumentError, Option } from 'commander';
import { version } from './version.ts';

/** How the daemon is to run. */
export interface Options {
  readonly nodeName: string;
  /** Path of the embedded datastore's file. */
  readonly datastore: string;
  readonly controlSocket: string;
  /** Where metrics and health are answered on TCP too; absent: only on the control socket. */
  readonly metricsAddress?: { readonly host: string; readonly port: number };
  /** `autodetect`, `none`, or an address, with or without prefix length. */
  readonly ip: string;
  readonly ip6: string;
  readonly holdTimeSeconds: number;
  readonly restartTimeSeconds: number;
  readonly logLevel: 'debug' | 'info' | 'warn' | 'error';
}

/** Reads the command line. Prints usage and ends the process (code 2) when it makes no sense. */
export function readOptions(argv: readonly string[]): Options {
  const program = new Command('weftd')
    .description('The per-node daemon of weft: addresses, interfaces, routes and BGP of one host.')
    .version(version)
    .addOption(
      flag(
        '--node-name <name>',
        'WEFT_NODE_NAME',
        'name of this node in the datastore',
      ).makeOptionMandatory(),
    )
    .addOption(
      flag('--datastore <file>', 'WEFT_DATASTORE', 'file of the embedded datastore').default(
        '/var/lib/weft/weft.db',
      ),
    )
    .addOption(
      flag(
        '--control-socket <path>',
        'WEFT_CONTROL_SOCKET',
        'where weftctl and plugins find this daemon',
      ).default('/run/weft/weftd.sock'),
    )
    .addOption(
      flag(
        '--metrics-address <host:port>',
        'WEFT_METRICS_ADDRESS',
        'answer /metrics, /liveness and /readiness there too',
      ).argParser(hostAndPort),
    )
    .addOption(
      flag('--ip <address>', 'WEFT_IP', 'IPv4 address of the node: autodetect, none, or an address').default(
        'autodetect',
      ),
    )
    .addOption(
      flag(
        '--ip6 <address>',
        'WEFT_IP6',
        'IPv6 address of the node: autodetect, none, or an address',
      ).default('autodetect'),
    )
    .addOption(
      flag('--hold-time-seconds <n>', 'WEFT_HOLD_TIME_SECONDS', 'BGP hold time')
        .argParser(integer(3, 65535))
        .default(90),
    )
    .addOption(
      flag(
        '--restart-time-seconds <n>',
        'WEFT_RESTART_TIME_SECONDS',
        'how long peers keep our routes while we restart',
      )
        .argParser(integer(1, 4095))
        .default(120),
    )
    .addOption(
      flag('--log-level <level>', 'WEFT_LOG_LEVEL', 'what to log')
        .choices(['debug', 'info', 'warn', 'error'])
        .default('info'),
    )
    .exitOverride((error) => process.exit(error.exitCode === 0 ? 0 : 2));
  return program.parse(argv).opts<Options>();
}

function flag(flags: string, variable: string, description: string): Option {
  return new Option(flags, description).env(variable);
}

function integer(lowest: number, highest: number): (text: string) => number {
  return (text) => {
    const value = Number(text);
    if (Number.isInteger(value) && value >= lowest && value <= highest) return value;
    throw new InvalidArgumentError(`It must be a whole number from ${lowest} to ${highest}.`);
  };
}

function hostAndPort(text: string): { host: string; port: number } {
  const parts = /^\[?([^\]]*?)\]?:(\d+)$/.exec(text);
  const [, host = '', port = ''] = parts ?? [];
  if (host === '' || Number(port) > 65535)
    throw new InvalidArgumentError('It must look like 127.0.0.1:9091.');
  return { host, port: Number(port) };
}
