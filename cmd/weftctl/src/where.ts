/**
 * Which datastore and which daemons a command talks to: those of a lab, those named on the command line or in the
 * environment, or the machine's own.
 *
 * More kinds of datastore join here: `chooseDatastore` decides, `openStore` opens what it chose.
 */
import type { ControlClient } from '@weft/control';
import type { Datastore } from '@weft/datastore';
import { CliError, usageError } from './failure.ts';
import type { WhereOptions } from './options.ts';

/** Where a node's daemon keeps its embedded datastore unless told otherwise. */
const DEFAULT_DATASTORE_PATH = '/var/lib/weft/weft.db';

/** A lab as `resolveLab` of @weft/lab describes it. */
interface LabLocation {
  readonly datastorePath: string;
  readonly hosts: readonly { readonly name: string; readonly controlSocket: string }[];
}

/** A datastore that can be opened. */
export interface DatastoreChoice {
  readonly type: 'embedded';
  readonly path: string;
}

/** A daemon to ask. The name is known beforehand only in a lab. */
export interface DaemonTarget {
  readonly name?: string;
  readonly client: ControlClient;
}

/** Decides which datastore is meant. */
export async function chooseDatastore(
  where: WhereOptions,
  environment: NodeJS.ProcessEnv = process.env,
): Promise<DatastoreChoice> {
  if (where.lab !== undefined) {
    rejectBoth(where.lab, '--datastore', where.datastore);
    return { type: 'embedded', path: (await findLab(where.lab)).datastorePath };
  }
  return { type: 'embedded', path: where.datastore ?? environment.WEFT_DATASTORE ?? DEFAULT_DATASTORE_PATH };
}

/** Opens the chosen datastore for the time of one call. With `create` a missing file is made. */
export async function withStore<Result>(
  where: WhereOptions,
  create: boolean,
  use: (store: Datastore) => Promise<Result>,
): Promise<Result> {
  const { path } = await chooseDatastore(where);
  const { openEmbedded } = await import('@weft/datastore');
  const store = await openEmbedded({ path, create });
  try {
    return await use(store);
  } finally {
    await store.close();
  }
}

/** The daemons a node command asks: one, or all of a lab. */
export async function chooseDaemons(
  where: WhereOptions,
  node: string | undefined,
  environment: NodeJS.ProcessEnv = process.env,
): Promise<DaemonTarget[]> {
  const { ControlClient, DEFAULT_SOCKET_PATH } = await import('@weft/control');
  if (where.lab === undefined) {
    const path = where.socket ?? environment.WEFT_CONTROL_SOCKET ?? DEFAULT_SOCKET_PATH;
    return [{ client: new ControlClient(path) }];
  }
  rejectBoth(where.lab, '--socket', where.socket);
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

/** The lab is loaded only when it is asked for: it brings the kernel bindings. */
async function findLab(name: string): Promise<LabLocation> {
  const { resolveLab } = await import('@weft/lab');
  return resolveLab(name);
}

function rejectBoth(lab: string, option: string, value: string | undefined): void {
  if (value === undefined) return;
  throw usageError(
    `--lab and ${option} name two places`,
    `--lab ${lab} ${option} ${value}`,
    'Give one of them.',
  );
}
