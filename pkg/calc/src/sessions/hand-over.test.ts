import { address, prefix } from '@weft/ip';
import type { PeerConfig, SoleRoutes } from 'bgp-speaker-ts';
import { describe, expect, it } from 'vitest';
import { HAND_OVER_MS, type HandOverInput, handOver, type RunningSession } from './hand-over.ts';
import type { SessionDecision } from './sessions.ts';

const NODE = '10.0.0.2';
const REFLECTOR = '10.0.0.253';
const OTHER_REFLECTOR = '10.0.0.252';
const TOR = '10.0.0.254';
const NOW = 1_000_000;

const peer = (name: string, special: Partial<PeerConfig> = {}): PeerConfig => ({
  address: address(name),
  asn: 64512,
  passive: false,
  families: ['ipv4-unicast', 'ipv6-unicast'],
  nextHop: 'auto',
  nextHopAddresses: {},
  importPolicy: [],
  exportPolicy: [],
  ...special,
});

const session = (name: string): Extract<SessionDecision, { kind: 'session' }> => ({
  kind: 'session',
  name: `Mesh_${name}`,
  peer: address(name),
  type: 'node-to-node mesh',
  passive: false,
  families: ['ipv4-unicast', 'ipv6-unicast'],
  reason: 'the mesh has it',
});

const up = (name: string, special: Partial<PeerConfig> = {}): RunningSession => ({
  config: peer(name, special),
  settled: true,
  since: NOW - 10 * HAND_OVER_MS,
});

const bgpPeer = (name: string): SessionDecision => ({ ...session(name), type: 'global' });

/** A router that is wanted since so long, and not up. */
const newcomer = (ageMs: number): RunningSession => ({
  config: peer(OTHER_REFLECTOR, { asn: 65001 }),
  settled: false,
  since: NOW - ageMs,
});

const onlyBy = (...names: string[]): Map<ReturnType<typeof address>, SoleRoutes> =>
  new Map(names.map((name) => [address(name), { prefixes: 3, example: prefix('10.244.0.0/26') }]));

/** What there is and what is wanted, by address; every peer of the past was decided on. */
function inputOf(
  running: readonly RunningSession[],
  wanted: readonly PeerConfig[],
  given: Partial<HandOverInput> = {},
): HandOverInput {
  return {
    running,
    wanted,
    decisions: wanted.map((config) => session(config.address)),
    former: running.map(({ config }) => session(config.address)),
    awaitedSince: [],
    soleRoutes: () => new Map(),
    soleRoutesOfCluster: () => undefined,
    asn: 64512,
    nodeAddresses: [address(NODE)],
    now: NOW,
    ...given,
  };
}

interface Row {
  readonly name: string;
  readonly input: HandOverInput;
  readonly expected: 'kept' | 'cease' | 'no cease';
}

const alone = { soleRoutes: () => onlyBy(NODE, REFLECTOR, TOR) };

