import type { NodeExplanation } from '@weft/control';
import { prefix } from '@weft/ip';
import { describe, expect, test } from 'vitest';
import {
  ADDRESS,
  affinity,
  BLOCK,
  block,
  cluster,
  owner,
  POOL,
  path,
  receiver,
  route,
  session,
} from '../test/fixture.ts';
import { explainFrom } from './chain.ts';
import type { Stage } from './hop.ts';

type Case = readonly [
  name: string,
  stage: Stage,
  rule: string | undefined,
  says: string,
  changes: Parameters<typeof cluster>[0],
];

const exportTo = (rule: string): Partial<NodeExplanation> => ({
  prefixes: [{ prefix: BLOCK, paths: [], exports: [{ peer: '10.0.0.2', told: false, rule }] }],
});

const received = (change: Parameters<typeof path>[1], noRoute?: string): Partial<NodeExplanation> => ({
  prefixes: [{ prefix: BLOCK, paths: [path('10.0.0.1', change)], exports: [], ...(noRoute && { noRoute }) }],
});

const idle = { state: 'Active', lastError: 'hold timer expired' } as const;

const NO: readonly Case[] = [
  [
    'no pool holds it',
    'pool',
    undefined,
    'no IPPool holds 192.0.2.1',
    { destination: '192.0.2.1/32', receiver: { prefixes: [] } },
  ],
  [
    'a prefix is wider than blocks',
    'pool',
    undefined,
    `for example ${BLOCK}`,
    { destination: '10.1.0.0/16' },
  ],
  [
    'the address is free',
    'address',
    undefined,
    `nobody has it: it is free in the block ${BLOCK}`,
    { destination: '10.1.0.9/32', snapshot: { workloads: [] } },
  ],
  [
    'the address is free, and the pool is disabled',
    'address',
    undefined,
    'and IPPool pods is disabled',
    {
      destination: '10.1.0.9/32',
      snapshot: { workloads: [], pools: [{ ...POOL, spec: { ...POOL.spec, disabled: true } }] },
    },
  ],
  [
    'no block is claimed',
    'address',
    undefined,
    'no block around it is claimed',
    { snapshot: { workloads: [], blocks: [], affinities: [] } },
  ],
  [
    'the address cools down',
    'address',
    undefined,
    'released at 2026-11-21T20:00:00Z and cools down',
    {
      snapshot: {
        workloads: [],
        blocks: [block({ attributes: [{ releasedAt: '2026-11-21T20:00:00Z' }] as never })],
      },
    },
  ],
  [
    'the address has leaked',
    'address',
    'handle h1',
    'no WorkloadEndpoint has it',
    { snapshot: { workloads: [] } },
  ],
  [
    'the claim is pending',
    'block',
    'affinity pending',
    `the claim of node1 on ${BLOCK} is still pending`,
    { destination: BLOCK, snapshot: { affinities: [affinity({ state: 'pending' })] } },
  ],
  [
    'the block is being given up',
    'block',
    'affinity pendingDeletion',
    'is being given up',
    { destination: BLOCK, snapshot: { affinities: [affinity({ state: 'pendingDeletion' })] } },
  ],
  [
    'the block has no owner',
    'block',
    undefined,
    `${BLOCK} belongs to no node`,
    { destination: BLOCK, snapshot: { affinities: [] } },
  ],
  [
    'the owner does not know the container',
    'endpoint',
    undefined,
    'has no endpoint',
    { owner: { endpoints: [] } },
  ],
  ['the owner wants no host route', 'host route', undefined, 'wants no route', { owner: { routes: [] } }],
  [
    'the host route waits for its interface',
    'host route',
    'waiting',
    'waits for its interface: there is no cali1',
    {
      owner: {
        routes: [
          route({
            prefix: `${ADDRESS}/32`,
            class: 'local-workload',
            state: 'waiting',
            detail: 'there is no cali1',
          }),
        ],
      },
    },
  ],
  [
    'another route takes the packets on the owner',
    'host route',
    'protocol static',
    `${ADDRESS}/32 via 10.0.0.9 dev eth0 proto static: it comes first`,
    { owner: { lookup: lookup({ protocol: 'static', metric: 0, prefix: `${ADDRESS}/32` }) } },
  ],
  [
    'the owner speaks no BGP',
    'announced',
    'there is no Node node1',
    'node1 speaks no BGP',
    { owner: { noBgp: 'there is no Node node1' } },
  ],
  [
    'the owner does not announce it',
    'announced',
    'the claim on the block is pending',
    `does not announce ${BLOCK}`,
    {
      owner: {
        announcements: [{ prefix: BLOCK, announced: false, reason: 'the claim on the block is pending' }],
      },
    },
  ],
  [
    'the owner knows of nothing to announce',
    'announced',
    undefined,
    'has nothing to announce for it',
    { owner: { announcements: [] } },
  ],
  [
    'the mesh is off',
    'session',
    'the mesh asks for it; the mesh is off',
    'node1 has no session with node2',
    {
      owner: {
        sessions: [
          {
            peer: 'node2',
            configured: false,
            reason: 'the mesh asks for it; the mesh is off',
          },
        ],
      },
      receiver: { sessions: [], prefixes: [] },
    },
  ],
  [
    'only one end has the session',
    'session',
    'nothing asks for it',
    'node2 has no session with node1',
    { receiver: { sessions: [], prefixes: [] } },
  ],
  [
    'the session is down',
    'session',
    'the mesh has it with node2',
    'node1 is Active, hold timer expired; node2 is Active, hold timer expired',
    {
      owner: { sessions: [session('node2', '10.0.0.2', idle)] },
      receiver: { sessions: [session('node1', '10.0.0.1', idle)], prefixes: [] },
    },
  ],
  [
    'a BGPFilter keeps it from being exported',
    'export',
    'BGPFilter quiet exportV4[0]',
    `node1 does not send ${BLOCK} to node2`,
    { owner: exportTo('BGPFilter quiet exportV4[0]'), receiver: { prefixes: [] } },
  ],
  [
    'the pool is not exported',
    'export',
    'IPPool pods with disableBGPExport',
    'does not send',
    { owner: exportTo('IPPool pods with disableBGPExport'), receiver: { prefixes: [] } },
  ],
  [
    'the speaker itself keeps it',
    'export',
    'no-export',
    'the community NO_EXPORT',
    { owner: exportTo('no-export'), receiver: { prefixes: [] } },
  ],
  ['it has not arrived', 'import', undefined, `node2 has not got ${BLOCK}`, { receiver: { prefixes: [] } }],
  [
    'a BGPFilter keeps it out',
    'import',
    'BGPFilter deaf importV4[1]',
    'does not let in',
    {
      receiver: received({
        best: false,
        importRule: 'BGPFilter deaf importV4[1]',
        lost: { kind: 'rejected', rule: 'BGPFilter deaf importV4[1]' },
      }),
    },
  ],
  [
    'it has been through the own AS',
    'import',
    'as-loop',
    'AS_PATH',
    { receiver: received({ best: false, lost: { kind: 'rejected', rule: 'as-loop' } }) },
  ],
  [
    'its next hop is not reachable',
    'next hop',
    'no route to 10.0.0.1',
    'does not reach the next hop',
    {
      receiver: {
        ...received({ best: false, lost: { kind: 'next-hop-unreachable' } }),
        nextHops: [{ address: '10.0.0.1', reachable: false, reason: 'no route to 10.0.0.1' }],
      },
    },
  ],
  [
    'another path is better',
    'best path',
    'local-pref',
    'prefers the path of 10.0.0.9 at the step local-pref: 200 against 100',
    {
      receiver: received({
        best: false,
        lost: {
          kind: 'decision',
          step: 'local-pref',
          value: '100',
          against: '10.0.0.9',
          againstValue: '200',
        },
      }),
    },
  ],
  [
    'nothing is chosen yet',
    'best path',
    'End-of-RIB',
    'has not chosen yet',
    { receiver: received({ best: false, lost: { kind: 'not-selected-yet' } }) },
  ],
  [
    'it lies in a range of services',
    'route',
    'it lies in the service range 10.1.0.0/16',
    'writes no route',
    { receiver: received({}, 'it lies in the service range 10.1.0.0/16') },
  ],
  [
    'the route is pending',
    'route',
    'pending',
    'is wanted and not in the kernel',
    { receiver: { routes: [route({ state: 'pending' })] } },
  ],
  [
    'the kernel refuses the route',
    'route',
    'failed',
    'refuses 10.1.0.0/26 via 10.0.0.1 dev eth0: ENETUNREACH',
    { receiver: { routes: [route({ state: 'failed', detail: 'ENETUNREACH' })] } },
  ],
  [
    'another class has its place',
    'route',
    'shadowed',
    'has to stand back',
    { receiver: { routes: [route({ state: 'shadowed' })] } },
  ],
  [
    'the route is a left-over',
    'route',
    'stale',
    'nobody wants it any more',
    { receiver: { routes: [route({ state: 'stale' })] } },
  ],
  ['no route is wanted', 'route', undefined, 'wants no route', { receiver: { routes: [] } }],
  [
    'a more specific route of others takes the packets',
    'lookup',
    'protocol static',
    'it is more specific',
    { receiver: { lookup: lookup({ protocol: 'static', prefix: `${ADDRESS}/32` }) } },
  ],
  [
    'a policy rule leads to another table',
    'lookup',
    'protocol boot',
    'a rule leads to table 100',
    { receiver: { lookup: lookup({ protocol: 'boot', prefix: '0.0.0.0/0', table: 100 }) } },
  ],
  [
    'a route drops the packets',
    'lookup',
    'protocol static',
    `blackhole ${ADDRESS}/32`,
    {
      receiver: {
        lookup: {
          address: ADDRESS,
          dropping: {
            prefix: `${ADDRESS}/32`,
            type: 'blackhole',
            via: [],
            metric: 0,
            table: 254,
            protocol: 'static',
          },
        },
      },
    },
  ],
  [
    'the kernel has no route after all',
    'lookup',
    undefined,
    'finds no way',
    { receiver: { lookup: { address: ADDRESS } } },
  ],
];

