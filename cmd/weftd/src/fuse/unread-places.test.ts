/** What an earlier weftd left of routes by tunnels, while this one does not know where the blocks are. */
import { setImmediate as nextTurn } from 'node:timers/promises';
import {
  type CalcInput,
  calculate,
  DEFAULT_FELIX_SETTINGS,
  DEFAULT_SETTINGS,
  type DesiredRoute,
  LOCAL_ROUTE_CLASSES,
  routingContext,
} from '@weft/calc';
import { Dataplane } from '@weft/dataplane';
import { address, prefix } from '@weft/ip';
import { FakeKernel } from '@weft/kernel';
import { type Kind, parseResource, type ResourceOf } from '@weft/resources';
import { createLogger } from '@weft/telemetry';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { Fib } from '../bgp/fib.ts';
import { Fuses } from './fuses.ts';

const log = createLogger({ name: 'weftd', level: 'error', destination: { write: () => {} } });

function resource<K extends Kind>(kind: K, name: string, spec: object): ResourceOf<K> {
  const parsed = parseResource({ apiVersion: 'projectcalico.org/v3', kind, metadata: { name }, spec });
  if (!parsed.ok) throw new Error(`${kind} ${name} is not valid: ${JSON.stringify(parsed.issues)}`);
  return parsed.resource as ResourceOf<K>;
}

const node = (number: number) =>
  resource('Node', `node${number}`, {
    bgp: { ipv4Address: `10.0.0.${number}/24` },
    ipv4VXLANTunnelAddr: `10.1.${number}.0`,
  });

const unread: CalcInput = {
  nodeName: 'node1',
  nodeNameDigest: new Uint8Array(32),
  nodes: [node(1), node(2), node(3)],
  pools: [resource('IPPool', 'pods', { cidr: '10.1.0.0/16', vxlanMode: 'Always' })],
  bgpConfigurations: [],
  bgpPeers: [],
  bgpFilters: [],
  blockAffinities: [],
  places: undefined,
  services: [],
  endpoints: [],
  secrets: new Map(),
  settings: DEFAULT_SETTINGS,
  felix: DEFAULT_FELIX_SETTINGS,
  facts: {
    interfaces: ['eth0', 'vxlan.calico'].map((name) => ({
      name,
      up: true,
      running: true,
      mtuBytes: 1500,
      addresses: name === 'eth0' ? ['10.0.0.1/24'] : [],
    })),
    routes: [{ destination: prefix('10.0.0.0/24'), interface: 'eth0', metric: 0 }],
  },
};

const block = (number: number) => prefix(`10.1.${number}.0/26`);

const byTunnel = (number: number): DesiredRoute => ({
  destination: block(number),
  type: 'unicast',
  via: [{ gateway: address(`10.1.${number}.0`), interface: 'vxlan.calico', onlink: true }],
  metric: 1024,
  class: 'vxlan',
  reason: 'the earlier weftd wants it',
});

/** The mesh tells of node2's block. */
const learned = {
  family: 'ipv4-unicast',
  prefix: block(2),
  best: {
    source: 'internal',
    peer: address('10.0.0.2'),
    nextHops: [{ address: address('10.0.0.2') }],
    localPref: 100,
    stale: false,
  },
} as const;

let kernel: FakeKernel;
let dataplane: Dataplane;
let fuses: Fuses;
let fib: Fib;

beforeEach(async () => {
  kernel = new FakeKernel();
  kernel.apply([
    { op: 'add-bridge', name: 'eth0' },
    { op: 'add-bridge', name: 'vxlan.calico' },
  ]);
  kernel.apply(kernel.links().map(({ index }) => ({ op: 'set-link', index, up: true }) as const));
  const interfaceIndex = kernel.link('eth0')?.index ?? 0;
  kernel.apply([
    {
      op: 'add-address',
      address: { interfaceIndex, address: address('10.0.0.1'), prefixLength: 24, scope: 'global' },
    },
  ]);
  const earlier = new Dataplane({ kernel });
  earlier.wantAll(LOCAL_ROUTE_CLASSES, [2, 3, 4].map(byTunnel));
  earlier.start();
  await settled();
  earlier.close();
  dataplane = new Dataplane({ kernel });
  fuses = new Fuses({
    nodeName: 'node1',
    limits: { percent: 50, routes: 100 },
    dataplane,
    log,
    giveUp: () => {},
    decideAnew: () => {},
  });
  fib = new Fib(dataplane, fuses);
  dataplane.start();
});
afterEach(() => dataplane.close());

/** What `Deciding` does with an input, as far as routes go. */
function decide(given: CalcInput): void {
  const input = { ...given, places: fuses.places(given) };
  const desired = calculate(input);
  dataplane.wantAll(LOCAL_ROUTE_CLASSES, desired.routes);
  fib.reconsider(routingContext(input, desired));
}

/** All is in memory: what is to happen has happened after a few turns. */
async function settled(): Promise<void> {
  for (let turn = 0; turn < 10; turn++) await nextTurn();
}

/** Routes to blocks; those to addresses of tunnels follow from Nodes. */
function inKernel(): string[] {
  return kernel
    .routes({ protocol: 119 })
    .filter(({ destination }) => destination.endsWith('/26'))
    .map(({ destination, nextHops }) => {
      const [hop] = nextHops;
      const link = kernel.links().find(({ index }) => index === hop?.interfaceIndex);
      return `${destination} ${hop?.gateway}@${link?.name}`;
    })
    .sort();
}

const left = [2, 3, 4].map((number) => `${block(number)} 10.1.${number}.0@vxlan.calico`);

it('stays, whatever BGP says and though every peer has said all, until the blocks are read', async () => {
  expect(inKernel()).toEqual(left);
  decide(unread);
  fib.take([learned]);
  fuses.sweep();
  await settled();
  expect(inKernel()).toEqual(left);
  expect(dataplane.status().deletesAllowed).toBe(false);
  expect(fib.rejected.get(block(2))).toBe(
    'IPPool pods (VXLAN Always): its blocks were not read yet, and what the kernel has stays',
  );

  // Of node4 nothing is left in the datastore.
  decide({
    ...unread,
    places: [2, 3].map((number) => ({ prefix: block(number), nodeName: `node${number}` })),
  });
  await settled();
  expect(inKernel()).toEqual(left.slice(0, 2));
  expect(dataplane.status()).toMatchObject({ inSync: true, deletesAllowed: true });
});

it('waits for the peers, too, where the blocks are read first', async () => {
  decide({ ...unread, places: [] });
  await settled();
  expect(inKernel()).toEqual(left);
  fuses.sweep();
  await settled();
  expect(inKernel()).toEqual([]);
});
