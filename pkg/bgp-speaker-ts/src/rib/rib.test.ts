import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { NO_PATH, PathFlag } from './path-table.ts';
import { LOCAL_PEER } from './peer-table.ts';
import type { Rib } from './rib.ts';
import { formatPrefix } from './tables.ts';
import { Fixture, type PathSpec } from './test/fixture.ts';

const PREFIXES = ['10.1.0.0/26', '10.1.0.64/26', '10.1.0.0/24', '0.0.0.0/0'];
const PEERS = ['local', '10.0.0.1', '10.0.0.2', '10.0.0.3'];

/** Checks the invariants of `rib.ts`. */
function checkRib(rib: Rib): void {
  const { paths, prefixes } = rib;
  let rows = 0;
  for (let prefix = 0; prefix < prefixes.highWater; prefix += 1) {
    const seen = new Set<string>();
    const ordinals = new Set<number>();
    for (let path = rib.firstPaths[prefix] as number; path !== NO_PATH; path = paths.next[path] as number) {
      expect(paths.prefixes[path]).toBe(prefix);
      seen.add(`${paths.peers[path]} ${paths.pathIds[path]}`);
      ordinals.add(paths.ordinals[path] as number);
      rows += 1;
    }
    expect([seen.size, ordinals.size]).toEqual([ordinals.size, seen.size]);
    if (rib.firstPaths[prefix] === NO_PATH) expect(prefixes.isLive(prefix)).toBe(false);
  }
  expect(rows).toBe(paths.count);
}

type Step =
  | { kind: 'announce'; prefix: string; spec: PathSpec }
  | { kind: 'withdraw'; prefix: string; from: string; pathId: number }
  | { kind: 'drop'; from: string }
  | { kind: 'stale'; from: string }
  | { kind: 'sweep'; from: string }
  | { kind: 'settle' };

const prefixText = fc.constantFrom(...PREFIXES);
const from = fc.constantFrom(...PEERS);
const remote = fc.constantFrom(...PEERS.slice(1));
const pathId = fc.constantFrom(0, 0, 1);
const step: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.record({
      kind: fc.constant('announce' as const),
      prefix: prefixText,
      spec: fc
        .record({ from, pathId, localPref: fc.constantFrom(100, 200, 300) })
        .map(({ localPref, ...spec }) => ({
          ...spec,
          pathId: spec.from === 'local' ? 0 : spec.pathId,
          attributes: { localPref },
        })),
    }),
  },
  {
    weight: 4,
    arbitrary: fc.record({ kind: fc.constant('withdraw' as const), prefix: prefixText, from, pathId }),
  },
  fc.record({ kind: fc.constant('drop' as const), from: remote }),
  fc.record({ kind: fc.constant('stale' as const), from: remote }),
  fc.record({ kind: fc.constant('sweep' as const), from: remote }),
  { weight: 3, arbitrary: fc.constant({ kind: 'settle' as const }) },
);

interface ModelPath {
  from: string;
  pathId: number;
  localPref: number;
  stale: boolean;
}

/** The same in plain maps: prefix → (peer, path id) → path. */
class Model {
  readonly paths = new Map<string, Map<string, ModelPath>>();

  apply(change: Step): void {
    switch (change.kind) {
      case 'announce': {
        const { from: sender, pathId: id = 0, attributes } = change.spec;
        const of = this.paths.get(change.prefix) ?? new Map<string, ModelPath>();
        const localPref = attributes?.localPref ?? 100;
        this.paths.set(
          change.prefix,
          of.set(`${sender} ${id}`, { from: sender, pathId: id, localPref, stale: false }),
        );
        return;
      }
      case 'withdraw':
        this.paths.get(change.prefix)?.delete(`${change.from} ${change.pathId}`);
        return;
      case 'settle':
        return;
      default:
        for (const of of this.paths.values()) {
          for (const [key, path] of of) {
            if (path.from !== change.from) continue;
            if (change.kind === 'stale') path.stale = true;
            else if (change.kind === 'drop' || path.stale) of.delete(key);
          }
        }
    }
  }