function lookup(change: object): NonNullable<NodeExplanation['lookup']> {
  return {
    address: ADDRESS,
    route: {
      prefix: BLOCK,
      type: 'unicast',
      via: [{ gateway: '10.0.0.9', interface: 'eth0' }],
      metric: 1024,
      table: 254,
      protocol: 'weft',
      ...change,
    },
  };
}

describe('the verdict is NO', () => {
  test.each(NO)('%s', (_, stage, rule, says, changes) => {
    const { hops, verdict } = explainFrom(cluster(changes), 'node2');
    expect(verdict).toMatchObject({ answer: 'no', stage, sentence: expect.stringContaining(says) });
    expect(verdict.rule).toBe(rule);
    expect(hops.find(({ answer }) => answer === 'no')).toMatchObject({ stage });
  });
});

describe('the verdict is yes', () => {
  test('each hop of the whole way is taken', () => {
    const { hops, owner: has, verdict } = explainFrom(cluster(), 'node2');
    expect(verdict).toEqual({
      answer: 'yes',
      sentence: `node2 has a way to ${ADDRESS} (default/web) on node1.`,
    });
    expect(has).toBe('node1');
    expect(hops.map(({ answer, node = '', stage }) => `${answer} ${node} ${stage}`)).toEqual([
      'yes  pool',
      'yes  address',
      'yes  block',
      'yes node1 endpoint',
      'yes node1 host route',
      'note node1 source guard',
      'yes node1 announced',
      'yes node1 session',
      'yes node1 export',
      'yes node2 import',
      'yes node2 next hop',
      'yes node2 best path',
      'yes node2 route',
      'yes node2 lookup',
    ]);
  });

  test('on the node that has it nothing of BGP is asked', () => {
    const { hops, verdict } = explainFrom(cluster({ owner: { sessions: [], announcements: [] } }), 'node1');
    expect(verdict.answer).toBe('yes');
    expect(hops.filter(({ answer }) => answer === 'yes').at(-1)?.stage).toBe('host route');
  });

  test('what a disabled pool has given out stays', () => {
    const pools = [{ ...POOL, spec: { ...POOL.spec, disabled: true } }];
    const { hops, verdict } = explainFrom(cluster({ snapshot: { pools } }), 'node2');
    expect(verdict.answer).toBe('yes');
    expect(hops[0]).toMatchObject({ answer: 'note', rule: 'spec.disabled' });
  });

  test('a borrowed address is announced by itself', () => {
    const host = `${ADDRESS}/32`;
    const input = cluster({
      snapshot: { affinities: [affinity({ node: 'node3' })] },
      owner: {
        announcements: [{ prefix: host, announced: true, reason: 'it lies in no block of this node' }],
        prefixes: [
          { prefix: host, paths: [], exports: [{ peer: '10.0.0.2', told: true, rule: 'IPPool pods' }] },
        ],
      },
      receiver: {
        prefixes: [{ prefix: host, paths: [path('10.0.0.1')], exports: [] }],
        routes: [route({ prefix: host })],
        lookup: lookup({ prefix: host }),
      },
    });
    const { hops, verdict } = explainFrom(input, 'node2');
    expect(verdict.answer).toBe('yes');
    expect(hops.find(({ stage }) => stage === 'block')).toMatchObject({
      answer: 'note',
      says: expect.stringContaining('borrowed: 10.1.0.0/26 is a block of node3'),
    });
  });

  test('a foreign route that leads the same way is no obstacle', () => {
    const via = [{ gateway: '10.0.0.1', interface: 'eth0' }];
    const { verdict, hops } = explainFrom(
      cluster({ receiver: { lookup: lookup({ protocol: 'static', prefix: '10.1.0.0/27', via }) } }),
      'node2',
    );
    expect(verdict.answer).toBe('yes');
    expect(hops.at(-1)).toMatchObject({ answer: 'note', says: expect.stringContaining('the same way') });
  });

  test('paths kept of a peer that restarts count, though its session is down', () => {
    const input = cluster({
      owner: { sessions: [session('node2', '10.0.0.2', idle)] },
      receiver: { ...received({ stale: true }), sessions: [session('node1', '10.0.0.1', idle)] },
    });
    const { hops, verdict } = explainFrom(input, 'node2');
    expect(verdict.answer).toBe('yes');
    expect(hops.find(({ stage }) => stage === 'session')).toMatchObject({
      answer: 'note',
      says: expect.stringContaining('keeps what node1 had sent as stale'),
    });
  });

  test('a way that came from outside is explained where no pool holds the address', () => {
    const input = cluster({
      destination: '192.0.2.1/32',
      receiver: {
        prefixes: [
          {
            prefix: '0.0.0.0/0',
            paths: [path('10.0.0.254', { nextHop: '10.0.0.254', source: 'external' })],
            exports: [],
          },
        ],
        routes: [route({ prefix: '0.0.0.0/0' })],
        lookup: lookup({ prefix: '0.0.0.0/0' }),
      },
    });
    const { hops, verdict } = explainFrom(input, 'node2');
    expect(verdict.answer).toBe('yes');
    expect(hops[0]).toMatchObject({ stage: 'pool', answer: 'note' });
    expect(hops[1]?.says).toBe('0.0.0.0/0: node2 has it from 10.0.0.254');
  });
});

