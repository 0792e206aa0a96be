/**
 * What weftd is told when it starts: flags, each also as an environment variable, checked before anything is touched.
 */
import { dirname, join } from 'node:path';
import {
  choiceFromSettings,
  DATASTORE_FORMS,
  type DatastoreChoice,
  parseDatastore,
  SettingsError,
  settingsFromEnvironment,
} from '@weft/datastore';
import { DEFAULT_JOURNAL_PATH, journalBeside } from '@weft/ipam';
import { Command, InvalidArgumentError, type Option } from 'commander';
import { groupFlag } from './control/listening.ts';
import { type GivenRemoteControl, type RemoteControl, remoteControl, remoteFlags } from './control/remote.ts';
import { flag, integer } from './flag.ts';
import type { FuseLimits } from './fuse/fuse.ts';
import { type GivenNodeOptions, type NodeOptions, nodeFlags, nodeOptions } from './startup/node-options.ts';
import { StartupError } from './startup-error.ts';
import { version } from './version.ts';

/** How the daemon is to run. */
export interface Options extends NodeOptions {
  /** What this weftd is for: the containers and routes of a node, or nothing but sessions with all nodes (RFC 4456). */
  readonly role: 'node' | 'route-reflector';
  /** Where a route reflector listens for BGP; a node goes by BGPConfiguration. */
  readonly listenPort: number;
  readonly datastore: DatastoreChoice;
  readonly controlSocket: string;
  /** Group, by name or number, whose members may read by it; absent: nobody but root. */
  readonly controlGroup?: string;
  /** Where the control API is served to other machines; absent: nowhere. */
  readonly remoteControl?: RemoteControl;
  /** Where DELs of the CNI plugin wait. */
  readonly cniSpool: string;
  /** Where what happens is recorded. */
  readonly recordDirectory: string;
  /** The room of the record; 0: nothing is recorded. */
  readonly recordMegabytes: number;
  /** Path of this machine's journal of addresses. */
  readonly ipamJournal: string;
  /** Where metrics and health are answered on TCP too; absent: only on the control socket. */
  readonly metricsAddress?: { readonly host: string; readonly port: number };
  readonly holdTimeSeconds: number;
  readonly restartTimeSeconds: number;
  /** From when on a withdrawal is held until somebody accepts it. */
  readonly fuse: FuseLimits;
  /** How long the answer to an attach waits for a peer to acknowledge a new block; 0: not at all. */
  readonly announceTimeoutMilliseconds: number;
  readonly logLevel: 'debug' | 'info' | 'warn' | 'error';
}

/** What the command line says itself; the rest is put together from it. */
type GivenOptions = GivenNodeOptions &
  GivenRemoteControl &
  Omit<
    Options,
    keyof NodeOptions | 'datastore' | 'fuse' | 'ipamJournal' | 'recordDirectory' | 'remoteControl'
  > & {
    readonly fusePercent: number;
    readonly fuseRoutes: number;
    readonly datastore?: DatastoreChoice;
    readonly ipamJournal?: string;
    readonly recordDirectory?: string;
  };

/** The record of a machine whose datastore is elsewhere. */
const DEFAULT_RECORD = '/var/lib/weft/record';

/** The store of a machine that names none. */
const DEFAULT_DATASTORE: DatastoreChoice = { type: 'embedded', path: '/var/lib/weft/weft.db' };

/**
 * Reads the command line and the environment. Prints usage and ends the process (code 2) when they make no sense.
 *
 * The datastore: `--datastore` before WEFT_DATASTORE before the variables of Calico's own daemons (DATASTORE_TYPE,
 * ETCD_ENDPOINTS …) before a file of this machine.
 */
export function readOptions(argv: readonly string[], environment: NodeJS.ProcessEnv = process.env): Options {
  const program = new Command('weftd')
    .description('The per-node daemon of weft: addresses, interfaces, routes and BGP of one host.')
    .version(version)
    .addHelpText('after', '\nweftd replay --help: what a record of a node says of it, without that node.')
    .exitOverride((error) => process.exit(error.exitCode === 0 ? 0 : 2));
  const flags = [
    nodeFlags(),
    placeFlags(),
    groupFlag(),
    remoteFlags(),
    bgpFlags(),
    fuseFlags(),
    logFlag(),
  ].flat();
  for (const option of flags) program.addOption(option);
  const given = program.parse(argv).opts<GivenOptions>();
  const remote = orUsage(program, () => remoteControl(given));
  const datastore = given.datastore ?? fromEnvironment(program, environment);
  const node = orUsage(program, () => nodeOptions(given, environment));
  return {
    ...given,
    ...node,
    ...(remote && { remoteControl: remote }),
    datastore,
    fuse: { percent: given.fusePercent, routes: given.fuseRoutes },
    ipamJournal: given.ipamJournal ?? journalBeside(datastore),
    recordDirectory: given.recordDirectory ?? join(recordBeside(datastore), node.nodeName),
  };
}

