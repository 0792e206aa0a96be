import { type CalcInput, DEFAULT_FELIX_SETTINGS, DEFAULT_SETTINGS } from '@weft/calc';
import { prefix } from '@weft/ip';
import { expect, it } from 'vitest';
import { type LineContent, RECORD_FORMAT } from './line.ts';
import { InputChanges, inputOf } from './objects.ts';
import { ReplayedNode } from './replayed-node.ts';

const BLOCK = prefix('10.1.0.0/26');
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
    nodeDigest: '00',
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
