import { prefix } from '@weft/ip';
import { describe, expect, test } from 'vitest';
import type { PathAttributes } from '../wire/attribute/path-attributes.ts';
import { forbiddenBy, isShuttingDown } from './built-in.ts';
import { createRouteFacts, type RouteFacts } from './facts.ts';
import { applyOperations } from './operation.ts';
import { Policy } from './policy.ts';
import type { PolicyRule, RouteMatch } from './rule.ts';

function route(more: Partial<RouteFacts> = {}): RouteFacts {
  return { ...createRouteFacts('ipv4-unicast'), word0: 0x0af40100, length: 26, source: 'internal', ...more };
}

function withAttributes(attributes: PathAttributes): RouteFacts {
  return route({ attributes });
}

function evaluate(
  rules: readonly PolicyRule[],
  facts: RouteFacts,
  peerType: 'internal' | 'external' = 'external',
) {
  const { accepted, rule } = new Policy(rules, { peerType }).evaluate(facts);
  return { accepted, rule };
}

function isMatch(
  match: RouteMatch,
  facts: RouteFacts,
  peerType: 'internal' | 'external' = 'external',
): boolean {
  return !evaluate([{ name: 'probe', match, action: 'reject' }], facts, peerType).accepted;
}

const sequence = (...asns: number[]): PathAttributes => ({ asPath: [{ kind: 'sequence', asns }] });

