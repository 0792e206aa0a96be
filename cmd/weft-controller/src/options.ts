/**
 * What weft-controller is told when it starts: flags, each also as an environment variable, checked before anything is touched.
 */
import { readFileSync } from 'node:fs';
import { hostname } from 'node:os';
import {
  choiceFromSettings,
  type DatastoreChoice,
  type KubernetesChoice,
  parseDatastore,
  SettingsError,
  settingsFromEnvironment,
} from '@weft/datastore';
import { parseDuration } from '@weft/resources';
import { Command, InvalidArgumentError, Option } from 'commander';
import { DEFAULT_TIMING, type ElectionTiming } from './leader/election.ts';
import { version } from './version.ts';

/** How the controller is to run. */
export interface Options {
  readonly cluster: KubernetesChoice;
  /** Milliseconds; 0 takes back from dead nodes only. */
  readonly leakGraceMs: number;
  readonly reconcilerPeriodMs: number;
  readonly metricsAddress: { readonly host: string; readonly port: number };
  readonly leaseNamespace: string;
  readonly logLevel: 'debug' | 'info' | 'warn' | 'error';
  /** The machine or Pod, for whoever looks at the Lease. */
  readonly host: string;
  readonly timing: ElectionTiming;
}

/** Where Kubernetes tells a Pod its namespace. */
const NAMESPACE_FILE = '/var/run/secrets/kubernetes.io/serviceaccount/namespace';

interface Given {
  readonly datastore?: DatastoreChoice;
  readonly leakGracePeriod: number;
  readonly reconcilerPeriod: number;
  readonly metricsAddress: Options['metricsAddress'];
  readonly leaseNamespace: string;
  readonly logLevel: Options['logLevel'];
}

/** Reads the command line and the environment. Prints what is wrong and ends the process (code 2) when they make no sense. */
export function readOptions(argv: readonly string[], environment: NodeJS.ProcessEnv = process.env): Options {
  const program = new Command('weft-controller')
    .description('Takes back leaked addresses and what dead nodes left: one per Kubernetes cluster.')
    .version(version)
    .exitOverride((error) => process.exit(error.exitCode === 0 ? 0 : 2));
  for (const option of flags(program, environment)) program.addOption(option);
  const { datastore, leakGracePeriod, reconcilerPeriod, ...given } = program.parse(argv).opts<Given>();
  return {
    ...given,
    cluster: clusterOf(program, datastore ?? calicoChoice(program, environment)),
    leakGraceMs: leakGracePeriod,
    reconcilerPeriodMs: reconcilerPeriod,
    host: hostname(),
    timing: DEFAULT_TIMING,
  };
}

function flags(program: Command, environment: NodeJS.ProcessEnv): Option[] {
  const { RECONCILER_PERIOD = '5m', LOG_LEVEL = 'info' } = environment;
  const period = parseDuration(RECONCILER_PERIOD);
  if (!period.ok) return program.error(`error: the environment's RECONCILER_PERIOD: ${period.reason}`);
  return [
    new Option(
      '--datastore <where>',
      'kubernetes:[/path/kubeconfig][?context=NAME&group=v1|v3]; by default the cluster this runs in',
    )
      .env('WEFT_DATASTORE')
      .argParser(datastoreAt),
    new Option('--leak-grace-period <duration>', 'how long an address must look leaked; 0: only dead nodes')
      .env('WEFT_LEAK_GRACE_PERIOD')
      .argParser(milliseconds)
      .default(milliseconds('15m'), '15m'),
    new Option('--reconciler-period <duration>', 'the longest time between two looks')
      .env('WEFT_RECONCILER_PERIOD')
      .argParser(milliseconds)
      .default(period.value, RECONCILER_PERIOD),
    new Option('--metrics-address <host:port>', 'where /metrics, /liveness and /readiness are answered')
      .env('WEFT_METRICS_ADDRESS')
      .argParser(address)
      .default(address('127.0.0.1:9094'), '127.0.0.1:9094'),
    new Option('--lease-namespace <name>', 'where the Lease lies over which several controllers elect one')
      .env('WEFT_LEASE_NAMESPACE')
      .default(ownNamespace()),
    new Option('--log-level <level>', 'what to log')
      .env('WEFT_LOG_LEVEL')
      .choices(['debug', 'info', 'warn', 'error'])
      .default(levelOf(LOG_LEVEL)),
  ];
}

/** Calico's words for levels, in any case; what is none of ours is the nearest. */
function levelOf(text: string): Options['logLevel'] {
  const levels = { trace: 'debug', debug: 'debug', warning: 'warn', warn: 'warn' } as const;
  const known = levels[text.toLowerCase() as keyof typeof levels];
  return known ?? (/^(error|fatal|panic)$/i.test(text) ? 'error' : 'info');
}

function datastoreAt(text: string): DatastoreChoice {
  const parsed = parseDatastore(text);
  if (!parsed.ok) throw new InvalidArgumentError(`${parsed.reason}.`);
  return parsed.choice;
}

function calicoChoice(program: Command, environment: NodeJS.ProcessEnv): DatastoreChoice {
  try {
    return choiceFromSettings(settingsFromEnvironment(environment)) ?? { type: 'kubernetes' };
  } catch (error) {
    if (error instanceof SettingsError)
      program.error(`error: the environment's ${error.setting} ${error.message}`);
    throw error;
  }
}

function clusterOf(program: Command, choice: DatastoreChoice): KubernetesChoice {
  if (choice.type === 'kubernetes') return choice;
  const why = 'it compares addresses with Pods, and there are none in any other datastore';
  const next = 'Elsewhere use: weftctl ipam check --fix.';
  return program.error(
    `error: weft-controller needs Kubernetes and was given the datastore ${choice.type}: ${why}. ${next}`,
  );
}

function milliseconds(text: string): number {
  const parsed = parseDuration(text);
  if (!parsed.ok) throw new InvalidArgumentError(`${parsed.reason}.`);
  return parsed.value;
}

function address(text: string): Options['metricsAddress'] {
  const { hostname: host, port } = URL.parse(`http://${text}`) ?? {};
  if (!host || !/:\d+$/.test(text)) throw new InvalidArgumentError('It must look like 127.0.0.1:9094.');
  return { host: host.replace(/^\[|\]$/g, ''), port: Number(port || 80) };
}

function ownNamespace(): string {
  try {
    return readFileSync(NAMESPACE_FILE, 'utf8').trim() || 'kube-system';
  } catch {
    return 'kube-system'; // outside of a Pod
  }
}
