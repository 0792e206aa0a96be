/** Does to a running lab what an action says. */
import { ControlClient } from '@weft/control';
import { type Datastore, openDatastore } from '@weft/datastore';
import {
  addNode,
  addPod,
  type Installation,
  removeNode,
  removePod,
  resolveLab,
  restartDaemon,
  restartEtcd,
  runIn,
  status,
  stopDaemon,
  stopEtcd,
  switchNamespace,
} from '@weft/lab';
import { apiVersion, type Kind, parseResource, type Resource } from '@weft/resources';
import { execa } from 'execa';
import { waitFor } from '../harness/wait-for.ts';
import type { Action, Peerings } from './actions.ts';

/** The bridge that hosts of the default topology are plugged into. */
const BRIDGE = 'segment';
const SPARE_POOL = 'spare';
const silent = (): void => {};

/** Does it. Throws what went wrong: nothing of this may fail in a lab that is as the walk says. */
export async function perform(lab: string, action: Action, installation: Installation): Promise<void> {
  switch (action.kind) {
    case 'add-pod':
      await addPod(lab, action.node);
      return;
    case 'remove-pod':
      return removePod(lab, action.pod);
    case 'add-node':
      await addNode(lab, action.node, 0, installation, silent);
      return;
    case 'remove-node':
      return removeNode(lab, action.node, silent);
    case 'restart':
      await stopDaemon(lab, action.node, action.signal);
      return restartDaemon(lab, action.node, installation);
    case 'flush-routes':
      for (const family of ['-4', '-6'])
        await runIn(lab, action.node, ['ip', family, 'route', 'flush', 'proto', 'weft']);
      return;
    case 'cut':
      return onSwitch(lab, action.node, 'nomaster');
    case 'heal':
      return onSwitch(lab, action.node, 'master', BRIDGE);
    case 'link':
      await runIn(lab, action.node, ['ip', 'link', 'set', 'eth0', action.state]);
      return;
    case 'peerings':
      return withStore(lab, (store) => peerBy(store, action.by));
    case 'spare-pool':
      return withStore(lab, (store) => setSparePool(store, action.disabled));
    case 'datastore-stall':
      return stall(lab, action.node, action.seconds);
    case 'datastore-away':
      return takeAway(lab, action.seconds);
    case 'settle':
      return;
  }
}

/** True when an action speaks of a host, pod or datastore that is not there, as in a list that was cut down. */
export async function isPointless(lab: string, action: Action): Promise<boolean> {
  const { hosts, pods } = await status(lab);
  if (action.kind === 'remove-pod') return !pods.some(({ name }) => name === action.pod);
  if (!('node' in action)) return false;
  return hosts.some(({ name }) => name === action.node) === (action.kind === 'add-node');
}

async function onSwitch(lab: string, node: string, ...change: string[]): Promise<void> {
  await execa('ip', ['-n', switchNamespace(lab), 'link', 'set', `${node}.0`, ...change]);
}

/** New sessions are asked for before the old ones are given up. */
async function peerBy(store: Datastore, by: Peerings): Promise<void> {
  const accepted = [{ action: 'Accept', matchOperator: 'In', cidr: '10.0.0.0/8' }];
  const accepted6 = [{ action: 'Accept', matchOperator: 'In', cidr: 'fd00::/8' }];
  if (by === 'filtered') await put(store, 'BGPFilter', 'pools', { exportV4: accepted, exportV6: accepted6 });
  if (by !== 'mesh') {
    const filters = by === 'filtered' ? { filters: ['pools'] } : {};
    await put(store, 'BGPPeer', 'everybody', { nodeSelector: 'all()', peerSelector: 'all()', ...filters });
  }
  await put(store, 'BGPConfiguration', 'default', { nodeToNodeMeshEnabled: by === 'mesh' });
  if (by === 'mesh') await store.delete({ kind: 'BGPPeer', name: 'everybody' });
}

async function setSparePool(store: Datastore, disabled: boolean): Promise<void> {
  const pool = await store.get({ kind: 'IPPool', name: SPARE_POOL });
  if (pool !== undefined) await put(store, 'IPPool', SPARE_POOL, { ...pool.spec, disabled });
}

/** Creates a resource, or gives it another spec. */
async function put(store: Datastore, kind: Kind, name: string, spec: object): Promise<void> {
  const parsed = parseResource({ apiVersion, kind, metadata: { name }, spec });
  if (!parsed.ok) throw new Error(JSON.stringify(parsed.issues));
  const wanted = parsed.resource;
  await waitFor(`${kind} ${name} is written`, async () => {
    const current = await store.get({ kind, name });
    const outcome =
      current === undefined
        ? await store.create(wanted)
        : await store.update({ ...current, spec: wanted.spec } as Resource);
    return outcome.kind === 'written';
  });
}

async function stall(lab: string, node: string, seconds: number): Promise<void> {
  await signalEtcd(lab, 'STOP');
  const added = addPod(lab, node).then(
    () => undefined,
    (error: unknown) => ({ error }),
  );
  await passes(seconds);
  await signalEtcd(lab, 'CONT');
  const failure = await added;
  if (failure !== undefined) throw failure.error;
}

async function signalEtcd(lab: string, signal: 'STOP' | 'CONT'): Promise<void> {
  const { stdout } = await execa('ip', ['netns', 'pids', switchNamespace(lab)]);
  for (const pid of stdout.split('\n')) process.kill(Number(pid), `SIG${signal}`);
}

/** Gone and back; whoever needs it has it again when this resolves. */
async function takeAway(lab: string, seconds: number): Promise<void> {
  await stopEtcd(lab, 'SIGKILL');
  await passes(seconds);
  await restartEtcd(lab);
  const { hosts } = await resolveLab(lab);
  for (const { name, controlSocket } of hosts) {
    const daemon = new ControlClient(controlSocket);
    const isInSync = async (): Promise<boolean> => (await daemon.status()).datastore.inSync;
    await waitFor(`${name} has the datastore again`, isInSync, 60_000, 50);
  }
}

function passes(seconds: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, seconds * 1000));
}

async function withStore<T>(lab: string, use: (store: Datastore) => Promise<T>): Promise<T> {
  const store = await openDatastore((await resolveLab(lab)).datastore);
  try {
    return await use(store);
  } finally {
    await store.close();
  }
}
