import type { PeerExplanation, PeerSession } from '@weft/control';
import { describe, expect, test } from 'vitest';
import { explainPeer, type OtherEnd } from './peer.ts';

const SESSION: PeerSession = {
  peer: '10.0.0.2',
  node: 'node2',
  port: 179,
  configured: true,
  reason: 'the mesh has it with node2; we open',
  type: 'node-to-node mesh',
  state: 'Active',
  passive: false,
  asn: 64512,
  password: false,
  established: 0,
  families: [],
  importRules: ['BGPFilter in importV4[0]', 'BGPFilter in importV4[1]'],
  exportRules: ['own block 10.1.0.0/26'],
};

function end(
  node: string,
  changes: Partial<PeerSession> = {},
  more: Partial<PeerExplanation> = {},
): PeerExplanation {
  return {
    node,
    asn: 64512,
    addresses: [],
    peerNode: node === 'node1' ? 'node2' : 'node1',
    sessions: [{ ...SESSION, ...changes }],
    ...more,
  };
}

const other = (changes: Partial<PeerSession> = {}, more: Partial<PeerExplanation> = {}): OtherEnd => ({
  kind: 'answered',
  explanation: end('node2', { passive: true, ...changes }, more),
});

const left = { configured: false, reason: 'the mesh asks for it; the mesh is off' };

test.each<[string, string, string | undefined, string, PeerExplanation, OtherEnd]>([
  [
    'nothing asks for it',
    'session',
    undefined,
    'nothing asks for a session',
    end('node1', {}, { sessions: [] }),
    other(),
  ],
  ['it is left out', 'session', left.reason, 'the mesh is off', end('node1', left), other()],
  [
    'there is no BGP',
    'session',
    'no Node',
    'node1 speaks no BGP',
    end('node1', {}, { sessions: [], noBgp: 'no Node' }),
    other(),
  ],
  [
    'the other end has none',
    'other end',
    left.reason,
    'node2 has no session with node1',
    end('node1'),
    other(left),
  ],
  [
    'the AS numbers disagree',
    'agreement',
    'asNumber',
    'node1 expects AS 65000 of node2, which has AS 64512',
    end('node1', { asn: 65_000 }),
    other(),
  ],
  [
    'the other end has another AS number in this session',
    'agreement',
    'asNumber',
    'node1 expects AS 64512 of node2, which has AS 65009',
    end('node1'),
    other({ localAsn: 65_009 }),
  ],
  [
    'one end has a password',
    'agreement',
    'password',
    'only node2 asks for a password',
    end('node1'),
    other({ password: true }),
  ],
  ['both wait', 'agreement', 'passive', 'both ends wait', end('node1', { passive: true }), other()],
  [
    'it does not come up',
    'state',
    undefined,
    'node1 is Active: connection refused; node2 is Active; it was never up',
    end('node1', { lastError: 'connection refused' }),
    other(),
  ],
])('no: %s', (_, stage, rule, says, here, there) => {
  const { verdict } = explainPeer('10.0.0.2', here, there);
  expect(verdict).toMatchObject({ answer: 'no', stage, sentence: expect.stringContaining(says) });
  expect(verdict.rule).toBe(rule);
});

test('an end is held against the AS number it has in the session, not against that of its speaker', () => {
  const { hops } = explainPeer('10.0.0.2', end('node1', { asn: 65_009 }), other({ localAsn: 65_009 }));
  expect(hops.map(({ stage }) => stage)).not.toContain('agreement');
});

describe('a session that is up', () => {
  const up: Partial<PeerSession> = {
    state: 'Established',
    since: '2026-11-21T20:00:00.000Z',
    bfd: 'Up',
    families: [{ family: 'ipv4-unicast', received: 7, rejected: 2, advertised: 1 }],
  };

  test('tells what is exchanged, and the filters by name', () => {
    const { hops, node, verdict } = explainPeer('10.0.0.2', end('node1', up), other(up));
    expect(verdict).toEqual({ answer: 'yes', sentence: 'node1 and node2 have a session.' });
    expect(node).toBe('node2');
    expect(hops.slice(-3).map(({ says }) => says)).toEqual([
      'BFD is Up',
      'ipv4-unicast: 7 received, of which 2 not let in, 1 sent',
      'BGPFilters on import: in; on export: none',
    ]);
  });

  test('needs no other end to be asked', () => {
    const silent = { kind: 'not-asked', reason: 'out of reach' } as const;
    expect(explainPeer('10.0.0.2', end('node1', up), silent).verdict.answer).toBe('yes');
    expect(explainPeer('10.0.0.2', end('node1'), silent).verdict).toMatchObject({
      answer: 'no',
      stage: 'state',
    });
    expect(explainPeer('10.0.0.9', end('node1', up), { kind: 'stranger' }).verdict.answer).toBe('yes');
  });
});
