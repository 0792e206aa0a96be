import { describe, expect, test } from 'vitest';
import type { PathAttributes } from '../wire/attribute/path-attributes.ts';
import { type ExportContext, toExportedAttributes } from './export-attributes.ts';

const full: PathAttributes = {
  origin: 0,
  asPath: [{ kind: 'sequence', asns: [7] }],
  nextHop: 1,
  med: 5,
  localPref: 300,
  originatorId: 8,
  clusterList: [9],
};
const external: ExportContext = { peerType: 'external', localAsn: 64512, source: 'internal' };
const internal: ExportContext = { peerType: 'internal', localAsn: 64512, source: 'external' };

describe('attributes on their way to a peer (RFC 4271 §5, RFC 4456 §8)', () => {
  test('an external peer sees our AS in front, and nothing that is for our AS alone', () => {
    const sent = toExportedAttributes(full, external);
    expect(sent.asPath).toEqual([{ kind: 'sequence', asns: [64512, 7] }]);
    expect([sent.localPref, sent.originatorId, sent.clusterList, sent.med, sent.nextHop]).toEqual(
      Array(5).fill(undefined),
    );
  });

  test('RFC 5065 §5: confederation segments stay inside, wherever they stand in the path', () => {
    const asPath = [
      { kind: 'confederation-sequence', asns: [65001] },
      { kind: 'sequence', asns: [7] },
      { kind: 'confederation-set', asns: [65002] },
    ] as const;
    const sent = toExportedAttributes({ ...full, asPath }, external);
    expect(sent.asPath).toEqual([{ kind: 'sequence', asns: [64512, 7] }]);
    expect(toExportedAttributes({ ...full, asPath }, internal).asPath).toEqual(asPath);
  });

  test('§5.1.4: MED goes to an external peer only when we set it ourselves', () => {
    expect(toExportedAttributes({ ...full, asPath: [] }, { ...external, source: 'local' }).med).toBe(5);
    expect(toExportedAttributes(full, internal).med).toBe(5);
  });

  test('§5.1.5: an internal peer always sees a LOCAL_PREF, 100 when there is none', () => {
    expect(toExportedAttributes({ origin: 0 }, internal)).toMatchObject({ localPref: 100, asPath: [] });
    expect(toExportedAttributes(full, internal)).toMatchObject({ localPref: 300, asPath: full.asPath });
  });

  test('RFC 4456 §8: reflection adds the originator if there is none, and our clusters in front', () => {
    const reflection = { originatorId: 77, clusterIds: [1, 2] };
    const first = toExportedAttributes({ origin: 0 }, { ...internal, reflection });
    expect(first).toMatchObject({ originatorId: 77, clusterList: [1, 2] });
    const again = toExportedAttributes(full, { ...internal, reflection });
    expect(again).toMatchObject({ originatorId: 8, clusterList: [1, 2, 9] });
  });

  test('§5: an unknown attribute goes on with the Partial bit if it is transitive, else it stays', () => {
    const value = new Uint8Array([1]);
    const unknown = [
      { flags: 0xc0, code: 99, value },
      { flags: 0x80, code: 98, value },
    ];
    expect(toExportedAttributes({ unknown }, external).unknown).toEqual([{ flags: 0xe0, code: 99, value }]);
    expect(toExportedAttributes({ unknown: unknown.slice(1) }, internal).unknown).toBeUndefined();
  });

  test('RFC 4360 §6: non-transitive extended communities stay in our AS', () => {
    const extendedCommunities = [
      { high: 0x00020001, low: 1 },
      { high: 0x40040001, low: 2 },
    ];
    expect(toExportedAttributes({ extendedCommunities }, external).extendedCommunities).toEqual([
      { high: 0x00020001, low: 1 },
    ]);
    expect(toExportedAttributes({ extendedCommunities }, internal).extendedCommunities).toEqual(
      extendedCommunities,
    );
  });
});
