/**
 * Which datastore and which daemons a command talks to: those of a lab, those named on the command line, in calicoctl's
 * configuration file or in the environment, or the machine's own.
 */
import { randomUUID } from 'node:crypto';
import { existsSync } from 'node:fs';
import type { ControlClient, TlsFiles } from '@weft/control';
import type { CalicoSettings, Datastore, DatastoreChoice } from '@weft/datastore';
import { CliError, usageError } from './failure.ts';
import type { WhereOptions } from './options.ts';

/** Where a node's daemon keeps its embedded datastore unless told otherwise. */
const DEFAULT_DATASTORE_PATH = '/var/lib/weft/weft.db';

/** Where calicoctl looks for its configuration file unless told otherwise; there need not be one. */
const DEFAULT_CONFIG_PATH = '/etc/calico/calicoctl.cfg';

/** A lab as `resolveLab` of @weft/lab describes it. */
interface LabLocation {
  readonly datastore: DatastoreChoice;
  readonly hosts: readonly {
    readonly name: string;
    readonly controlSocket: string;
    readonly ipamJournal: string;
  }[];
}

/** A daemon to ask. The name is known beforehand only in a lab. */
export interface DaemonTarget {
  readonly name?: string;
  readonly client: ControlClient;
}

/**
 * Decides which datastore is meant: `--lab`, else `--datastore`, else `--config`, else WEFT_DATASTORE, else calicoctl's
 * own configuration file, else its environment, else this machine's embedded store. What is wrong with any of them is
 * thrown as CliError.
 */
export async function chooseDatastore(
  where: WhereOptions,
  environment: NodeJS.ProcessEnv = process.env,
): Promise<DatastoreChoice> {
  if (where.lab !== undefined) {
    rejectBoth('--lab', where.lab, '--datastore', where.datastore);
    rejectBoth('--lab', where.lab, '--config', where.config);
    return (await findLab(where.lab)).datastore;
  }
  rejectBoth('--datastore', where.datastore, '--config', where.config);
  return inContext(await withoutContext(where, environment), where.context);
}

async function withoutContext(
  where: WhereOptions,
  environment: NodeJS.ProcessEnv,
): Promise<DatastoreChoice | undefined> {
  if (where.datastore !== undefined) return readDatastore('--datastore', where.datastore);
  if (where.config === undefined && environment.WEFT_DATASTORE)
    return readDatastore('WEFT_DATASTORE', environment.WEFT_DATASTORE);
  const { settingsFromEnvironment } = await import('@weft/datastore');
  return (
    (await fromConfig(where.config)) ?? fromSettings(settingsFromEnvironment(environment), 'environment')
  );
}

/** The datastore that `text` names; `source` is the option or variable it was given by. Exit code 2 when it names none. */
export async function readDatastore(source: string, text: string): Promise<DatastoreChoice> {
  const { parseDatastore } = await import('@weft/datastore');
  const parsed = parseDatastore(text);
  if (parsed.ok) return parsed.choice;
  throw usageError(`${source} does not name a datastore: ${parsed.reason}`, withoutPassword(text), '');
}

/** A message may end up in a log: what stands between a colon and an @ does not belong there. */
function withoutPassword(text: string): string {
  return text.replace(/(:\/\/[^:@/]*):.*@/, '$1:***@');
}

/** The file replaces the environment as a whole, as it does in calicoctl, where a file without endpoints means Kubernetes. */
async function fromConfig(path: string | undefined): Promise<DatastoreChoice | undefined> {
  if (path === undefined && !existsSync(DEFAULT_CONFIG_PATH)) return undefined;
  const { readCalicoConfig } = await import('./config/calico-config.ts');
  const used = path ?? DEFAULT_CONFIG_PATH;
  return (await fromSettings(readCalicoConfig(used), used)) ?? { type: 'kubernetes' };
}

async function fromSettings(settings: CalicoSettings, source: string): Promise<DatastoreChoice | undefined> {
  const { choiceFromSettings, SettingsError } = await import('@weft/datastore');
  try {
    return choiceFromSettings(settings);
  } catch (error) {
    if (!(error instanceof SettingsError)) throw error;
    throw new CliError([{ what: `${error.setting} ${error.message}`, object: source, hint: '' }]);
  }
}

function inContext(choice: DatastoreChoice | undefined, context: string | undefined): DatastoreChoice {
  if (context === undefined) return choice ?? { type: 'embedded', path: DEFAULT_DATASTORE_PATH };
  if (choice === undefined) return { type: 'kubernetes', context };
  if (choice.type === 'kubernetes') return { ...choice, context };
  throw usageError(
    `A context belongs to a kubeconfig, but the datastore is of type ${choice.type}`,
    `--context ${context}`,
    'Leave it out, or choose the cluster with --datastore kubernetes:FILE.',
  );
}

