import { type CalcInput, DEFAULT_FELIX_SETTINGS, DEFAULT_SETTINGS, type ReflectorInput } from '@weft/calc';
import { address } from '@weft/ip';
import type { BGPPeer, Node } from '@weft/resources';
import { encodeOpen } from 'bgp-speaker-ts';
import { expect, it } from 'vitest';
import { ANNOUNCES, BLOCK, PATH, PEER, updates } from '../test/peer.ts';
import { encodeBase64, type LineContent, RECORD_FORMAT } from './line.ts';
import { InputChanges, inputOf } from './objects.ts';
import { ReplayedNode } from './replayed-node.ts';

const INPUT: CalcInput = {
  nodeName: 'n1',
  nodeNameDigest: new Uint8Array([0]),
  nodes: [],
  pools: [],
  bgpConfigurations: [],
  bgpPeers: [],
  bgpFilters: [],
  blockAffinities: [],
  services: [],
  places: [],
  endpoints: [],
  secrets: new Map(),
  settings: DEFAULT_SETTINGS,
  felix: DEFAULT_FELIX_SETTINGS,
  facts: { interfaces: [], routes: [] },
};
const OBJECTS = new InputChanges().changes(INPUT);

function begin(segment: number, cause: 'full' | 'start'): LineContent {
  return {
    kind: 'begin',
    format: RECORD_FORMAT,
    segment,
    cause,
    node: 'n1',
    nodeDigest: '07'.repeat(32),
    version: '0.0.9',
  };
}

function replayed(...lines: LineContent[]): ReplayedNode {
  const node = new ReplayedNode();
  for (const [at, line] of lines.entries()) node.take({ at, ...line });
  node.finish();
  return node;
}

/** What a fuse holds is announced as recorded, whatever is decided. */
function held(localPref: number): LineContent {
  return { kind: 'decide', scope: 'everything', held: [{ prefix: BLOCK, localPref, reason: 'other words' }] };
}

it('compares prefixes and LOCAL_PREF, not reasons, and names the weftd that recorded', () => {
  const announced = { kind: 'announced', prefix: BLOCK, reason: 'words' } as const;
  const after = (line: LineContent, localPref: number): ReplayedNode =>
    replayed(begin(1, 'start'), ...OBJECTS, held(localPref), line, { kind: 'complete' });
  expect(after({ ...announced, localPref: 100 }, 100).divergences).toEqual([]);
  // Before LOCAL_PREF was written down.
  expect(after(announced, 200).divergences).toEqual([]);
  expect(after({ ...announced, localPref: 100 }, 200).divergences).toMatchObject([
    { recorded: 'announced, LOCAL_PREF 100', replayed: 'announced, LOCAL_PREF 200', recordedBy: '0.0.9' },
  ]);
  expect(after({ kind: 'unannounced', prefix: BLOCK }, 100).divergences).toMatchObject([
    { name: BLOCK, recorded: undefined, replayed: 'announced, LOCAL_PREF 100' },
  ]);
});

it('gives settings that an older weftd did not have their defaults', () => {
  const objects = new Map<string, unknown>([
    ['FelixSettings', { vxlanVni: 7 }],
    ['CalcSettings', { holdTimeSeconds: 30 }],
    ['LocalFacts', INPUT.facts],
  ]);
  expect(inputOf(objects, INPUT)).toMatchObject({
    felix: { ...DEFAULT_FELIX_SETTINGS, vxlanVni: 7 },
    settings: { ...DEFAULT_SETTINGS, holdTimeSeconds: 30 },
  });
});

it('names the segment and the version that it cannot decide from, and goes on with the next', () => {
  const strange: LineContent = { kind: 'put', object: 'Node/n1', value: null };
  const decide: LineContent = { kind: 'decide', scope: 'everything' };
  const announced: LineContent = { kind: 'announced', prefix: BLOCK, reason: 'words' };
  const broken = [...OBJECTS, strange, decide, announced, { kind: 'complete' }] as const;
  const node = replayed(begin(3, 'start'), ...broken, begin(4, 'full'), ...OBJECTS, decide, {
    kind: 'complete',
  });
  expect(node.failures).toEqual([
    expect.stringMatching(/^segment 3, recorded by weftd 0\.0\.9, cannot be decided again: /),
  ]);
  expect(node.divergences).toEqual([]);
  expect(node.desired).toBeDefined();
});

it('decides the sessions and the best paths of a route reflector again, also from a later segment', () => {
  const open = encodeOpen({
    version: 4,
    asn: 64512,
    holdTimeSeconds: 90,
    identifier: 0xc0000202,
    capabilities: [
      { kind: 'multiprotocol', afi: 1, safi: 1 },
      { kind: 'four-octet-as', asn: 64512 },
    ],
  });
  const bgp = { ipv4Address: '192.0.2.2/24' };
  const secretKeyRef = { name: 'passwords', key: 'bgp' };
  const asked = { peerIP: '192.0.2.1', asNumber: 64512, password: { secretKeyRef } };
  const input: ReflectorInput = {
    name: 'n1',
    nameDigest: new Uint8Array(32).fill(7),
    listenPort: 179,
    nodes: [{ kind: 'Node', metadata: { name: 'n2' }, spec: { bgp } } as Node],
    bgpConfigurations: [],
    bgpPeers: [{ kind: 'BGPPeer', metadata: { name: 'reflector' }, spec: asked } as BGPPeer],
    secrets: new Map([['passwords/bgp', 'the value of a secret']]),
    addresses: [address('192.0.2.1')],
    subnets: [],
    settings: DEFAULT_SETTINGS,
  };
  const objects = new InputChanges();
  const changes = objects.changesOfReflector(input);
  expect(objects.changesOfReflector({ ...input, nodes: [...input.nodes] })).toEqual([]);
  const decided: LineContent[] = [
    { kind: 'decide', scope: 'everything' },
    { kind: 'speaker', startedAt: 0, restarting: false },
  ];
  const heard: LineContent[] = [
    { kind: 'session-up', peer: PEER, sent: encodeBase64(open), received: encodeBase64(open) },
    updates(ANNOUNCES),
  ];
  const told = (localPref: number): LineContent => ({
    kind: 'best',
    prefixes: [BLOCK],
    path: { ...PATH, localPref },
  });
  const first = [begin(1, 'start'), ...changes, ...decided, { kind: 'complete' }, ...heard] as const;
  const later = [begin(2, 'start'), ...objects.all(), ...decided, ...heard] as const;
  for (const story of [first, later]) {
    const node = replayed(...story, told(100), { kind: 'complete' });
    expect(JSON.stringify(story)).not.toContain('the value of a secret');
    expect(node.desired?.speaker).toMatchObject({ config: { peers: [{ password: 'secret 1' }] } });
    expect(node.desired?.sessions).toMatchObject([{ kind: 'session', node: 'n2', peer: PEER }]);
    expect([...node.best.keys()]).toEqual([BLOCK]);
    expect(node.routes()).toEqual([]);
    expect({ divergences: node.divergences, failures: node.failures }).toEqual({
      divergences: [],
      failures: [],
    });
    expect(replayed(...story, told(200), { kind: 'complete' }).divergences).not.toEqual([]);
  }
});
