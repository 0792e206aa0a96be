import { type CalcInput, DEFAULT_FELIX_SETTINGS, DEFAULT_SETTINGS } from '@weft/calc';
import { address, prefix } from '@weft/ip';
import type { IPPool, Node } from '@weft/resources';
import { encodeOpen } from 'bgp-speaker-ts';
import { describe, expect, it } from 'vitest';
import { ANNOUNCES, BLOCK, PATH, PEER, updates } from '../test/peer.ts';
import { compareStates } from './compare.ts';
import { PrefixHistory } from './history.ts';
import {
  decodeLine,
  encodeLine,
  type LineContent,
  RECORD_FORMAT,
  type RecordLine,
  whyUnreadable,
  withBytes,
} from './line.ts';
import { InputChanges, inputOf } from './objects.ts';
import { RecordedState } from './recorded-state.ts';

/** An UPDATE that withdraws the block. */
const WITHDRAWS = `${'f'.repeat(32)}001c0200051a0a0100000000`;
/** One that announces it with AS_PATH 65000. */
const LONGER = `${'f'.repeat(32)}0037020000001b4001010040020602010000fde8400304c000020240050400000064${'1a0a010000'}`;
const LONGER_BY_TWO_OCTETS = `${'f'.repeat(32)}00350200000019400101004002040201fde8400304c000020240050400000064${'1a0a010000'}`;

function begin(cause: 'full' | 'gap' | 'start' = 'start', format = RECORD_FORMAT): LineContent {
  return {
    kind: 'begin',
    format,
    segment: 1,
    cause,
    node: 'n1',
    nodeDigest: '00',
    version: '0.1.0',
  };
}

function dated(contents: readonly LineContent[]): RecordLine[] {
  return contents.map((content, index) => ({ at: index * 1000, ...content }));
}

function stateOf(contents: readonly LineContent[]): RecordedState {
  const state = new RecordedState();
  for (const line of dated(contents)) state.take(line);
  return state;
}

describe('a line', () => {
  it('comes back as it was, bytes in it too', () => {
    const reason = {
      kind: 'notification-sent',
      notification: { code: 6, subcode: 2, data: new Uint8Array([1, 255]) },
    };
    const text = encodeLine({ at: 5, kind: 'session-down', peer: PEER, reason, text: 'gone' });
    const decoded = decodeLine(text);
    expect(decoded.ok && withBytes(decoded.line)).toEqual({
      at: 5,
      kind: 'session-down',
      peer: PEER,
      reason,
      text: 'gone',
    });
  });

  it.each([
    ['{"at":1,"kind":"be', 'it is not JSON'],
    ['7', 'it is no object'],
    ['{"kind":"best"}', 'it has no time or no kind'],
  ])('that is damaged is no line: %s', (text, reason) => {
    expect(decodeLine(text)).toEqual({ ok: false, reason });
  });

  it('of another format is refused, and says who wrote it', () => {
    const [first] = dated([begin('start', RECORD_FORMAT + 1)]);
    expect(whyUnreadable(first)).toBe(
      `it is of format ${RECORD_FORMAT + 1}, written by a later weftd (0.1.0); this one reads format ${RECORD_FORMAT}`,
    );
    expect(whyUnreadable(dated([{ kind: 'complete' }])[0])).toMatch(/does not begin with the first line/);
    expect(whyUnreadable(dated([begin()])[0])).toBeUndefined();
  });
});

