import { describe, expect, test } from 'vitest';
import { explainQuerySchema, type NodeExplanation, nodeExplanationSchema } from './explain.ts';
import { explainPeerQuerySchema, type PeerExplanation, peerExplanationSchema } from './explain-peer.ts';

const route = {
  prefix: '10.1.0.0/26',
  type: 'unicast',
  via: [{ gateway: '10.0.0.2', interface: 'eth0' }],
  metric: 1024,
} as const;

const explanation: NodeExplanation = {
  node: 'n1',
  role: 'node',
  addresses: ['10.0.0.1'],
  port: 179,
  noBgp: 'there is no Node n1',
  notCurrent: 'the datastore does not answer',
  pools: [{ name: 'pods', cidr: '10.1.0.0/16', unusable: 'it is disabled', notAutomatic: 'by name only' }],
  affinities: [{ block: '10.1.0.0/26', node: 'n2', state: 'confirmed' }],
  endpoints: [{ name: 'default/a', hostInterface: 'cali1', addresses: ['10.1.0.5/32'] }],
  announcements: [{ prefix: '10.1.0.0/26', announced: false, reason: 'pending' }],
  prefixes: [
    {
      prefix: '10.1.0.0/26',
      paths: [
        {
          peer: '10.0.0.2',
          nextHop: '10.0.0.2',
          origin: 'igp',
          asPath: '64513',
          localPreference: 100,
          med: 0,
          communities: ['64512:1'],
          stale: false,
          source: 'internal',
          best: false,
          multipath: false,
          importRule: 'default',
          lost: {
            kind: 'decision',
            step: 'med',
            value: '0',
            against: '10.0.0.3',
            againstValue: '1',
            rule: 'x',
          },
        },
      ],
      exports: [{ peer: '10.0.0.3', told: false, rule: 'ibgp-to-ibgp' }],
      noRoute: 'it has no next hop',
    },
  ],
  nextHops: [{ address: '10.0.0.2', reachable: true, reason: 'on eth0' }],
  routes: [{ ...route, class: 'no-encap', state: 'failed', reason: 'learned', detail: 'EPERM' }],
  lookup: {
    address: '10.1.0.0',
    route: { ...route, table: 254, protocol: 'weft' },
    dropping: { ...route, table: 254, protocol: 'static' },
  },
  nat: ['natOutgoing of pods'],
  sessions: [
    {
      peer: '10.0.0.2',
      node: 'n2',
      port: 179,
      configured: true,
      reason: 'the mesh',
      state: 'Idle',
      lastError: 'x',
    },
  ],
};

const peer: PeerExplanation = {
  node: 'n1',
  asn: 64512,
  addresses: ['10.0.0.1'],
  noBgp: 'there is no Node n1',
  peerNode: 'n2',
  sessions: [
    {
      ...explanation.sessions[0],
      peer: '10.0.0.2',
      configured: true,
      reason: 'the mesh',
      type: 'global',
      passive: true,
      asn: 64512,
      localAsn: 65009,
      localAddress: '10.0.0.1',
      password: true,
      since: '2026-11-21T09:00:00.000Z',
      established: 3,
      bfd: 'Down',
      families: [{ family: 'ipv4-unicast', received: 1, rejected: 0, advertised: 2 }],
      importRules: ['BGPFilter a importV4[0]'],
      exportRules: [],
    },
  ],
};

describe('explanations on the wire', () => {
  test('keep every field', () => {
    expect(nodeExplanationSchema.parse(JSON.parse(JSON.stringify(explanation)))).toEqual(explanation);
    expect(peerExplanationSchema.parse(JSON.parse(JSON.stringify(peer)))).toEqual(peer);
  });

  test.each(['10.1.0.5', '10.1.0.0/26', 'fd00::1', 'fd00::/64'])('%s may be asked about', (prefix) => {
    expect(explainQuerySchema.parse({ prefix })).toEqual({ prefix });
  });

  test.each(['', 'pod-1', '10.1.0', '10.1.0.0/33'])('"%s" may not', (prefix) => {
    expect(explainQuerySchema.safeParse({ prefix }).success).toBe(false);
  });

  test('a peer is asked about by its address', () => {
    expect(explainPeerQuerySchema.safeParse({ address: 'fd00::1' }).success).toBe(true);
    expect(explainPeerQuerySchema.safeParse({ address: '10.0.0.0/24' }).success).toBe(false);
  });
});