test('a route that the fuse holds is told beside the verdict', () => {
  const held = route({
    reason: 'held by the fuse since 10.0.0.1 withdrew it with many others; it was learned',
  });
  const { hops, verdict } = explainFrom(cluster({ receiver: { prefixes: [], routes: [held] } }), 'node2');
  expect(verdict).toMatchObject({ answer: 'no', stage: 'import' });
  expect(hops.find(({ stage }) => stage === 'route')).toMatchObject({
    answer: 'note',
    says: expect.stringContaining('still in the kernel of node2: held by the fuse'),
  });
});

describe('nobody could be asked', () => {
  const silent = { kind: 'not-asked', reason: 'there is no control socket' } as const;

  test('the owner: what its peer has of it shows that it was sent, and the rest is unknown', () => {
    const { hops, verdict } = explainFrom(cluster({ owner: silent }), 'node2');
    expect(verdict).toMatchObject({
      answer: 'unknown',
      stage: 'daemon',
      sentence: 'Nothing that was asked is against it, but node1 was not asked: there is no control socket.',
    });
    expect(hops.find(({ stage }) => stage === 'export')).toMatchObject({ answer: 'yes' });
    expect(hops.at(-1)).toMatchObject({ stage: 'lookup', answer: 'yes' });
  });

  test('the node it is seen from', () => {
    const { hops, verdict } = explainFrom(cluster({ receiver: silent }), 'node2');
    expect(verdict.answer).toBe('unknown');
    expect(hops.find(({ stage }) => stage === 'export')).toMatchObject({ answer: 'yes' });
    expect(hops.at(-1)).toMatchObject({ stage: 'daemon', node: 'node2', answer: 'unknown' });
  });

  test('a node that nothing is known of', () => {
    const { verdict } = explainFrom(cluster(), 'node3');
    expect(verdict).toMatchObject({ answer: 'no', stage: 'session' });
  });
});