function recordBeside(store: DatastoreChoice): string {
  return store.type === 'embedded' ? join(dirname(store.path), 'record') : DEFAULT_RECORD;
}

/** What the operator wrote makes no sense: the same as a wrong flag. */
function orUsage<T>(program: Command, read: () => T): T {
  try {
    return read();
  } catch (error) {
    if (!(error instanceof StartupError)) throw error;
    return program.error(`error: ${error.message}\n  object: ${error.object}\n  do: ${error.hint}`);
  }
}

function placeFlags(): Option[] {
  return [
    flag('--role <role>', 'WEFT_ROLE', 'plug in containers and route for them, or only reflect routes')
      .choices(['node', 'route-reflector'])
      .default('node'),
    flag(
      '--listen-port <n>',
      'WEFT_LISTEN_PORT',
      'BGP port of a route reflector; that of a node is listenPort of BGPConfiguration',
    )
      .argParser(integer(1, 65535))
      .default(179),
    flag(
      '--datastore <where>',
      'WEFT_DATASTORE',
      `${DATASTORE_FORMS}; without it what DATASTORE_TYPE, ETCD_ENDPOINTS and the like say, else /var/lib/weft/weft.db`,
    ).argParser(parseWhere),
    flag(
      '--control-socket <path>',
      'WEFT_CONTROL_SOCKET',
      'where weftctl and plugins find this daemon',
    ).default('/run/weft/weftd.sock'),
    flag(
      '--cni-spool <directory>',
      'WEFT_CNI_SPOOL',
      'where the CNI plugin leaves what it could not ask this daemon for',
    ).default('/var/lib/weft/cni-spool'),
    flag(
      '--ipam-journal <file>',
      'WEFT_IPAM_JOURNAL',
      `who had which address when; beside an embedded datastore, else ${DEFAULT_JOURNAL_PATH}`,
    ),
    flag(
      '--record-directory <directory>',
      'WEFT_RECORD_DIRECTORY',
      `what happens on this node, for weftctl history and weftd replay; record/NODE beside an embedded datastore, else ${DEFAULT_RECORD}/NODE`,
    ),
    flag('--record-megabytes <n>', 'WEFT_RECORD_MEGABYTES', 'room for it; 0: nothing is recorded')
      .argParser(integer(0, 1_000_000))
      .default(64),
    flag(
      '--metrics-address <host:port>',
      'WEFT_METRICS_ADDRESS',
      'answer /metrics, /liveness and /readiness there too',
    ).argParser(hostAndPort),
  ];
}

function bgpFlags(): Option[] {
  return [
    flag('--hold-time-seconds <n>', 'WEFT_HOLD_TIME_SECONDS', 'BGP hold time')
      .argParser(integer(3, 65535))
      .default(90),
    flag(
      '--restart-time-seconds <n>',
      'WEFT_RESTART_TIME_SECONDS',
      'how long peers keep our routes while we restart',
    )
      .argParser(integer(1, 4095))
      .default(120),
    flag(
      '--announce-timeout-milliseconds <n>',
      'WEFT_ANNOUNCE_TIMEOUT_MILLISECONDS',
      'how long a container in a new block is held back until a peer has acknowledged the block; 0: not at all',
    )
      .argParser(integer(0, 20_000))
      .default(1000),
  ];
}

function fuseFlags(): Option[] {
  return [
    flag(
      '--fuse-percent <n>',
      'WEFT_FUSE_PERCENT',
      'hold a withdrawal of more than this part of all routes until it is accepted; 100: never',
    )
      .argParser(integer(1, 100))
      .default(50),
    flag(
      '--fuse-routes <n>',
      'WEFT_FUSE_ROUTES',
      'never hold a withdrawal where there are this many routes or fewer',
    )
      .argParser(integer(1, 1_000_000))
      .default(100),
  ];
}

function logFlag(): Option {
  return flag('--log-level <level>', 'WEFT_LOG_LEVEL', 'what to log')
    .choices(['debug', 'info', 'warn', 'error'])
    .default('info');
}

function parseWhere(text: string): DatastoreChoice {
  const parsed = parseDatastore(text);
  if (parsed.ok) return parsed.choice;
  throw new InvalidArgumentError(`${parsed.reason}.`);
}

function fromEnvironment(program: Command, environment: NodeJS.ProcessEnv): DatastoreChoice {
  try {
    return choiceFromSettings(settingsFromEnvironment(environment)) ?? DEFAULT_DATASTORE;
  } catch (error) {
    if (!(error instanceof SettingsError)) throw error;
    return program.error(`error: the environment's ${error.setting} ${error.message}`);
  }
}

function hostAndPort(text: string): { host: string; port: number } {
  const parts = /^\[?([^\]]*?)\]?:(\d+)$/.exec(text);
  const [, host = '', port = ''] = parts ?? [];
  if (host === '' || Number(port) > 65535)
    throw new InvalidArgumentError('It must look like 127.0.0.1:9091.');
  return { host, port: Number(port) };
}
