/** Each invariant holds in a lab that is whole, and fails in one that is broken in its way alone. */
import { describe, expect, it } from 'vitest';
import { INVARIANTS, violationsOf } from './invariants.ts';
import type { ObservedHost, ObservedState } from './observed.ts';

const local = (destination: string) => ({ destination, gateways: [], isBlackhole: false });
const blackhole = (destination: string) => ({ destination, gateways: [], isBlackhole: true });
const by = (destination: string, gateway: string) => ({
  destination,
  gateways: [gateway],
  isBlackhole: false,
});

const ONE: ObservedHost = {
  name: 'one',
  addresses: ['10.0.0.1'],
  isAway: false,
  sessions: [{ peer: '10.0.0.2', state: 'Established' }],
  rib: [{ prefix: '10.50.0.8/29', nextHop: '10.0.0.2' }],
  routes: [blackhole('10.50.0.0/29'), local('10.50.0.1/32'), by('10.50.0.8/29', '10.0.0.2')],
};
const TWO: ObservedHost = {
  name: 'two',
  addresses: ['10.0.0.2'],
  isAway: false,
  sessions: [{ peer: '10.0.0.1', state: 'Established' }],
  rib: [{ prefix: '10.50.0.0/29', nextHop: '10.0.0.1' }],
  routes: [blackhole('10.50.0.8/29'), local('10.50.0.9/32'), by('10.50.0.0/29', '10.0.0.1')],
};
const WHOLE: ObservedState = {
  hosts: [ONE, TWO],
  affinities: [
    { cidr: '10.50.0.0/29', node: 'one' },
    { cidr: '10.50.0.8/29', node: 'two' },
  ],
  blocks: [
    { cidr: '10.50.0.0/29', node: 'one', allocations: [{ address: '10.50.0.1', handle: 'lab.a' }] },
    { cidr: '10.50.0.8/29', node: 'two', allocations: [{ address: '10.50.0.9', handle: 'lab.b' }] },
  ],
  handles: ['lab.a', 'lab.b'],
  endpoints: [
    { pod: 'a', node: 'one', addresses: ['10.50.0.1'] },
    { pod: 'b', node: 'two', addresses: ['10.50.0.9'] },
  ],
  pods: [
    { name: 'a', node: 'one' },
    { name: 'b', node: 'two' },
  ],
  pings: [{ from: 'a', address: '10.50.0.9', ok: true }],
};

const withOne = (change: Partial<ObservedHost>): ObservedState => ({
  ...WHOLE,
  hosts: [{ ...ONE, ...change }, TWO],
});
const withBlock = (change: Partial<ObservedState['blocks'][number]>): ObservedState => ({
  ...WHOLE,
  blocks: WHOLE.blocks.map((block, index) => (index === 0 ? { ...block, ...change } : block)),
});

const BROKEN: readonly (readonly [string, string, ObservedState])[] = [
  [
    'each block has one owner',
    '10.50.0.0/29 belongs to one and two',
    { ...WHOLE, affinities: [...WHOLE.affinities, { cidr: '10.50.0.0/29', node: 'two' }] },
  ],
  [
    'no address twice',
    '10.50.0.1 is that of a and c',
    { ...WHOLE, endpoints: [...WHOLE.endpoints, { pod: 'c', node: 'two', addresses: ['10.50.0.1'] }] },
  ],
  [
    'blocks and affinities agree',
    '10.50.0.0/29 says two, its affinity is that of one',
    withBlock({ node: 'two' }),
  ],
  [
    'blocks and affinities agree',
    'one has an affinity to 10.50.0.0/29, which is not there',
    { ...WHOLE, blocks: WHOLE.blocks.slice(1) },
  ],
  [
    'endpoints are the pods that are there',
    'a on one has no endpoint',
    { ...WHOLE, endpoints: WHOLE.endpoints.slice(1) },
  ],
  [
    'endpoints are the pods that are there',
    'the endpoint of a on one is left over',
    { ...WHOLE, pods: WHOLE.pods.slice(1) },
  ],
  [
    'no address or handle is leaked',
    "10.50.0.2 is nobody's",
    withBlock({
      allocations: [
        { address: '10.50.0.1', handle: 'lab.a' },
        { address: '10.50.0.2', handle: 'lab.a' },
      ],
    }),
  ],
  [
    'no address or handle is leaked',
    '10.50.0.1 is used, and free in IPAM',
    { ...withBlock({ allocations: [] }), handles: ['lab.b'] },
  ],
  [
    'no address or handle is leaked',
    'handle lab.c holds nothing',
    { ...WHOLE, handles: [...WHOLE.handles, 'lab.c'] },
  ],
  ['no address or handle is leaked', 'handle lab.b is not there', { ...WHOLE, handles: ['lab.a'] }],
  [
    'sessions are Established',
    'that of one with two is Active',
    withOne({ sessions: [{ peer: '10.0.0.2', state: 'Active' }] }),
  ],
  ['sessions are Established', 'one has none with two', withOne({ sessions: [] })],
  [
    'each local address is a host route there and only there',
    'one has none to 10.50.0.1',
    withOne({ routes: ONE.routes.filter(({ destination }) => destination !== '10.50.0.1/32') }),
  ],
  [
    'each local address is a host route there and only there',
    'one has one to 10.50.0.9',
    withOne({ routes: [...ONE.routes, local('10.50.0.9/32')] }),
  ],
  [
    'each announced prefix is a kernel route',
    'one has none to 10.50.0.8/29 of two',
    withOne({ routes: ONE.routes.slice(0, 2) }),
  ],
  [
    'each best path is a kernel route',
    'one knows 10.9.0.0/24 by 10.0.0.2, its kernel does not',
    withOne({ rib: [...ONE.rib, { prefix: '10.9.0.0/24', nextHop: '10.0.0.2' }] }),
  ],
  [
    'no stale route',
    'one has 10.50.0.16/29 by 10.0.0.3',
    withOne({ routes: [...ONE.routes, by('10.50.0.16/29', '10.0.0.3')] }),
  ],
  [
    'no stale route',
    'one has 10.50.0.16/29 by blackhole',
    withOne({ routes: [...ONE.routes, blackhole('10.50.0.16/29')] }),
  ],
  [
    'pods ping',
    'a does not reach 10.50.0.9',
    { ...WHOLE, pings: [{ from: 'a', address: '10.50.0.9', ok: false }] },
  ],
];

describe('the invariants', () => {
  it('all hold in a lab that is whole', () => {
    expect(violationsOf(WHOLE, 'all')).toEqual([]);
  });

  it.each(BROKEN)('%s: %s', (name, text, state) => {
    expect(violationsOf(state, 'all')).toContain(`${name}: ${text}`);
  });

  it('have each a state here that breaks them', () => {
    expect(
      INVARIANTS.map(({ name }) => name).filter((name) => !BROKEN.some(([broken]) => broken === name)),
    ).toEqual([]);
  });

  it('ask at every moment only what the datastore alone says', () => {
    const state = { ...withOne({ routes: [], sessions: [] }), handles: [] };
    expect(violationsOf(state, 'always')).toEqual([]);
  });

  it('ask nothing of what a host that is away knows of the others, nor they of it', () => {
    const state = withOne({ isAway: true, sessions: [], rib: [], routes: ONE.routes.slice(0, 2) });
    expect(violationsOf(state, 'all')).toEqual([]);
  });
});