describe('over a route reflector', () => {
  const toReflector = {
    peer: '10.0.0.253',
    port: 179,
    configured: true,
    reason: 'BGPPeer rr',
    state: 'Established',
  } as const;
  const exported = (peer: string, told: boolean, rule: string): NodeExplanation['prefixes'] => [
    { prefix: BLOCK, paths: [path('10.0.0.1')], exports: [{ peer, told, rule }] },
  ];

  function reflector(changes: Partial<NodeExplanation> = {}): NodeExplanation {
    return owner({
      node: 'rr',
      role: 'route-reflector',
      addresses: ['127.0.0.1', '10.0.0.253'],
      endpoints: [],
      announcements: [],
      routes: [],
      prefixes: exported('10.0.0.2', true, 'default'),
      sessions: [session('node1', '10.0.0.1'), session('node2', '10.0.0.2')],
      ...changes,
    });
  }

  function reflected(changes: Partial<NodeExplanation> = {}): ReturnType<typeof cluster> {
    return cluster({
      owner: {
        sessions: [toReflector],
        prefixes: [
          { prefix: BLOCK, paths: [], exports: [{ peer: '10.0.0.253', told: true, rule: 'own block' }] },
        ],
      },
      receiver: {
        sessions: [toReflector],
        prefixes: [{ prefix: BLOCK, paths: [path('10.0.0.253')], exports: [] }],
      },
      others: [reflector(changes)],
    });
  }

  test('each session on the way is a step', () => {
    const { hops, verdict } = explainFrom(reflected(), 'node2');
    expect(verdict.answer).toBe('yes');
    expect(hops.filter(({ stage }) => /session|export|import/.test(stage)).map(({ says }) => says)).toEqual([
      'node1 and rr have a session',
      `node1 sends ${BLOCK} to rr`,
      'rr has it from node1',
      'rr and node2 have a session',
      `rr sends ${BLOCK} to node2`,
      'node2 has it from rr',
    ]);
  });

  test('what does not reflect is named', () => {
    const input = reflected({ prefixes: exported('10.0.0.2', false, 'ibgp-to-ibgp') });
    const { verdict } = explainFrom(
      {
        ...input,
        answers: new Map(input.answers).set('node2', {
          kind: 'answered',
          explanation: receiver({ sessions: [toReflector], prefixes: [] }),
        }),
      },
      'node2',
    );
    expect(verdict).toMatchObject({ answer: 'no', stage: 'export', rule: 'ibgp-to-ibgp' });
    expect(verdict.next).toContain('routeReflectorClusterID');
  });

  test('a reflector that cannot be asked is passed by what its clients say', () => {
    const input = reflected();
    const answers = new Map(input.answers);
    answers.delete('rr');
    const { hops, verdict } = explainFrom({ ...input, answers }, 'node2');
    expect(hops.find(({ says }) => says === `node2 has it from 10.0.0.253`)).toBeDefined();
    expect(verdict.answer).toBe('yes');
    expect(hops.find(({ says }) => says.includes('10.0.0.253 takes'))).toMatchObject({ answer: 'note' });
  });

  test('of two reflectors the one that works is told', () => {
    const second = { ...toReflector, peer: '10.0.0.252' };
    const down = session('rr2', '10.0.0.252', { ...idle, reason: 'BGPPeer rr2' });
    const input = reflected();
    const both: ReturnType<typeof cluster> = {
      ...input,
      answers: new Map(input.answers)
        .set('node1', {
          kind: 'answered',
          explanation: owner({
            sessions: [down, toReflector],
            prefixes: [
              { prefix: BLOCK, paths: [], exports: [{ peer: '10.0.0.253', told: true, rule: 'own block' }] },
            ],
          }),
        })
        .set('node2', {
          kind: 'answered',
          explanation: receiver({
            sessions: [second, toReflector],
            prefixes: [{ prefix: BLOCK, paths: [path('10.0.0.253')], exports: [] }],
          }),
        }),
    };
    expect(explainFrom(both, 'node2').verdict.answer).toBe('yes');
  });
});