  /** Best path per prefix: local first, then LOCAL_PREF, then the lower address, then the lower path id. */
  routes(): Map<string, string> {
    const routes = new Map<string, string>();
    for (const [prefix, of] of this.paths) {
      const [best] = [...of.values()].sort(
        (left, right) =>
          Number(right.from === 'local') - Number(left.from === 'local') ||
          right.localPref - left.localPref ||
          PEERS.indexOf(left.from) - PEERS.indexOf(right.from) ||
          left.pathId - right.pathId,
      );
      if (best !== undefined) routes.set(prefix, `${best.from} ${best.pathId} ${best.localPref}`);
    }
    return routes;
  }
}

function apply(fixture: Fixture, change: Step): void {
  const { rib } = fixture;
  switch (change.kind) {
    case 'announce':
      fixture.announce(change.prefix, change.spec);
      return;
    case 'withdraw':
      rib.withdraw(fixture.prefix(change.prefix), fixture.peer({ from: change.from }), change.pathId);
      return;
    case 'drop':
      rib.dropPaths(fixture.peer({ from: change.from }), false);
      return;
    case 'stale':
      rib.markStale(fixture.peer({ from: change.from }));
      return;
    case 'sweep':
      rib.dropPaths(fixture.peer({ from: change.from }), true);
      return;
    case 'settle':
      fixture.settle();
  }
}

function routesOf({ rib, tables }: Fixture): Map<string, string> {
  const routes = new Map<string, string>();
  for (let prefix = 0; prefix < rib.prefixes.highWater; prefix += 1) {
    const best = rib.bestPaths[prefix] as number;
    if (!rib.prefixes.isLive(prefix) || best === NO_PATH) continue;
    const sender = tables.peers.address(rib.paths.peers[best] as number) ?? 'local';
    const localPref = tables.attributes.localPrefs[rib.paths.effective[best] as number];
    routes.set(formatPrefix(rib.prefixes, prefix), `${sender} ${rib.paths.pathIds[best]} ${localPref}`);
  }
  return routes;
}

