import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { DecisionStep } from './decision-process.ts';
import { NO_PATH } from './path-table.ts';
import { Fixture, type PathSpec } from './test/fixture.ts';

const PREFIX = '10.1.0.0/26';

/** Announces paths in the order given; says which won, and for the others where and with which values they lost. */
function decide(specs: readonly PathSpec[]): {
  best: string | undefined;
  lost: { from: string; step: string; values: [number, number] }[];
  equal: string[];
} {
  const fixture = new Fixture();
  const rows = new Map(specs.map((spec) => [fixture.announce(PREFIX, spec), spec]));
  const first = fixture.rib.firstPaths[fixture.prefix(PREFIX)] as number;
  const { best, eliminations } = fixture.rib.decision.explain(first);
  const { multipath, multipathCount } = fixture.rib.decision;
  const name = (row: number) => `${rows.get(row)?.from}${rows.get(row)?.pathId ?? ''}`;
  return {
    best: best === NO_PATH ? undefined : name(best),
    lost: eliminations.map(({ path, step, value, againstValue }) => ({
      from: name(path),
      step,
      values: [value, againstValue],
    })),
    equal: [...multipath.subarray(0, multipathCount)].map(name).sort(),
  };
}

const A = '10.0.0.1';
const B = '10.0.0.2';

interface Row {
  readonly claim: string;
  readonly winner: PathSpec;
  readonly loser: PathSpec;
  readonly step: DecisionStep;
  /** Loser's value, winner's value. */
  readonly values: [number, number];
}

const rows: readonly Row[] = [
  {
    claim: 'RFC 9494 §4.3: a long-lived stale route after any other, were it our own',
    winner: { from: A, attributes: { localPref: 0 }, asPath: [1, 2, 3] },
    loser: { from: 'local', attributes: { communities: [0xffff0006] } },
    step: 'long-lived-stale',
    values: [1, 0],
  },
  {
    claim: 'RFC 9494 §4.4: between long-lived stale routes the other steps decide',
    winner: { from: B, attributes: { localPref: 200, communities: [0xffff0006] } },
    loser: { from: A, attributes: { localPref: 150, communities: [0xffff0006] } },
    step: 'local-pref',
    values: [150, 200],
  },
  {
    claim: 'a route of our own before any other, however much it is preferred',
    winner: { from: 'local', attributes: { localPref: 1 } },
    loser: { from: A, attributes: { localPref: 4_000_000_000 } },
    step: 'local',
    values: [1, 0],
  },
  {
    claim: 'RFC 4271 §9.1.1: the higher LOCAL_PREF, before the shorter AS_PATH',
    winner: { from: B, attributes: { localPref: 200 }, asPath: [1, 2, 3] },
    loser: { from: A, attributes: { localPref: 150 }, asPath: [1] },
    step: 'local-pref',
    values: [150, 200],
  },
  {
    claim: 'a route without LOCAL_PREF counts as 100',
    winner: { from: B, attributes: { localPref: 101 } },
    loser: { from: A },
    step: 'local-pref',
    values: [100, 101],
  },
  {
    claim: 'the highest LOCAL_PREF Calico uses (2147482623) and beyond compare as unsigned numbers',
    winner: { from: B, attributes: { localPref: 4_294_967_295 } },
    loser: { from: A, attributes: { localPref: 2_147_482_623 } },
    step: 'local-pref',
    values: [2_147_482_623, 4_294_967_295],
  },
  {
    claim: 'RFC 4271 §9.1.2.2 a: the shorter AS_PATH',
    winner: { from: B, asPath: [1, 2] },
    loser: { from: A, asPath: [1, 2, 3] },
    step: 'as-path-length',
    values: [3, 2],
  },
  {
    claim: 'RFC 4271 §9.1.2.2 a: an AS_SET counts one',
    winner: {
      from: B,
      attributes: { asPath: [{ kind: 'set', asns: [7, 8, 9] }], origin: 1 },
    },
    loser: { from: A, asPath: [1, 2], attributes: { origin: 0 } },
    step: 'as-path-length',
    values: [2, 1],
  },
  {
    claim: 'RFC 4271 §9.1.2.2 b: the lower ORIGIN',
    winner: { from: B, attributes: { origin: 0 } },
    loser: { from: A, attributes: { origin: 2 } },
    step: 'origin',
    values: [2, 0],
  },
  {
    claim: 'RFC 4271 §9.1.2.2 c: the lower MED from the same neighbouring AS',
    winner: { from: B, asPath: [7], attributes: { med: 5 } },
    loser: { from: A, asPath: [7], attributes: { med: 6 } },
    step: 'med',
    values: [6, 5],
  },
  {
    claim: 'RFC 4271 §9.1.2.2 c: no MED is the lowest',
    winner: { from: B, asPath: [7] },
    loser: { from: A, asPath: [7], attributes: { med: 1 } },
    step: 'med',
    values: [1, 0],
  },
  {
    claim: 'MEDs of different neighbouring ASes are not compared: the next step decides',
    winner: { from: B, external: true, asPath: [8], attributes: { med: 60 } },
    loser: { from: A, asPath: [7], attributes: { med: 5 } },
    step: 'external',
    values: [1, 0],
  },
  {
    claim: 'RFC 4271 §9.1.2.2 d: external before internal, before the nearer next hop',
    winner: { from: B, external: true, asPath: [7], metric: 50, nextHop: '10.9.9.1' },
    loser: { from: A, asPath: [7], metric: 10, nextHop: '10.9.9.2' },
    step: 'external',
    values: [1, 0],
  },
  {
    claim: 'RFC 4271 §9.1.2.2 e: the nearer next hop',
    winner: { from: B, metric: 10, nextHop: '10.9.9.1', identifier: 9 },
    loser: { from: A, metric: 20, nextHop: '10.9.9.2', identifier: 1 },
    step: 'igp-metric',
    values: [20, 10],
  },
  {
    claim: 'RFC 4271 §9.1.2.2 f: the lower BGP Identifier',
    winner: { from: B, identifier: 3 },
    loser: { from: A, identifier: 4 },
    step: 'identifier',
    values: [4, 3],
  },
  {
    claim: 'RFC 4456 §9: ORIGINATOR_ID stands for the BGP Identifier',
    winner: { from: B, identifier: 9, attributes: { originatorId: 2 } },
    loser: { from: A, identifier: 3 },
    step: 'identifier',
    values: [3, 2],
  },
  {
    claim: 'RFC 4456 §9: of two with one originator, the shorter CLUSTER_LIST',
    winner: { from: B, attributes: { originatorId: 2, clusterList: [1] } },
    loser: { from: A, attributes: { originatorId: 2, clusterList: [1, 2] } },
    step: 'cluster-list-length',
    values: [2, 1],
  },
  {
    claim: 'RFC 4271 §9.1.2.2 g: the lower peer address, compared as a number',
    winner: { from: '10.0.0.9' },
    loser: { from: '10.0.0.10' },
    step: 'peer-address',
    values: [1, 0],
  },
  {
    claim: 'of two paths of one peer, the lower path identifier',
    winner: { from: A, pathId: 7 },
    loser: { from: A, pathId: 8, attributes: { communities: [1] } },
    step: 'path-id',
    values: [8, 7],
  },
];