describe('a block that VXLAN carries', () => {
  const reason = 'IPPool pods (VXLAN Always): by vxlan.calico to node1 at 10.0.0.1';
  const via = [{ gateway: '10.1.0.0', interface: 'vxlan.calico' }];
  const byTunnel: Partial<NodeExplanation> = {
    ...received({}, reason),
    routes: [route({ class: 'vxlan', via, reason })],
    lookup: lookup({ via }),
  };
  const pools = [{ ...POOL, spec: { ...POOL.spec, vxlanMode: 'Always' as const } }];
  const noMesh = (peer: string): Partial<NodeExplanation> => ({
    sessions: [{ peer, configured: false, reason: 'the mesh asks for it; the mesh is off' }],
    prefixes: [],
  });

  test('has its route, though BGP knows of it and gets none', () => {
    const { hops, verdict } = explainFrom(cluster({ snapshot: { pools }, receiver: byTunnel }), 'node2');
    expect(verdict.answer).toBe('yes');
    expect(hops.slice(6).map(({ answer, stage }) => `${answer} ${stage}`)).toEqual([
      'note announced',
      'note session',
      'note export',
      'note import',
      'yes route',
      'yes lookup',
    ]);
    expect(hops.find(({ stage }) => stage === 'route')).toMatchObject({ rule: reason });
  });

  test('needs no session', () => {
    const input = cluster({
      snapshot: { pools },
      owner: noMesh('node2'),
      receiver: { ...byTunnel, ...noMesh('node1') },
    });
    const { hops, verdict } = explainFrom(input, 'node2');
    expect(verdict.answer).toBe('yes');
    expect(hops.find(({ stage }) => stage === 'session')).toMatchObject({ answer: 'note' });
  });

  test('needs no BGP on its owner', () => {
    const input = cluster({ owner: { noBgp: 'no AS number', announcements: [] }, receiver: byTunnel });
    expect(explainFrom(input, 'node2').verdict.answer).toBe('yes');
  });

  test('is out of reach while its route waits for the device', () => {
    const waiting = route({ class: 'vxlan', via, reason, state: 'waiting', detail: 'vxlan.calico is down' });
    const input = cluster({ snapshot: { pools }, receiver: { ...byTunnel, routes: [waiting] } });
    expect(explainFrom(input, 'node2').verdict).toMatchObject({
      answer: 'no',
      stage: 'route',
      rule: 'waiting',
    });
  });

  test('is unknown to a node that was not asked, whatever BGP says', () => {
    const input = cluster({
      snapshot: { pools },
      owner: noMesh('node2'),
      receiver: { kind: 'not-asked', reason: 'out of reach' },
    });
    expect(explainFrom(input, 'node2').verdict).toMatchObject({ answer: 'unknown', stage: 'daemon' });
  });
});

test('a block is followed like an address, from its announcement on', () => {
  const { hops, verdict } = explainFrom(cluster({ destination: BLOCK }), 'node2');
  expect(verdict.sentence).toBe(`node2 has a way to ${prefix(BLOCK)} on node1.`);
  expect(hops.map(({ stage }) => stage)).not.toContain('host route');
});