/**
 * Opens the chosen datastore; the caller closes it. `create` says what to do about an embedded store that is not there:
 * make it, say so (false), or take it for an empty one, which is good for a dry run.
 */
export async function openStore(where: WhereOptions, create: boolean | 'imagine'): Promise<Datastore> {
  const choice = await chooseDatastore(where);
  const { createMemoryStore, openDatastore } = await import('@weft/datastore');
  if (create === 'imagine' && choice.type === 'embedded' && !existsSync(choice.path))
    return createMemoryStore({ now: Date.now, uuid: randomUUID });
  return openDatastore(choice, { create: create === true });
}

/** Opens the chosen datastore for the time of one call; `create` as in `openStore`. */
export async function withStore<Result>(
  where: WhereOptions,
  create: boolean | 'imagine',
  use: (store: Datastore) => Promise<Result>,
): Promise<Result> {
  const store = await openStore(where, create);
  try {
    return await use(store);
  } finally {
    await store.close();
  }
}

/**
 * The daemons a question goes to: all of a lab, or the one named; else the machine's own, and where a client certificate is
 * given, those of all other Nodes that say where they are reached.
 */
export async function chooseDaemons(
  where: WhereOptions,
  node: string | undefined,
  environment: NodeJS.ProcessEnv = process.env,
): Promise<DaemonTarget[]> {
  const machine = await machineDaemons(where, node, environment);
  const files = clientFiles(where, environment);
  const [own] = machine;
  if (files === undefined || own === undefined || where.lab !== undefined || where.socket !== undefined)
    return machine;
  const { clusterDaemons } = await import('./cluster-daemons.ts');
  return withStore(where, false, (store) => clusterDaemons(store, own.client, files, node));
}

/** The daemons of this machine: its own, all of a lab, or the one named. What is about files or namespaces goes to them. */
export async function machineDaemons(
  where: WhereOptions,
  node: string | undefined,
  environment: NodeJS.ProcessEnv = process.env,
): Promise<DaemonTarget[]> {
  const { ControlClient, DEFAULT_SOCKET_PATH } = await import('@weft/control');
  if (where.lab === undefined) {
    const path = where.socket ?? environment.WEFT_CONTROL_SOCKET ?? DEFAULT_SOCKET_PATH;
    return [{ client: new ControlClient(path) }];
  }
  rejectBoth('--lab', where.lab, '--socket', where.socket);
  const { hosts } = await findLab(where.lab);
  const wanted = node === undefined ? hosts : hosts.filter(({ name }) => name === node);
  if (wanted.length === 0) {
    const known = hosts.map(({ name }) => name).join(', ');
    throw new CliError([
      { what: `No such host in lab ${where.lab}`, object: node ?? '', hint: `Its hosts are ${known}.` },
    ]);
  }
  return wanted.map(({ name, controlSocket }) => ({ name, client: new ControlClient(controlSocket) }));
}

/** The certificate by which other nodes' daemons let us in; exit code 2 when only a part of it is named. */
function clientFiles(where: WhereOptions, environment: NodeJS.ProcessEnv): TlsFiles | undefined {
  const certificate = where.clientCertificate ?? environment.WEFT_CLIENT_CERTIFICATE;
  const key = where.clientKey ?? environment.WEFT_CLIENT_KEY;
  const ca = where.controlCa ?? environment.WEFT_CONTROL_CA;
  if (certificate && key && ca) return { certificate, key, ca };
  // Whoever runs beside a weftd may have its WEFT_CONTROL_CA.
  if (!certificate && !key && where.controlCa === undefined) return undefined;
  throw usageError(
    'A client certificate is three files',
    [certificate, key, ca].filter(Boolean).join(', '),
    'Name all of --client-certificate, --client-key and --control-ca, or none.',
  );
}

/** The journal that takes what weftctl does in a lab: that of its first host that runs weftd. */
export async function journalPathOfLab(lab: string): Promise<string | undefined> {
  return (await findLab(lab)).hosts[0]?.ipamJournal;
}

/** The lab is loaded only when it is asked for: it brings the kernel bindings. */
async function findLab(name: string): Promise<LabLocation> {
  const { resolveLab } = await import('@weft/lab');
  return resolveLab(name);
}

function rejectBoth(
  option: string,
  value: string | undefined,
  other: string,
  otherValue: string | undefined,
): void {
  if (value === undefined || otherValue === undefined) return;
  throw usageError(
    `${option} and ${other} name two places`,
    `${option} ${value} ${other} ${otherValue}`,
    'Give one of them.',
  );
}