describe('matches', () => {
  test.each<[string, RouteMatch, RouteFacts, boolean]>([
    ['an empty match holds for every route', {}, route(), true],
    ['family', { family: 'ipv4-unicast' }, route(), true],
    ['another family', { family: 'ipv6-unicast' }, route(), false],
    ['RemotePeers of Calico: a route of a peer', { source: 'remote' }, route(), true],
    ['remote is not local', { source: 'remote' }, route({ source: 'local' }), false],
    ['local', { source: 'local' }, route({ source: 'local' }), true],
    ['external is not internal', { source: 'external' }, route({ source: 'internal' }), false],
    ['peer type eBGP of Calico', { peerType: 'external' }, route(), true],
    ['peer type iBGP on an external peer', { peerType: 'internal' }, route(), false],
    [
      'a community among others',
      { communities: ['64512:7'] },
      withAttributes({ communities: [1, 64512 * 65536 + 7] }),
      true,
    ],
    [
      'all communities must be there',
      { communities: ['64512:7', '1:1'] },
      withAttributes({ communities: [64512 * 65536 + 7] }),
      false,
    ],
    ['no communities at all', { communities: ['1:1'] }, route(), false],
    [
      'a large community',
      { largeCommunities: ['1:2:4294967295'] },
      withAttributes({
        largeCommunities: [{ globalAdministrator: 1, localData1: 2, localData2: 4294967295 }],
      }),
      true,
    ],
    [
      'another large community',
      { largeCommunities: ['1:2:4'] },
      withAttributes({ largeCommunities: [{ globalAdministrator: 1, localData1: 2, localData2: 3 }] }),
      false,
    ],
    [
      'AS_PATH begins with the sequence',
      { asPathPrefix: [65001, 65002] },
      withAttributes(sequence(65001, 65002, 65003)),
      true,
    ],
    [
      'AS_PATH is the sequence',
      { asPathPrefix: [65001, 65002] },
      withAttributes(sequence(65001, 65002)),
      true,
    ],
    [
      'AS_PATH is shorter than the sequence',
      { asPathPrefix: [65001, 65002] },
      withAttributes(sequence(65001)),
      false,
    ],
    [
      'AS_PATH has the sequence elsewhere',
      { asPathPrefix: [65002] },
      withAttributes(sequence(65001, 65002)),
      false,
    ],
    [
      'a sequence over two segments',
      { asPathPrefix: [1, 2] },
      withAttributes({
        asPath: [
          { kind: 'sequence', asns: [1] },
          { kind: 'sequence', asns: [2] },
        ],
      }),
      true,
    ],
    [
      'a set is no sequence',
      { asPathPrefix: [1] },
      withAttributes({ asPath: [{ kind: 'set', asns: [1] }] }),
      false,
    ],
    [
      'priority 1024 of Calico is LOCAL_PREF 2147482623',
      { localPref: 2_147_482_623 },
      withAttributes({ localPref: 2_147_482_623 }),
      true,
    ],
    ['no LOCAL_PREF counts as 100', { localPref: 100 }, route(), true],
    [
      'a range of LOCAL_PREF includes its bounds',
      { localPref: { min: 10, max: 20 } },
      withAttributes({ localPref: 20 }),
      true,
    ],
    ['outside the range', { localPref: { min: 10, max: 20 } }, withAttributes({ localPref: 21 }), false],
    ['interface by wildcard', { interface: '*.cali' }, route({ interface: 'vxlan.cali' }), true],
    ['a dot is a dot', { interface: '*.cali' }, route({ interface: 'vxlanxcali' }), false],
    ['one character', { interface: 'eth?' }, route({ interface: 'eth0' }), true],
    ['the whole name', { interface: 'eth' }, route({ interface: 'eth0' }), false],
    ['a route without interface', { interface: '*' }, route(), false],
    [
      'all fields must hold',
      { source: 'remote', interface: 'eth0' },
      route({ source: 'local', interface: 'eth0' }),
      false,
    ],
  ])('%s', (_claim, match, facts, expected) => {
    expect(isMatch(match, facts)).toBe(expected);
  });

  test('a function given as code can be one of the conditions', () => {
    const rules: PolicyRule[] = [{ name: 'odd', match: { call: 'isOdd' }, action: 'reject' }];
    const functions = { isOdd: ({ length }: Readonly<RouteFacts>) => length % 2 === 1 };
    const policy = new Policy(rules, { peerType: 'internal', functions });
    expect(policy.evaluate(route({ length: 25 })).rule).toBe('odd');
    expect(policy.evaluate(route({ length: 26 })).rule).toBe('default');
    expect(policy.dependsOnPrefix).toBe(true);
  });

  test.each([
    [{ communities: ['1:65536'] }, '"1:65536" is no community of the form aa:nn'],
    [{ largeCommunities: ['1:2'] }, '"1:2" is no large community of the form aa:nn:mm'],
    [{ call: 'nobody' }, 'no policy function "nobody" was given to the speaker'],
  ])('text that cannot be read is a mistake of the caller: %j', (match, message) => {
    expect(() => new Policy([{ name: 'bad', match, action: 'accept' }], { peerType: 'internal' })).toThrow(
      message,
    );
  });
});