describe('a session that nobody asks for any more', () => {
  it.each<Row>([
    {
      name: 'with a node is kept while only it leads somewhere: the node stays in the cluster, whatever comes after the mesh',
      input: inputOf([up(NODE)], [], alone),
      expected: 'kept',
    },
    {
      name: 'with a node ends when all has another way, and the node keeps our routes: it may have none',
      input: inputOf([up(NODE), up(REFLECTOR)], [peer(REFLECTOR)]),
      expected: 'no cease',
    },
    {
      name: 'with a node that is gone ends at once: there is nobody to hand over to',
      input: inputOf([up(NODE)], [], {
        ...alone,
        nodeAddresses: [],
        former: [{ ...session(NODE), node: 'node2' }],
      }),
      expected: 'cease',
    },
    {
      name: 'with a router that goes for good ends at once: that is what the operator wants, and the peer is to know',
      input: inputOf([up(TOR, { asn: 65000 }), up(NODE)], [peer(NODE)], alone),
      expected: 'cease',
    },
    {
      name: 'with a router is kept while another one is on its way',
      input: inputOf([up(TOR, { asn: 65000 })], [peer(OTHER_REFLECTOR, { asn: 65001 })], {
        ...alone,
        decisions: [bgpPeer(OTHER_REFLECTOR)],
      }),
      expected: 'kept',
    },
    {
      name: 'with a reflector is kept, even before anything is there in its place: it brings the routes of nodes',
      input: inputOf([up(REFLECTOR)], [], alone),
      expected: 'kept',
    },
    {
      name: 'with a router is kept while the other is up and has not sent all',
      input: inputOf([up(TOR, { asn: 65000 }), newcomer(1000)], [peer(OTHER_REFLECTOR, { asn: 65001 })], {
        ...alone,
        decisions: [bgpPeer(OTHER_REFLECTOR)],
      }),
      expected: 'kept',
    },
    {
      name: 'with a router ends at once beside one that has not come up for long: it takes nobody’s place',
      input: inputOf(
        [up(TOR, { asn: 65000 }), newcomer(HAND_OVER_MS)],
        [peer(OTHER_REFLECTOR, { asn: 65001 })],
        { ...alone, decisions: [bgpPeer(OTHER_REFLECTOR)] },
      ),
      expected: 'cease',
    },
    {
      name: 'with a router is kept while somebody is waited for on an interface, who may take its place',
      input: inputOf([up(TOR, { asn: 65000 })], [], { ...alone, awaitedSince: [NOW - 1000] }),
      expected: 'kept',
    },
    {
      name: 'with a router ends at once where nobody was heard on an interface for long',
      input: inputOf([up(TOR, { asn: 65000 })], [], { ...alone, awaitedSince: [NOW - HAND_OVER_MS] }),
      expected: 'cease',
    },
    {
      name: 'with a router ends at once while a node joins the mesh: that is no router',
      input: inputOf([up(TOR, { asn: 65000 })], [peer(NODE)], alone),
      expected: 'cease',
    },
    {
      name: 'stays kept when the other has sent all it had: others may not have come to it yet',
      input: inputOf([up(TOR, { asn: 65000 }), up(OTHER_REFLECTOR)], [peer(OTHER_REFLECTOR)], {
        ...alone,
        former: [{ ...session(TOR), keptUntil: NOW + 1 }],
      }),
      expected: 'kept',
    },
    {
      name: 'ends when its time is over, with or without another way',
      input: inputOf([up(NODE)], [], { ...alone, former: [{ ...session(NODE), keptUntil: NOW }] }),
      expected: 'no cease',
    },
    {
      name: 'ends at once where it is asked for and its password is not known: it must not be there',
      input: inputOf([up(NODE)], [], {
        ...alone,
        decisions: [
          { kind: 'left-out', peer: NODE, type: 'global', reason: 'no password', lacksPassword: true },
        ],
      }),
      expected: 'cease',
    },
    {
      name: 'is kept where a BGPPeer names it for other nodes than this one',
      input: inputOf([up(NODE)], [], {
        ...alone,
        decisions: [{ kind: 'left-out', peer: NODE, type: 'global', reason: 'it is for node7' }],
      }),
      expected: 'kept',
    },
  ])('$name', ({ input, expected }) => {
    const { peers, withoutCease } = handOver(input);
    const leaver = input.running[0]?.config.address ?? '';
    const isKept = peers.some((config) => config.address === leaver);
    expect(isKept ? 'kept' : withoutCease.includes(address(leaver)) ? 'no cease' : 'cease').toBe(expected);
  });

  it('says what it is kept for, and until when at most, which does not move', () => {
    const first = handOver(inputOf([up(NODE)], [], alone));
    expect(first.decisions).toEqual([
      {
        ...session(NODE),
        keptUntil: NOW + HAND_OVER_MS,
        reason: 'no resource asks for it any more, and nothing else leads to 10.244.0.0/26 and 2 more yet',
      },
    ]);
    const again = inputOf([up(NODE)], [], { ...alone, former: first.decisions, now: NOW + 5000 });
    expect(handOver(again).decisions).toEqual(first.decisions);
  });

  it('keeps the way to its peer', () => {
    const way = { peer: address(REFLECTOR), gateway: address('10.0.0.250'), askedBy: 'BGPPeer reflector' };
    const former = [{ ...session(REFLECTOR), way }];
    expect(handOver(inputOf([up(REFLECTOR)], [], { ...alone, former })).decisions).toMatchObject([{ way }]);
  });

  it('is one like any other when it is asked for again', () => {
    const former = [{ ...session(NODE), keptUntil: NOW + 1 }];
    const input = inputOf([up(NODE)], [peer(NODE)], { former });
    expect(handOver(input)).toEqual({
      peers: input.wanted,
      decisions: input.decisions,
      withoutCease: [],
      pending: false,
    });
  });
});