describe('an input', () => {
  const node = { kind: 'Node', metadata: { name: 'n1' }, spec: {} } as Node;
  const pool = { kind: 'IPPool', metadata: { name: 'p' }, spec: { cidr: '10.0.0.0/8' } } as unknown as IPPool;
  const input: CalcInput = {
    nodeName: 'n1',
    nodeNameDigest: new Uint8Array([7]),
    nodes: [node],
    pools: [pool],
    bgpConfigurations: [],
    bgpPeers: [],
    bgpFilters: [],
    blockAffinities: [],
    services: [],
    places: [],
    endpoints: [],
    secrets: new Map([
      ['a/key', 'sesame'],
      ['b/key', 'sesame'],
      ['c/key', 'simsim'],
    ]),
    settings: DEFAULT_SETTINGS,
    felix: DEFAULT_FELIX_SETTINGS,
    facts: { interfaces: [], routes: [] },
  };

  it('is told whole once, and then by what is new', () => {
    const changes = new InputChanges();
    expect(changes.changes(input).map((line) => line.object)).toEqual([
      'Node/n1',
      'IPPool/p',
      'Secret/a/key',
      'Secret/b/key',
      'Secret/c/key',
      'FelixSettings',
      'LocalFacts',
      'CalcSettings',
    ]);
    expect(changes.changes(input)).toEqual([]);
    const other = { ...pool };
    expect(changes.changes({ ...input, nodes: [], pools: [other], endpoints: [] })).toEqual([
      { kind: 'delete', object: 'Node/n1' },
      { kind: 'put', object: 'IPPool/p', value: other },
    ]);
    expect(changes.all().map(({ object }) => object)).not.toContain('Node/n1');
  });

  it('has names in place of secrets, the same for the same', () => {
    const lines = new InputChanges().changes(input);
    expect(JSON.stringify(lines)).not.toMatch(/sesame|simsim/);
    expect(lines.filter(({ object }) => object.startsWith('Secret/'))).toMatchObject([
      { value: 'secret 1' },
      { value: 'secret 1' },
      { value: 'secret 2' },
    ]);
  });

  it('is put together again', () => {
    const state = stateOf(new InputChanges().changes(input));
    const { nodeName, nodeNameDigest } = input;
    const secrets = new Map([
      ['a/key', 'secret 1'],
      ['b/key', 'secret 1'],
      ['c/key', 'secret 2'],
    ]);
    const constant = { nodeName, nodeNameDigest };
    expect(inputOf(state.objects, constant)).toEqual({ ...input, secrets });
    expect(inputOf(new Map(), constant)).toBeUndefined();
  });

  it('has the ways to peers in it as long as there are some', () => {
    const { nodeName, nodeNameDigest } = input;
    const constant = { nodeName, nodeNameDigest };
    const changes = new InputChanges();
    const waysInUse = [{ peer: PEER, gateway: address('10.0.0.250'), askedBy: 'BGPPeer tor' }];
    const there = changes.changes({ ...input, waysInUse });
    expect(inputOf(stateOf(there).objects, constant)).toMatchObject({ waysInUse });
    expect(changes.changes({ ...input, waysInUse: [] })).toEqual([
      { kind: 'delete', object: `WayToPeer/${PEER}` },
    ]);
  });

  it('tells blocks that nobody has read from none', () => {
    const { nodeName, nodeNameDigest } = input;
    const constant = { nodeName, nodeNameDigest };
    const changes = new InputChanges();
    const unread = changes.changes({ ...input, places: undefined });
    expect(inputOf(stateOf(unread).objects, constant)?.places).toBeUndefined();
    const read = changes.changes(input);
    expect(inputOf(stateOf([...unread, ...read]).objects, constant)?.places).toEqual([]);
  });
});