describe('the RIB of a family', () => {
  test('selects what a model in plain maps selects, and frees all it no longer needs', () => {
    fc.assert(
      fc.property(fc.array(step, { maxLength: 120, size: 'max' }), (steps) => {
        const fixture = new Fixture();
        const model = new Model();
        // Prefixes stay known, so that a withdrawal can name one that has no paths.
        for (const change of steps) {
          if (
            change.kind === 'withdraw' &&
            fixture.rib.firstPaths[fixture.prefix(change.prefix)] === NO_PATH
          ) {
            fixture.announce(change.prefix, { from: 'local' });
            model.apply({ kind: 'announce', prefix: change.prefix, spec: { from: 'local' } });
          }
          apply(fixture, change);
          model.apply(change);
        }
        fixture.settle();
        expect(routesOf(fixture)).toEqual(model.routes());
        checkRib(fixture.rib);
        const stale = [...model.paths.values()]
          .flatMap((of) => [...of.values()])
          .filter((path) => path.stale);
        const counted = PEERS.slice(1).map(
          (name) => fixture.rib.countsOf(fixture.peer({ from: name })).stale,
        );
        expect(counted.reduce((sum, count) => sum + count, 0)).toBe(stale.length);
        for (const name of PEERS) fixture.rib.dropPaths(fixture.peer({ from: name }), false);
        fixture.settle();
        expect([
          fixture.rib.prefixes.count,
          fixture.rib.paths.count,
          fixture.tables.attributes.count,
        ]).toEqual([0, 0, 0]);
        expect(fixture.rib.routeCount).toBe(0);
      }),
    );
  });

  test('a path sent again as it was changes nothing, but is no longer stale (RFC 4724 §4.2)', () => {
    const fixture = new Fixture();
    const path = fixture.announce('10.1.0.0/26', { from: '10.0.0.1' });
    fixture.settle();
    const peer = fixture.peer({ from: '10.0.0.1' });
    fixture.rib.markStale(peer);
    fixture.announce('10.1.0.0/26', { from: '10.0.0.1' });
    expect(fixture.rib.paths.has(path, PathFlag.stale)).toBe(false);
    expect(fixture.rib.dirtyCount).toBe(0);
    expect(fixture.rib.dropPaths(peer, true)).toBe(0);
  });

  test('reports a prefix whose ECMP set changes, though its best path stays', () => {
    const fixture = new Fixture();
    fixture.announce('10.1.0.0/26', { from: '10.0.0.1', nextHop: '10.9.9.1' });
    fixture.settle();
    fixture.announce('10.1.0.0/26', { from: '10.0.0.2', nextHop: '10.9.9.2' });
    fixture.settle();
    expect(fixture.rib.changed.count).toBe(1);
    fixture.announce('10.1.0.0/26', { from: '10.0.0.3', nextHop: '10.9.9.3', attributes: { localPref: 1 } });
    fixture.settle();
    expect([fixture.rib.selected.count, fixture.rib.changed.count]).toEqual([1, 0]);
  });

  test('selects no more prefixes at once than asked for, and the rest later', () => {
    const fixture = new Fixture();
    for (const prefix of PREFIXES) fixture.announce(prefix, { from: '10.0.0.1' });
    fixture.rib.select(3);
    expect([fixture.rib.selected.count, fixture.rib.dirtyCount]).toEqual([3, 1]);
    fixture.rib.finish(() => false);
    fixture.rib.select(3);
    expect(fixture.rib.routeCount).toBe(4);
  });

  test('keeps the row of a withdrawn path until its prefix is selected, so that nobody reads another path in it', () => {
    const fixture = new Fixture();
    const rows = ['10.1.0.0/26', '10.1.0.64/26'].map((prefix) =>
      fixture.announce(prefix, { from: '10.0.0.1' }),
    );
    fixture.settle();
    fixture.rib.dropPaths(fixture.peer({ from: '10.0.0.1' }), false);
    fixture.rib.select(1);
    fixture.rib.finish(() => false);
    expect(fixture.rib.bestPaths[fixture.prefix('10.1.0.64/26')]).toBe(rows[1]);
    expect(fixture.announce('10.1.0.128/26', { from: '10.0.0.2' })).toBe(rows[0]);
    fixture.settle();
    expect([...routesOf(fixture).keys()]).toEqual(['10.1.0.128/26']);
    checkRib(fixture.rib);
  });

  test('keeps the id of a prefix without paths while somebody needs it', () => {
    const fixture = new Fixture();
    fixture.announce('10.1.0.0/26', { from: '10.0.0.1' });
    fixture.settle();
    fixture.rib.dropPaths(fixture.peer({ from: '10.0.0.1' }), false);
    fixture.rib.select(10);
    fixture.rib.finish(() => true);
    expect(fixture.rib.prefixes.count).toBe(1);
    fixture.rib.finish(() => false);
    expect(fixture.rib.prefixes.count).toBe(0);
  });

  test('while selection is held, only prefixes with a local route are selected (RFC 4724 §4.1)', () => {
    const fixture = new Fixture();
    fixture.rib.holdSelection(true);
    fixture.announce('10.1.0.0/26', { from: '10.0.0.1' });
    fixture.announce('10.1.0.64/26', { from: 'local' });
    fixture.settle();
    expect([...routesOf(fixture).keys()]).toEqual(['10.1.0.64/26']);
    fixture.announce('10.1.0.0/26', { from: 'local' });
    fixture.settle();
    expect(fixture.rib.routeCount).toBe(2);
    fixture.rib.withdraw(fixture.prefix('10.1.0.0/26'), LOCAL_PEER, 0);
    fixture.settle();
    fixture.rib.holdSelection(false);
    fixture.settle();
    expect(routesOf(fixture).get('10.1.0.0/26')).toBe('10.0.0.1 0 100');
    checkRib(fixture.rib);
  });

  test('gives each path of a prefix the lowest free ordinal, which is its path identifier to others (RFC 7911 §3)', () => {
    const fixture = new Fixture();
    const rows = ['10.0.0.1', '10.0.0.2', '10.0.0.3'].map((sender) =>
      fixture.announce('10.1.0.0/26', { from: sender }),
    );
    const { ordinals } = fixture.rib.paths;
    expect(rows.map((row) => ordinals[row])).toEqual([1, 2, 3]);
    fixture.rib.withdraw(fixture.prefix('10.1.0.0/26'), fixture.peer({ from: '10.0.0.2' }), 0);
    fixture.settle();
    const row = fixture.announce('10.1.0.0/26', { from: '10.0.0.2', pathId: 5 });
    expect(fixture.rib.paths.ordinals[row]).toBe(2);
    expect(fixture.rib.highestOrdinals[fixture.prefix('10.1.0.0/26')]).toBe(3);
  });
});