describe('a reflector that becomes an ordinary node', () => {
  const client = { routeReflectorClient: true, clusterId: address('1.0.0.1') };
  const wanted = [peer(NODE, { exportPolicy: [{ name: 'new', action: 'accept' }], password: 'new' })];

  it('goes on reflecting to its clients for a while, without its ID, and takes all else over', () => {
    const { decisions, peers, pending } = handOver(inputOf([up(NODE, client)], wanted));
    expect(peers).toEqual([peer(NODE, { routeReflectorClient: true, password: 'new' })]);
    expect(decisions).toMatchObject([
      { keptUntil: NOW + HAND_OVER_MS, reason: expect.stringContaining('reflected for now') },
    ]);
    expect(pending).toBe(true);
  });

  it('keeps a client that is to be no peer any more, without its ID, too', () => {
    expect(handOver(inputOf([up(NODE, client)], [], alone)).peers).toEqual([
      peer(NODE, { routeReflectorClient: true }),
    ]);
  });

  it('goes on telling another reflector the best way alone: ten that reflect all to each other had no end of them', () => {
    const former = { ...client, addPath: 'both', addPathBestOnly: true } as const;
    const all = [peer(NODE, { addPath: 'both' })];
    expect(handOver(inputOf([up(NODE, former)], all)).peers).toMatchObject([{ addPathBestOnly: true }]);
  });

  it('stops then', () => {
    const former = [{ ...session(NODE), keptUntil: NOW }];
    const input = inputOf([up(NODE, client)], wanted, { former });
    expect(handOver(input)).toMatchObject({ peers: wanted, decisions: input.decisions, pending: false });
  });
});

describe('a node that becomes a reflector of a cluster there is', () => {
  const CLUSTER = address('1.0.0.1');
  const client = { routeReflectorClient: true, clusterId: CLUSTER };
  const wanted = [peer(NODE, client), peer(REFLECTOR)];
  const only = (cluster: string) => ({
    soleRoutesOfCluster: (asked: string, members: readonly string[]) =>
      asked === cluster && `${members}` === REFLECTOR
        ? { prefixes: 2, example: prefix('10.244.0.0/26') }
        : undefined,
  });
  const forNow = peer(NODE, { ...client, clusterId: undefined });

  it('reflects without its ID while with it ways would be lost', () => {
    const { decisions, peers, pending } = handOver(inputOf([up(NODE)], wanted, only(CLUSTER)));
    expect(peers).toEqual([forNow, peer(REFLECTOR)]);
    expect(decisions).toEqual([
      {
        ...session(NODE),
        keptUntil: NOW + HAND_OVER_MS,
        reason:
          'the mesh has it; without cluster 1.0.0.1 for now: only what that has reflected leads to 10.244.0.0/26 and 1 more',
      },
      session(REFLECTOR),
    ]);
    expect(pending).toBe(true);
  });

  it.each([
    ['nothing would be lost', inputOf([up(NODE)], wanted, only('1.0.0.2'))],
    ['it has the ID already', inputOf([up(NODE, client)], wanted, only(CLUSTER))],
    [
      'the time is over, for clients that are new, too',
      inputOf([{ ...up(NODE), config: forNow }], [...wanted, peer(TOR, client)], {
        ...only(CLUSTER),
        former: [{ ...session(NODE), keptUntil: NOW }],
      }),
    ],
  ])('takes it when %s', (_, input) => {
    expect(handOver(input)).toMatchObject({
      peers: input.wanted,
      decisions: input.decisions,
      pending: false,
    });
  });

  it('does so for the clients that come meanwhile, for no longer', () => {
    const all = [...wanted, peer(TOR, client)];
    const former = [{ ...session(NODE), keptUntil: NOW + 5 }];
    const input = inputOf([{ ...up(NODE), config: forNow }], all, { ...only(CLUSTER), former });
    const { decisions, peers } = handOver(input);
    expect(peers.map(({ clusterId }) => clusterId)).toEqual([undefined, undefined, undefined]);
    expect(decisions).toMatchObject([{ keptUntil: NOW + 5 }, {}, { keptUntil: NOW + 5 }]);
  });

  it('keeps the ID it had while the new one would lose ways', () => {
    const former = { ...client, clusterId: address('1.0.0.9') };
    const { peers } = handOver(inputOf([up(NODE, former)], wanted, only(CLUSTER)));
    expect(peers).toEqual([peer(NODE, former), peer(REFLECTOR)]);
  });
});