describe('two times', () => {
  const route = {
    type: 'unicast',
    via: [{ gateway: PEER, interface: 'eth0' }],
    metric: 1024,
    class: 'no-encap',
    reason: 'learned',
  } as const;

  it('differ in what came, went and changed, each thing in its words', () => {
    const node = (labels: object): LineContent => ({
      kind: 'put',
      object: 'Node/n2',
      value: { metadata: { name: 'n2', labels, resourceVersion: String(Math.random()) } },
    });
    const before = [begin(), node({ rack: 'a' }), { kind: 'complete' }] as const;
    const after: LineContent[] = [
      node({ rack: 'b', zone: 'z' }),
      { kind: 'put', object: 'WorkloadEndpoint/ns/x', value: { spec: { ipNetworks: ['10.0.0.5/32'] } } },
      { kind: 'session-up', peer: PEER, sent: '', received: '' },
      { kind: 'best', prefixes: [BLOCK], path: PATH },
      { kind: 'kernel', change: 'written', prefixes: [BLOCK], metric: 1024, route },
      { kind: 'announced', prefix: BLOCK, reason: 'a block' },
    ];
    const changes = compareStates(stateOf(before), stateOf([...before, ...after]), (at) => `${at} ms`);
    expect(changes).toEqual([
      { what: 'session', name: PEER, before: undefined, after: 'Established since 5000 ms' },
      {
        what: 'resource',
        name: 'Node/n2',
        before: 'metadata.labels.rack: "a"',
        after: 'metadata.labels.rack: "b"; metadata.labels.zone: "z"',
      },
      { what: 'address', name: '10.0.0.5/32', before: undefined, after: 'WorkloadEndpoint/ns/x' },
      { what: 'announcement', name: BLOCK, before: undefined, after: 'a block' },
      {
        what: 'best-path',
        name: BLOCK,
        before: undefined,
        after: 'from 192.0.2.2 (iBGP) via 192.0.2.2, LOCAL_PREF 100',
      },
      {
        what: 'kernel-route',
        name: `${BLOCK} metric 1024`,
        before: undefined,
        after: 'via 192.0.2.2 dev eth0',
      },
    ]);
  });

  it('are the same where only the store has written something of its own', () => {
    const node = (resourceVersion: string): LineContent => ({
      kind: 'put',
      object: 'Node/n2',
      value: { metadata: { name: 'n2', resourceVersion } },
    });
    expect(compareStates(stateOf([node('1')]), stateOf([node('2')]), String)).toEqual([]);
  });
});

