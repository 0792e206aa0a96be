import { describe, expect, test } from 'vitest';
import { encodeAttributes } from '../wire/attribute/encode.ts';
import type { PathAttributes } from '../wire/attribute/path-attributes.ts';
import { AttributeStore, fromTag, Mark, OWN_TAG, toTag } from './attribute-store.ts';
import { NextHopTable, SELF } from './next-hop-table.ts';

function keyOf(attributes: PathAttributes, nextHop: readonly number[] = []): Uint8Array {
  return Uint8Array.from([
    nextHop.length,
    ...nextHop,
    ...encodeAttributes(attributes, { fourOctetAsn: true }),
  ]);
}

function createStore(): AttributeStore {
  return new AttributeStore(new NextHopTable(), 1);
}

describe('the attribute store', () => {
  test('has what the decision process compares as columns', () => {
    const store = createStore();
    const id = store.internOwn(
      keyOf({
        origin: 2,
        asPath: [
          { kind: 'sequence', asns: [64513, 64514] },
          { kind: 'set', asns: [1, 2] },
        ],
        nextHop: 0x0a000001,
        med: 7,
        localPref: 4_000_000_000,
        communities: [0xffffff01, 0xffff0000],
        originatorId: 5,
        clusterList: [8, 9],
      }),
    );
    expect([
      store.origins[id],
      store.asPathLengths[id],
      store.neighbourAsns[id],
      store.meds[id],
      store.localPrefs[id],
      store.originatorIds[id],
      store.clusterListLengths[id],
      store.marks[id],
      store.nextHops.address(store.nextHopIds[id] as number),
    ]).toEqual([2, 3, 64513, 7, 4_000_000_000, 5, 2, Mark.noExport | Mark.gracefulShutdown, '10.0.0.1']);
  });

  test('takes the next hop of MP_REACH_NLRI for that of the route, even beside a NEXT_HOP (RFC 4760 §3)', () => {
    const store = createStore();
    const id = store.internOwn(keyOf({ origin: 0, asPath: [], nextHop: 0x0a000001 }, [10, 0, 0, 9]));
    expect(store.nextHops.address(store.nextHopIds[id] as number)).toBe('10.0.0.9');
  });

  test('gives a route without any next hop the speaker itself', () => {
    const store = createStore();
    const id = store.internOwn(keyOf({ origin: 0, asPath: [] }));
    expect(store.nextHopIds[id]).toBe(SELF);
  });

  test('the same octets on another kind of session are another entry, because they mean something else', () => {
    const store = createStore();
    const key = keyOf({ origin: 0, asPath: [], localPref: 5 });
    const external = toTag({ fourOctetAsn: true, peerType: 'external' });
    const own = store.internOwn(key);
    expect(store.find(key, 0, key.length, external)).toBe(-1);
    expect(store.find(key, 0, key.length, OWN_TAG)).toBe(own);
    expect(fromTag(external)).toEqual({ fourOctetAsn: true, peerType: 'external' });
  });

  test('frees a set, and the next hop it held, with its last user', () => {
    const store = createStore();
    const key = keyOf({ origin: 0, asPath: [], nextHop: 0x0a000001 });
    const id = store.internOwn(key);
    store.retain(id);
    store.release(id);
    expect([store.count, store.nextHops.wanted()]).toEqual([1, ['10.0.0.1']]);
    store.release(id);
    expect([store.count, store.nextHops.wanted()]).toEqual([0, []]);
  });

  test('decodes again what it no longer keeps decoded', () => {
    const store = createStore();
    const ids = Array.from({ length: 20_000 }, (_, med) =>
      store.internOwn(keyOf({ origin: 0, asPath: [], med })),
    );
    for (const [med, id] of ids.entries()) expect(store.attributes(id).med).toBe(med);
  });
});