describe('the decision process (RFC 4271 §9.1.2.2, RFC 4456 §9)', () => {
  test.each(rows)('$step: $claim', ({ winner, loser, step, values }) => {
    const name = ({ from, pathId }: PathSpec) => `${from}${pathId ?? ''}`;
    for (const order of [
      [winner, loser],
      [loser, winner],
    ]) {
      const result = decide(order);
      expect(result.best).toBe(name(winner));
      expect(result.lost).toEqual([{ from: name(loser), step, values }]);
    }
  });

  test('leaves out paths that were rejected or whose next hop is not reachable', () => {
    const result = decide([
      { from: A, rejected: true, attributes: { localPref: 900 } },
      { from: B, unreachable: true, nextHop: '10.9.9.1', attributes: { localPref: 800 } },
      { from: '10.0.0.3', nextHop: '10.9.9.2' },
    ]);
    expect(result).toEqual({ best: '10.0.0.3', lost: [], equal: ['10.0.0.3'] });
  });

  test('has no best path when none can be selected', () => {
    expect(decide([{ from: A, unreachable: true }]).best).toBeUndefined();
  });

  test('paths that differ only in who sent them are equal (ECMP), whatever their AS_PATHs', () => {
    const result = decide([
      { from: A, external: true, asPath: [7, 8], identifier: 5, nextHop: '10.9.9.1' },
      { from: B, external: true, asPath: [9, 8], identifier: 4, nextHop: '10.9.9.2' },
      { from: '10.0.0.3', external: true, asPath: [9, 8, 7], identifier: 3, nextHop: '10.9.9.3' },
    ]);
    expect(result.best).toBe(B);
    expect(result.equal).toEqual([A, B]);
  });

  test('compares MED within each neighbouring AS, so that no order of comparison matters (RFC 4271 §9.1.2.2 c)', () => {
    // Compared two by two, each of these loses to another one.
    const first: PathSpec = { from: A, external: true, asPath: [1], attributes: { med: 20 }, identifier: 1 };
    const second: PathSpec = { from: B, external: true, asPath: [2], attributes: { med: 10 }, identifier: 2 };
    const third: PathSpec = {
      from: '10.0.0.3',
      external: true,
      asPath: [1],
      attributes: { med: 10 },
      identifier: 3,
    };
    for (const order of [
      [first, second, third],
      [third, second, first],
      [second, first, third],
    ]) {
      const result = decide(order);
      expect(result.best).toBe(B);
      expect(result.lost).toContainEqual({ from: A, step: 'med', values: [20, 10] });
    }
  });

  test('does not depend on the order in which paths came', () => {
    const spec: fc.Arbitrary<PathSpec> = fc.record({
      from: fc.constantFrom('10.0.0.1', '10.0.0.2', '10.0.0.3', '10.0.0.4', '10.0.0.5'),
      asPath: fc.array(fc.constantFrom(1, 2), { maxLength: 2 }),
      attributes: fc.record({
        med: fc.constantFrom(undefined, 0, 1, 2),
        localPref: fc.constantFrom(undefined, 100, 101),
        originatorId: fc.constantFrom(undefined, 1, 2),
      }),
    });
    const specs = fc.uniqueArray(spec, { selector: ({ from }) => from, minLength: 2 });
    fc.assert(
      fc.property(
        specs.chain((list) =>
          fc.tuple(fc.constant(list), fc.shuffledSubarray(list, { minLength: list.length })),
        ),
        ([one, other]) => {
          const [left, right] = [decide(one), decide(other)];
          expect([right.best, right.equal]).toEqual([left.best, left.equal]);
          expect(left.lost.length).toBe(one.length - 1);
        },
      ),
    );
  });
});
