import { describe, expect, test } from 'vitest';
import type { AsPath } from '../wire/attribute/path-attributes.ts';
import { ScriptedPeers, scripted } from './test/scripted-peers.ts';

const PEER = '10.0.0.2';
const ROUTE = '20.0.0.0/24';

describe('AS_SET and AS_CONFED_SET (RFC 9774 §3)', () => {
  test.each<[string, number, AsPath, string]>([
    ['no set', 64513, [{ kind: 'sequence', asns: [64513, 1] }], 'none'],
    [
      'a set at the end, as aggregation left it',
      64513,
      [
        { kind: 'sequence', asns: [64513] },
        { kind: 'set', asns: [1, 2] },
      ],
      'as-set',
    ],
    ['a set of one AS', 64513, [{ kind: 'set', asns: [64513] }], 'as-set'],
    ['a set from an internal peer', 64512, [{ kind: 'set', asns: [1, 2] }], 'as-set'],
    [
      'a confederation set from an internal peer',
      64512,
      [{ kind: 'confederation-set', asns: [1] }],
      'as-set',
    ],
  ])('%s', (_name, asn, asPath, rejection) => {
    const peers = new ScriptedPeers([scripted(PEER, asn)]);
    peers.connect(PEER, asn);
    peers.announce(PEER, [ROUTE], { asPath: [{ kind: 'sequence', asns: [asn === 64512 ? 7 : asn] }] });
    peers.announce(PEER, [ROUTE], { asPath });
    expect(peers.received(PEER, ROUTE)).toMatchObject({ rejection, best: rejection === 'none' });
    expect([...peers.speaker.locRib('ipv4-unicast')].length).toBe(rejection === 'none' ? 1 : 0);
    expect(peers.speaker.status()[0]?.state).toBe('Established');
  });
});
