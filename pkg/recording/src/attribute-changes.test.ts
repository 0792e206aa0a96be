import type { PathAttributes } from 'bgp-speaker-ts';
import { expect, test } from 'vitest';
import { attributeChanges } from './attribute-changes.ts';

const PLAIN: PathAttributes = { origin: 0, asPath: [], localPref: 100 };

test.each<[string, PathAttributes, PathAttributes, string[]]>([
  ['nothing', PLAIN, { ...PLAIN, asPath: [] }, []],
  ['a value', PLAIN, { ...PLAIN, localPref: 200 }, ['LOCAL_PREF 100 -> 200']],
  ['a value that was not there', PLAIN, { ...PLAIN, med: 0 }, ['MED none -> 0']],
  ['a value that is gone', { ...PLAIN, otc: 65000 }, PLAIN, ['OTC 65000 -> none']],
  ['ORIGIN', PLAIN, { ...PLAIN, origin: 2 }, ['ORIGIN igp -> incomplete']],
  [
    'AS_PATH',
    PLAIN,
    { ...PLAIN, asPath: [{ kind: 'sequence', asns: [65000, 65001] }] },
    ['AS_PATH empty -> 65000 65001'],
  ],
  [
    'members of a set',
    { ...PLAIN, communities: [0xfde80001, 0xfde80002] },
    { ...PLAIN, communities: [0xfde80003, 0xfde80002] },
    ['communities +65000:3 -65000:1'],
  ],
  [
    'a set that was not there',
    PLAIN,
    { ...PLAIN, largeCommunities: [{ globalAdministrator: 65000, localData1: 1, localData2: 2 }] },
    ['large communities +65000:1:2'],
  ],
  [
    'the order of a set, which says nothing',
    { ...PLAIN, communities: [1, 2] },
    { ...PLAIN, communities: [2, 1] },
    [],
  ],
  [
    'what a reflector adds, whose order says something',
    { ...PLAIN, originatorId: 0xc0000201, clusterList: [0xc0000202, 0xc0000203] },
    { ...PLAIN, originatorId: 0xc0000209, clusterList: [0xc0000203, 0xc0000202] },
    ['ORIGINATOR_ID 192.0.2.1 -> 192.0.2.9', 'CLUSTER_LIST 192.0.2.2 192.0.2.3 -> 192.0.2.3 192.0.2.2'],
  ],
  [
    'what is as octets only',
    { ...PLAIN, extendedCommunities: [{ high: 0x0002fde8, low: 1 }] },
    { ...PLAIN, unknown: [{ flags: 0xc0, code: 99, value: Uint8Array.of(1, 255) }] },
    ['extended communities -0002fde800000001', 'unknown attributes +99:01ff'],
  ],
  ['the next hop, which is told by itself', PLAIN, { ...PLAIN, nextHop: 1 }, []],
])('tells what is different: %s', (_what, before, after, expected) => {
  expect(attributeChanges(before, after)).toEqual(expected);
});
