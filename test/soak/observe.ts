/** Looks at a lab from outside: datastore, control sockets, kernels, processes. */
import { join } from 'node:path';
import { ControlClient, type Page } from '@weft/control';
import { type Datastore, openDatastore } from '@weft/datastore';
import { networkAddress, prefix } from '@weft/ip';
import { addressAt, allocationAt, type BlockSpec } from '@weft/ipam';
import { MAIN_TABLE, netnsPath, openKernel, WEFT_ROUTE_PROTOCOL } from '@weft/kernel';
import { namespaceOf, resolveLab, runIn, status } from '@weft/lab';
import { waitFor } from '../harness/wait-for.ts';
import type { Model } from './actions.ts';
import type { MemorySample } from './memory.ts';
import type { ObservedBlock, ObservedHost, ObservedRoute, ObservedState } from './observed.ts';
import type { Random } from './random.ts';

/** What the datastore alone says; hosts, kernels and pings are left out. */
export async function observeStore(lab: string, model: Model): Promise<ObservedState> {
  const store = await openDatastore((await resolveLab(lab)).datastore);
  try {
    return await readStore(store, model);
  } finally {
    await store.close();
  }
}

/** Everything but pings. */
export async function observe(lab: string, model: Model): Promise<ObservedState> {
  const [state, { hosts }] = [await observeStore(lab, model), await status(lab)];
  const { hosts: places } = await resolveLab(lab);
  const observed = places.map(async ({ name, controlSocket }): Promise<ObservedHost> => {
    const daemon = new ControlClient(controlSocket);
    const { peers } = await daemon.bgpPeers();
    const own = hosts.find((host) => host.name === name)?.addresses ?? [];
    return {
      name,
      addresses: own.map((text) => text.split('/')[0] ?? ''),
      isAway: model.cut.has(name) || model.linkDown.has(name),
      sessions: peers.map(({ address, state: sessionState }) => ({ peer: address, state: sessionState })),
      rib: await learned(daemon),
      routes: await weftRoutes(lab, name),
    };
  });
  return { ...state, hosts: await Promise.all(observed) };
}

async function readStore(store: Datastore, model: Model): Promise<ObservedState> {
  const [affinities, blocks, handles, endpoints] = [
    (await store.list('BlockAffinity')).items,
    (await store.list('IPAMBlock')).items,
    (await store.list('IPAMHandle')).items,
    (await store.list('WorkloadEndpoint')).items,
  ];
  return {
    hosts: [],
    affinities: affinities
      .filter(({ spec }) => (spec.state || 'confirmed') === 'confirmed' && !spec.deleted)
      .map(({ spec }) => ({ cidr: spec.cidr, node: spec.node })),
    blocks: blocks.filter(({ spec }) => !spec.deleted).map(({ spec }) => observedBlock(spec)),
    handles: handles.filter(({ spec }) => !spec.deleted).map(({ spec }) => spec.handleID),
    endpoints: endpoints.map(({ spec }) => ({
      pod: spec.workload ?? '',
      node: spec.node ?? '',
      addresses: (spec.ipNetworks ?? []).map((network) => networkAddress(prefix(network))),
    })),
    pods: [...model.nodes].flatMap(([node, pods]) => pods.map((name) => ({ name, node }))),
    pings: [],
  };
}

function observedBlock(spec: BlockSpec): ObservedBlock {
  const allocations = spec.allocations.flatMap((_, ordinal) => {
    const allocation = allocationAt(spec, ordinal);
    // One that cools down after its release is nobody's, and not given out yet.
    if (allocation === undefined || allocation.releasedAt !== undefined) return [];
    return [{ address: addressAt(spec, ordinal), handle: allocation.handle }];
  });
  return { cidr: spec.cidr, node: spec.affinity?.replace(/^host:/, ''), allocations };
}

async function learned(daemon: ControlClient): Promise<ObservedHost['rib']> {
  const routes = [];
  for (let after: string | undefined; ; ) {
    const page: Page<Awaited<ReturnType<ControlClient['rib']>>['items'][number]> = await daemon.rib({
      after,
      limit: 1000,
    });
    routes.push(...page.items);
    if (page.next === undefined) break;
    after = page.next;
  }
  return routes.flatMap(({ prefix: destination, best: { nextHop } }) =>
    nextHop === undefined ? [] : [{ prefix: destination, nextHop }],
  );
}

async function weftRoutes(lab: string, host: string): Promise<ObservedRoute[]> {
  const kernel = await openKernel({ netns: netnsPath(namespaceOf(lab, host)) });
  try {
    return kernel
      .routes({ table: MAIN_TABLE, protocol: WEFT_ROUTE_PROTOCOL })
      .map(({ destination, nextHops, type }) => ({
        destination,
        gateways: nextHops.flatMap(({ gateway }) => gateway ?? []),
        isBlackhole: type === 'blackhole',
      }));
  } finally {
    kernel.close();
  }
}

/** Some pods, chosen by the walk, ping some others; pods of hosts that are away neither ping nor are pinged. */
export async function samplePings(state: ObservedState, lab: string, random: Random): Promise<ObservedState> {
  const present = new Set(state.hosts.filter(({ isAway }) => !isAway).map(({ name }) => name));
  const pods = state.endpoints.filter(({ node }) => present.has(node));
  if (pods.length < 2) return state;
  const pairs = Array.from({ length: 4 }, () => ({ from: random.pick(pods), to: random.pick(pods) }));
  const pings = pairs.flatMap(({ from, to }) =>
    to.addresses.map(async (address) => ({
      from: from.pod,
      address,
      ok: await reaches(lab, from.pod, address),
    })),
  );
  return { ...state, pings: await Promise.all(pings) };
}

async function reaches(lab: string, from: string, address: string): Promise<boolean> {
  const family = address.includes(':') ? '-6' : '-4';
  const { exitCode } = await runIn(lab, from, ['ping', family, '-c', '1', '-W', '2', '-n', address]);
  return exitCode === 0;
}

/** What the daemon of a host holds, in KiB, garbage collected. The first call opens its inspector. */
export async function measureMemory(lab: string, host: string): Promise<Omit<MemorySample, 'action'>> {
  const { hosts } = await resolveLab(lab);
  const socket = hosts.find(({ name }) => name === host)?.controlSocket ?? '';
  const { pid } = await new ControlClient(socket).status();
  process.kill(pid, 'SIGUSR1');
  const probe = [process.execPath, join(import.meta.dirname, 'heap-probe.ts'), String(pid)];
  return waitFor(`the inspector of the weftd of ${host} answers`, async () => {
    const { exitCode, stdout } = await runIn(lab, host, probe);
    return exitCode === 0 && (JSON.parse(stdout) as Omit<MemorySample, 'action'>);
  });
}
