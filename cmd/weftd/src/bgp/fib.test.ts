import type { DesiredRoute, RoutingContext } from '@weft/calc';
import type { Dataplane } from '@weft/dataplane';
import { type Address, address, type Prefix, PrefixTrie, prefix } from '@weft/ip';
import { createLogger } from '@weft/telemetry';
import type { LocRibChange } from 'bgp-speaker-ts';
import { beforeEach, expect, it } from 'vitest';
import { Fuses } from '../fuse/fuses.ts';
import { Fib } from './fib.ts';

const WORKLOAD = address('10.65.0.7');
const ROUTER = address('10.0.0.9');
const NODE = address('10.0.0.2');
/** The AS number of workloads. */
const ASN = 65401;

const subnet = { destination: prefix('10.0.0.0/24'), interface: 'eth0', metric: 0 };
const eth0 = { name: 'eth0', up: true, running: true, mtuBytes: 1500, addresses: ['10.0.0.1/24'] };
const underlay = new PrefixTrie<(typeof subnet)[]>();
underlay.set(subnet.destination, [subnet]);

const context: RoutingContext = {
  nextHops: { routes: underlay, interfaces: new Map([['eth0', eth0]]), ownAddresses: new Map() },
  resolved: new Map(),
  links: new Map(),
  workloads: new Map([[WORKLOAD, 'cali1']]),
  workloadAsns: new Set([ASN]),
  ownBlocks: new Set(),
  ipv6Support: true,
  serviceRanges: [],
  encapsulated: new Map(),
  unencapsulated: new Map(),
  unreadPools: undefined,
};

let wanted: Set<Prefix>;
let fuses: Fuses;
let fib: Fib;

/** A node that learns from a router outside, from a workload of its own, and from another node. */
beforeEach(() => {
  wanted = new Set();
  const dataplane = {
    want: ({ destination }: DesiredRoute) => void wanted.add(destination),
    unwant: (_class: string, destination: Prefix) => void wanted.delete(destination),
  } as unknown as Dataplane;
  fuses = new Fuses({
    nodeName: 'node1',
    limits: { percent: 50, routes: 100 },
    dataplane,
    log: createLogger({ name: 'test', level: 'error', destination: { write: () => {} } }),
    giveUp: (withdrawals) => fib.giveUp(withdrawals),
    decideAnew: () => undefined,
  });
  fib = new Fib(dataplane, fuses);
  fib.reconsider(context);
});

/** Two hundred prefixes, other ones for each number. */
function prefixes(number: number): Prefix[] {
  return Array.from({ length: 200 }, (_, index) => prefix(`10.${number}.${index}.0/26`));
}

function announce(peer: Address, destinations: readonly Prefix[], neighbourAsn?: number): void {
  const best = {
    source: 'external',
    peer,
    neighbourAsn,
    nextHops: [{ address: peer }],
    localPref: 100,
    stale: false,
  } as const;
  fib.take(destinations.map((item): LocRibChange => ({ family: 'ipv4-unicast', prefix: item, best })));
}

function withdraw(destinations: readonly Prefix[]): void {
  fib.take(destinations.map((item): LocRibChange => ({ family: 'ipv4-unicast', prefix: item })));
}

it('holds what a router takes away by the hundred', () => {
  announce(ROUTER, prefixes(100));
  withdraw(prefixes(100));
  expect([...fuses.heldLearned()]).toHaveLength(200);
  expect(wanted.size).toBe(200);
});

it.each([
  ['a workload of the node', WORKLOAD, undefined],
  ['a workload of another node', NODE, ASN],
])('holds nothing of %s, which could have ever more routes in that way', (_, peer, neighbourAsn) => {
  announce(ROUTER, prefixes(100));
  for (const round of [101, 102, 103]) {
    announce(peer, prefixes(round), neighbourAsn);
    expect(wanted.size).toBe(400);
    withdraw(prefixes(round));
  }
  expect([...fuses.heldLearned()]).toEqual([]);
  expect([...wanted]).toEqual(prefixes(100));
});

it('is not led to believe by what workloads announce that little else is gone', () => {
  announce(NODE, prefixes(100));
  for (const round of [101, 102]) announce(NODE, prefixes(round), ASN);
  withdraw(prefixes(100));
  expect(fuses.status().held).toMatchObject([{ table: 'learned', routes: 200, of: 200 }]);
});

it('goes by the AS numbers that workloads have when the routes go', () => {
  announce(NODE, prefixes(100), ASN);
  fib.reconsider({ ...context, workloadAsns: new Set() });
  withdraw(prefixes(100));
  expect([...fuses.heldLearned()]).toHaveLength(200);
});