describe('the history of a prefix', () => {
  const story: LineContent[] = [
    begin(),
    { kind: 'complete' },
    { kind: 'session-up', peer: address('192.0.2.9'), sent: '', received: '' },
    { kind: 'session-up', peer: PEER, sent: '', received: '' },
    updates(ANNOUNCES),
    { kind: 'best', prefixes: [BLOCK, prefix('10.9.0.0/26')], path: PATH, steps: { [BLOCK]: 'local-pref' } },
    { kind: 'kernel', change: 'failed', prefixes: [BLOCK], metric: 1024, detail: 'no such device' },
    updates(WITHDRAWS),
    { kind: 'best', prefixes: [BLOCK] },
    { kind: 'session-down', peer: PEER, reason: { kind: 'tcp-closed' }, text: 'the connection ended' },
  ];
  const told = (history: PrefixHistory, lines: readonly RecordLine[] = dated(story)): string[] => {
    for (const line of lines) history.take(line);
    return history.result().events.map(({ at, event, text }) => `${at / 1000} ${event}: ${text}`);
  };

  it('is what peers said, what was decided, what the kernel did, and the sessions of those peers', () => {
    expect(told(new PrefixHistory({ prefix: BLOCK }, 0))).toEqual([
      '0 record-begins: weftd has started',
      '3 session-up: the session with 192.0.2.2 is up',
      '4 received: 192.0.2.2 announces it, next hop 192.0.2.2',
      '5 best-path: best path: from 192.0.2.2 (iBGP) via 192.0.2.2, LOCAL_PREF 100; decided by: local-pref',
      '6 kernel-failed: the kernel does not take it (no such device)',
      '7 withdrawn: 192.0.2.2 withdraws it',
      '8 no-path: no path is left',
      '9 session-down: the session with 192.0.2.2 ended: the connection ended',
    ]);
  });

  it('is that of what holds an address, since a time', () => {
    const history = new PrefixHistory({ address: address('10.1.0.7') }, 6_000);
    expect(told(history).map((line) => line.split(':')[0])).toEqual([
      '6 kernel-failed',
      '7 withdrawn',
      '8 no-path',
      '9 session-down',
    ]);
    expect(told(new PrefixHistory({ prefix: prefix('10.1.0.0/27') }, 0))).toEqual([]);
  });

  it('does not take the snapshot of a later segment for news', () => {
    const again: LineContent[] = [
      begin('full'),
      { kind: 'session-up', peer: PEER, sent: '', received: '' },
      updates(ANNOUNCES),
      { kind: 'best', prefixes: [BLOCK], path: PATH },
      { kind: 'complete' },
    ];
    const once = told(new PrefixHistory({ prefix: BLOCK }, 0));
    expect(told(new PrefixHistory({ prefix: BLOCK }, 0), dated([...story, ...again]))).toEqual(once);
  });

  it('tells a best path that is chosen again once, and anew after a restart', () => {
    const best: LineContent = { kind: 'best', prefixes: [BLOCK], path: PATH };
    const lines = [begin(), { kind: 'complete' }, best, best, begin(), { kind: 'complete' }, best] as const;
    expect(
      told(new PrefixHistory({ prefix: BLOCK }, 0), dated(lines)).map((line) => line.split(':')[0]),
    ).toEqual(['0 record-begins', '2 best-path', '4 record-begins', '6 best-path']);
  });

  it('tells the best path there is after a gap, whatever the snapshot there has of it', () => {
    const best: LineContent = { kind: 'best', prefixes: [BLOCK], path: PATH };
    const other: LineContent = { ...best, path: { ...PATH, localPref: 200 } };
    const lines = [begin(), { kind: 'complete' }, best, begin('gap'), other, { kind: 'complete' }, other];
    const events = told(new PrefixHistory({ prefix: BLOCK }, 0), dated(lines as LineContent[]));
    expect(events.slice(-2).map((line) => line.split(';')[0])).toEqual([
      '3 record-begins: lines are missing before this: the disk took none, or too many came at once',
      '6 best-path: best path: from 192.0.2.2 (iBGP) via 192.0.2.2, LOCAL_PREF 200',
    ]);
  });

  it('tells a best path that stays and whose attributes change', () => {
    const best: LineContent = { kind: 'best', prefixes: [BLOCK], path: PATH };
    const withMed: LineContent = { ...best, path: { ...PATH, med: 7 } };
    const lines = [updates(ANNOUNCES), best, updates(ANNOUNCES), best, updates(LONGER), best, withMed];
    const events = told(new PrefixHistory({ prefix: BLOCK }, 0), dated(lines));
    expect(events.filter((line) => line.includes('best-path'))).toEqual([
      '1 best-path: best path: from 192.0.2.2 (iBGP) via 192.0.2.2, LOCAL_PREF 100',
      '5 best-path: best path: from 192.0.2.2 (iBGP) via 192.0.2.2, LOCAL_PREF 100; changed: AS_PATH empty -> 65000',
      '6 best-path: best path: from 192.0.2.2 (iBGP) via 192.0.2.2, LOCAL_PREF 100, MED 7',
    ]);
  });

  it('reads AS numbers of two octets where the session has such, but of four in a snapshot', () => {
    const open = { version: 4, asn: 65000, holdTimeSeconds: 90, identifier: 1, capabilities: [] };
    const bytes = Buffer.from(encodeOpen(open)).toString('base64');
    const up: LineContent = { kind: 'session-up', peer: PEER, sent: bytes, received: bytes };
    const best: LineContent = { kind: 'best', prefixes: [BLOCK], path: PATH };
    const snapshot = [begin(), up, updates(LONGER), best, { kind: 'complete' }] as const;
    const lines = [...snapshot, updates(LONGER_BY_TWO_OCTETS), best, updates(ANNOUNCES), best];
    const changes = told(new PrefixHistory({ prefix: BLOCK }, 0), dated(lines)).flatMap(
      (line) => line.split('; ')[1] ?? [],
    );
    expect(changes).toEqual(['changed: AS_PATH 65000 -> empty']);
  });

  it('keeps the newest events, and says that there were more', () => {
    const history = new PrefixHistory({ prefix: BLOCK }, 0);
    for (let at = 0; at < 1_500; at += 1)
      history.take({ at, kind: 'best', prefixes: [BLOCK], ...(at % 2 === 1 && { path: PATH }) });
    const { cut, events } = history.result();
    expect({ cut, count: events.length, first: events[0]?.at }).toEqual({
      cut: true,
      count: 1_000,
      first: 500,
    });
  });
});