describe('a policy', () => {
  const inPool: RouteMatch = { prefix: { operator: 'in', prefix: prefix('10.244.0.0/16') } };

  test('the first rule that accepts or rejects decides, and is named', () => {
    const rules: PolicyRule[] = [
      { name: 'locals only', match: { source: 'local' }, action: 'accept' },
      { name: 'pool', match: inPool, action: 'accept' },
      { name: 'rest', action: 'reject' },
    ];
    expect(evaluate(rules, route())).toEqual({ accepted: true, rule: 'pool' });
    expect(evaluate(rules, route({ word0: 0x0b000000 }))).toEqual({ accepted: false, rule: 'rest' });
  });

  test('a route that falls through all rules is accepted by default', () => {
    expect(evaluate([{ name: 'n', match: { source: 'local' }, action: 'reject' }], route())).toEqual({
      accepted: true,
      rule: 'default',
    });
    expect(evaluate([], route())).toEqual({ accepted: true, rule: 'default' });
  });

  test('operations of rules on the way are kept, in order, and end with those of the rule that decides', () => {
    const policy = new Policy(
      [
        { name: 'tag', action: 'next', operations: [{ kind: 'add-community', community: '1:1' }] },
        {
          name: 'skipped',
          match: { source: 'local' },
          action: 'next',
          operations: [{ kind: 'add-community', community: '9:9' }],
        },
        {
          name: 'done',
          action: 'accept',
          operations: [
            { kind: 'add-community', community: '2:2:2' },
            { kind: 'prepend-as-path', asns: [65001, 65002] },
            { kind: 'set-local-pref', localPref: 7 },
          ],
        },
      ],
      { peerType: 'external' },
    );
    const outcome = policy.evaluate(withAttributes(sequence(65009)));
    expect(applyOperations(sequence(65009), outcome.operations)).toEqual({
      asPath: [{ kind: 'sequence', asns: [65001, 65002, 65009] }],
      communities: [65537],
      largeCommunities: [{ globalAdministrator: 2, localData1: 2, localData2: 2 }],
      localPref: 7,
    });
  });

  test('gives the same outcome for the same rules, so that callers can compare and keep it', () => {
    const policy = new Policy(
      [
        {
          name: 'tag',
          match: { source: 'internal' },
          action: 'next',
          operations: [{ kind: 'add-community', community: '1:1' }],
        },
        { name: 'all', action: 'accept' },
      ],
      { peerType: 'external' },
    );
    const [one, two, other] = [route(), route({ word0: 1 }), route({ source: 'external' })].map((facts) =>
      policy.evaluate(facts),
    );
    expect(two).toBe(one);
    expect(other?.id).not.toBe(one?.id);
    expect(policy.dependsOnPrefix).toBe(false);
  });

  test('a rule for the other type of peer is never looked at', () => {
    const rules: PolicyRule[] = [{ name: 'ibgp', match: { peerType: 'internal' }, action: 'reject' }];
    expect(evaluate(rules, route(), 'external').accepted).toBe(true);
    expect(evaluate(rules, route(), 'internal').accepted).toBe(false);
  });
});

describe('operations', () => {
  test('adding a community that is there already changes nothing', () => {
    const attributes = { communities: [65537] };
    const policy = new Policy(
      [{ name: 'r', action: 'accept', operations: [{ kind: 'add-community', community: '1:1' }] }],
      { peerType: 'internal' },
    );
    const { operations } = policy.evaluate(withAttributes(attributes));
    expect(applyOperations(attributes, operations)).toBe(attributes);
  });

  test('prepending to an empty AS_PATH, or one that begins with a set, makes a sequence in front', () => {
    const policy = new Policy(
      [{ name: 'r', action: 'accept', operations: [{ kind: 'prepend-as-path', asns: [1, 2] }] }],
      { peerType: 'internal' },
    );
    const { operations } = policy.evaluate(route());
    expect(applyOperations({ asPath: [] }, operations)).toEqual(sequence(1, 2));
    expect(applyOperations({ asPath: [{ kind: 'set', asns: [9] }] }, operations).asPath).toEqual([
      { kind: 'sequence', asns: [1, 2] },
      { kind: 'set', asns: [9] },
    ]);
  });
});

describe('built-in rules', () => {
  test.each<[string, number, 'internal' | 'external', string | undefined]>([
    ['NO_EXPORT keeps a route from external peers', 1, 'external', 'no-export'],
    ['NO_EXPORT does not keep it from internal ones', 1, 'internal', undefined],
    ['NO_ADVERTISE keeps it from everybody', 2, 'internal', 'no-advertise'],
    ['NO_EXPORT_SUBCONFED keeps it from external peers', 4, 'external', 'no-export'],
    ['GRACEFUL_SHUTDOWN keeps it from nobody', 8, 'external', undefined],
  ])('RFC 1997: %s', (_claim, marks, peerType, expected) => {
    expect(forbiddenBy(marks, peerType)).toBe(expected);
  });

  test('RFC 8326: GRACEFUL_SHUTDOWN counts from external peers only', () => {
    expect([
      isShuttingDown(8, 'external'),
      isShuttingDown(8, 'internal'),
      isShuttingDown(1, 'external'),
    ]).toEqual([true, false, false]);
  });
});
