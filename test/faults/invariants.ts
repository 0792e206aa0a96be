/**
 * What holds in every lab that is left alone, whatever was done to it before: everybody reaches everybody, and datastore,
 * sessions and kernels say the same.
 */
import { type Datastore, openDatastore } from '@weft/datastore';
import { MAIN_TABLE, netnsPath, openKernel, type Route, WEFT_ROUTE_PROTOCOL } from '@weft/kernel';
import { namespaceOf, pingAll, resolveLab, status } from '@weft/lab';
import { nodeAddress } from '@weft/resources';
import { waitFor } from '../harness/wait-for.ts';

/** Waits until the lab is whole. At the deadline it fails with what is not. */
export async function expectWhole(lab: string, deadlineMilliseconds = 60_000): Promise<void> {
  let last: string[] = [];
  const isWhole = async (): Promise<boolean> => {
    last = await violations(lab);
    return last.length === 0;
  };
  await waitFor('the lab is whole', isWhole, deadlineMilliseconds, 100).catch(({ message }: Error) => {
    throw new Error(`${message}:\n  ${last.join('\n  ')}`);
  });
}

/** All that does not hold just now, in words. */
async function violations(lab: string): Promise<string[]> {
  const { datastore } = await resolveLab(lab);
  const store = await openDatastore(datastore);
  try {
    const found = [...(await sessionViolations(lab)), ...(await storeViolations(store))];
    const inKernels = await kernelViolations(lab, store);
    return [...found, ...inKernels, ...(await pingViolations(lab))];
  } finally {
    await store.close();
  }
}

async function sessionViolations(lab: string): Promise<string[]> {
  const { hosts } = await status(lab);
  return hosts
    .filter(({ runs }) => runs === 'weftd' || runs === 'route-reflector')
    .flatMap(({ name, sessions }) => {
      if (sessions.length === 0) return [`${name} has no session`];
      const down = sessions.filter(({ state }) => state !== 'Established');
      return down.map(({ peer, state }) => `${name}: the session with ${peer} is ${state}`);
    });
}

/** Each block has one owner, and the block says the same; no address is given out twice. */
async function storeViolations(store: Datastore): Promise<string[]> {
  const affinities = (await store.list('BlockAffinity')).items;
  const owners = Map.groupBy(affinities, ({ spec }) => spec.cidr);
  const blocks = (await store.list('IPAMBlock')).items;
  const endpoints = (await store.list('WorkloadEndpoint')).items;
  const holders = Map.groupBy(
    endpoints.flatMap(({ metadata, spec }) =>
      (spec.ipNetworks ?? []).map((network) => ({ network, name: metadata.name })),
    ),
    ({ network }) => network,
  );
  return [
    ...[...owners]
      .filter(([, all]) => all.length > 1)
      .map(([cidr, all]) => `${cidr} is a block of ${all.map(({ spec }) => spec.node).join(' and ')}`),
    ...blocks
      .filter(({ spec }) => spec.affinity && !owners.has(spec.cidr))
      .map(({ spec }) => `${spec.cidr} says ${spec.affinity}, and nobody has its affinity`),
    ...[...holders]
      .filter(([, all]) => all.length > 1)
      .map(([network, all]) => `${network} is that of ${all.map(({ name }) => name).join(' and ')}`),
  ];
}

/** A host has a route to each block and each pod of its own, by the owner's address, and weft has no other there. */
async function kernelViolations(lab: string, store: Datastore): Promise<string[]> {
  const wanted = await wantedRoutes(store);
  const { hosts } = await status(lab);
  const found = hosts
    .filter(({ runs }) => runs === 'weftd')
    .map(async ({ name }) => {
      const expected = wanted(name);
      const actual = (await weftRoutes(lab, name)).map(describe);
      return [
        ...expected.filter((route) => !actual.includes(route)).map((route) => `${name} lacks ${route}`),
        ...actual
          .filter((route) => !expected.includes(route))
          .map((route) => `${name} has the stale ${route}`),
      ];
    });
  return (await Promise.all(found)).flat();
}

async function wantedRoutes(store: Datastore): Promise<(host: string) => string[]> {
  const nodes = (await store.list('Node')).items;
  const affinities = (await store.list('BlockAffinity')).items.filter(
    ({ spec }) => spec.state === 'confirmed',
  );
  const endpoints = (await store.list('WorkloadEndpoint')).items;
  const addressOf = (name: string, isIpv6: boolean): string => {
    const node = nodes.find(({ metadata }) => metadata.name === name);
    return (node && nodeAddress(node, isIpv6 ? 6 : 4)) ?? 'nowhere';
  };
  return (host) => [
    ...affinities.map(({ spec }) =>
      spec.node === host
        ? `blackhole ${spec.cidr}`
        : `${spec.cidr} via ${addressOf(spec.node, spec.cidr.includes(':'))}`,
    ),
    ...endpoints
      .filter(({ spec }) => spec.node === host)
      .flatMap(({ spec }) => (spec.ipNetworks ?? []).map((network) => `${network} here`)),
  ];
}

async function weftRoutes(lab: string, host: string): Promise<Route[]> {
  const kernel = await openKernel({ netns: netnsPath(namespaceOf(lab, host)) });
  try {
    return [...kernel.routes({ table: MAIN_TABLE, protocol: WEFT_ROUTE_PROTOCOL })];
  } finally {
    kernel.close();
  }
}

function describe({ destination, nextHops, type }: Route): string {
  if (type === 'blackhole') return `blackhole ${destination}`;
  const gateway = nextHops[0]?.gateway;
  return gateway === undefined ? `${destination} here` : `${destination} via ${gateway}`;
}

async function pingViolations(lab: string): Promise<string[]> {
  const results = await pingAll(lab, () => {});
  return results.filter(({ ok }) => !ok).map(({ address, from }) => `${from} does not reach ${address}`);
}
