import { address, prefix } from '@weft/ip';
import { beforeEach, describe, expect, test } from 'vitest';
import { withoutRests } from './listing.ts';
import type { Speaker } from './speaker.ts';
import { Network, originate, peer, speaker } from './test/network.ts';

const [A, B, C] = ['10.0.0.1', '10.0.0.2', '10.0.0.3'] as const;
const IPV4 = 'ipv4-unicast';
/** More than any table has room for before it grows. */
const MANY = Array.from({ length: 5000 }, (_, i) => `10.${64 + (i >> 8)}.${i & 255}.0/24`);

let network: Network;

beforeEach(() => {
  network = new Network();
  network.add(speaker(A, 64512, [peer(B, 64513, { passive: true }), peer(C, 64514, { passive: true })]));
  network.add(speaker(B, 64513, [peer(A, 64512)]));
  network.add(speaker(C, 64514, [peer(A, 64512)]));
  for (const name of [A, C]) originate(network, name);
  originate(network, B, '10.1.0.0/26', '10.1.0.64/26', '10.2.0.0/26');
  network.advance(10_000);
});

const subject = (): Speaker => network.node(A).speaker;
const texts = (routes: IterableIterator<{ readonly prefix: string } | undefined>): string[] =>
  [...withoutRests(routes)].map((it) => it.prefix).sort();

describe('the lists of a speaker', () => {
  test.each([
    ['in', '10.1.0.0/24', ['10.1.0.0/26', '10.1.0.64/26']],
    ['equal', '10.1.0.64/26', ['10.1.0.64/26']],
    ['equal', '10.1.0.0/24', []],
    ['in', '2001:db8::/32', []],
  ] as const)('hold what is %s %s', (operator, text, expected) => {
    const match = { operator, prefix: prefix(text) };
    expect(texts(subject().selectedRoutes(IPV4, match))).toEqual(expected);
    expect(texts(subject().receivedRoutes(address(B), IPV4, match))).toEqual(expected);
    expect(texts(subject().sentRoutes(address(C), IPV4, match))).toEqual(expected);
  });

  test('show selected routes with their attributes', () => {
    expect([...subject().selectedRoutes(IPV4)][0]).toMatchObject({
      prefix: '10.1.0.0/26',
      best: { source: 'external', peer: B },
      attributes: { asPath: '64513', nextHop: B, origin: 'igp' },
    });
  });

  test('are as long as the count says, also when routes have gone', () => {
    const counted = () => [subject().routeCount(IPV4), [...subject().locRib(IPV4)].length];
    expect(counted()).toEqual([3, 3]);
    originate(network, B, '10.1.0.64/26');
    network.advance(10_000);
    expect(counted()).toEqual([1, 1]);
  });

  test.each([
    ['its session has ended', { kind: 'reset-peer', peer: address(B), reason: { subcode: 4 } }],
    ['its peer is removed', { kind: 'configure', config: { ...speaker(A, 64512, []) } }],
    [
      'it is refused',
      {
        kind: 'configure',
        config: speaker(A, 64512, [
          peer(B, 64513, { passive: true, importPolicy: [{ name: 'none', action: 'reject' }] }),
        ]),
      },
    ],
  ] as const)('leave a route out from the moment %s, before another is selected', (_, event) => {
    const asked = subject();
    asked.handle(event, network.now);
    expect([...asked.locRib(IPV4)]).toEqual([]);
    expect(texts(asked.selectedRoutes(IPV4))).toEqual([]);
    expect(asked.routeCount(IPV4)).toBe(0);
    const { exports, paths } = asked.explain(prefix('10.1.0.0/26'));
    expect(paths.filter(({ best }) => best)).toEqual([]);
    expect(exports.filter(({ told }) => told)).toEqual([]);
  });

  test('may rest while tables grow and routes go, and go on with what is there', () => {
    const lists = [
      subject().selectedRoutes(IPV4),
      subject().receivedRoutes(address(B), IPV4),
      subject().sentRoutes(address(C), IPV4),
    ];
    const first = lists.map((it) => it.next().value?.prefix);
    originate(network, B, '10.1.0.0/26', '10.2.0.0/26', ...MANY);
    network.advance(10_000);
    expect(first).toEqual(['10.1.0.0/26', '10.1.0.0/26', '10.1.0.0/26']);
    for (const it of lists) expect(texts(it)).toEqual([...MANY, '10.2.0.0/26'].sort());
  });

  test('offer a rest where there is much to look at and nothing to find', () => {
    const many = Array.from(
      { length: 70_000 },
      (_, i) => `${20 + (i >> 16)}.${(i >> 8) & 255}.${i & 255}.0/24`,
    );
    originate(network, A, ...many);
    network.advance(1000);
    const found = [...subject().selectedRoutes(IPV4, { operator: 'equal', prefix: prefix('10.1.0.0/26') })];
    expect(found.map((route) => route?.prefix)).toEqual(['10.1.0.0/26', undefined]);
  });

  test('end when the peer is removed or its session ends', () => {
    const received = subject().receivedRoutes(address(B), IPV4);
    const sent = subject().sentRoutes(address(C), IPV4);
    for (const it of [received, sent]) expect(it.next().done).toBe(false);
    network.send(A, { kind: 'configure', config: { ...subject().config, peers: [] } });
    network.advance(1000);
    expect([received, sent].map((it) => it.next().done)).toEqual([true, true]);
  });
});

describe('a speaker that did not report routes', () => {
  test('does so from the moment it is asked to, and stops again', () => {
    const told = (): number => network.node(A).told.filter(({ kind }) => kind === 'loc-rib-changed').length;
    subject().reportRoutes = false;
    const before = told();
    originate(network, B, '10.3.0.0/26');
    network.advance(1000);
    expect(told()).toBe(before);
    subject().reportRoutes = true;
    originate(network, B, '10.4.0.0/26');
    network.advance(1000);
    expect(told()).toBeGreaterThan(before);
  });
});
