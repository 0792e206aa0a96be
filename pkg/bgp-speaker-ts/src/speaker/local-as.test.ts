import { address } from '@weft/ip';
import { describe, expect, test } from 'vitest';
import type { PeerConfig } from './config.ts';
import { Network, originate, peer, receivedBy, speaker } from './test/network.ts';
import { ScriptedPeers, scripted } from './test/scripted-peers.ts';

const OWN = 64512;
const OLD = 65001;
const PEER = '10.0.0.2';
const ASN = 64513;
const INTERNAL = '10.0.0.3';
const OTHER = '10.0.0.4';
const OTHER_ASN = 64514;
const ROUTE = '20.0.0.0/24';
const OTHER_ROUTE = '20.0.1.0/24';

const path = (...asns: number[]) => ({ asPath: [{ kind: 'sequence' as const, asns }] });

/** PEER sees us as another AS; an internal and another external peer stand by. */
function network(more: Partial<PeerConfig>): ScriptedPeers {
  const toPeer = scripted(PEER, ASN, { localAsn: OLD, ...more });
  const peers = new ScriptedPeers([toPeer, scripted(INTERNAL, OWN), scripted(OTHER, OTHER_ASN)]);
  peers.connect(PEER, ASN);
  peers.connect(INTERNAL, OWN);
  peers.connect(OTHER, OTHER_ASN);
  return peers;
}

const established = (peers: ScriptedPeers) => peers.speaker.status().map(({ state }) => state);

describe('a local AS towards an external peer (RFC 7705 §3)', () => {
  test.each<[string, Partial<PeerConfig>, string, string, string]>([
    ['by default', {}, '65001 64512 64514 7', '65001 64513 7', '64512 65001 64513 7'],
    ['no prepend inbound', { localAsnNoPrepend: true }, '65001 64512 64514 7', '64513 7', '64512 64513 7'],
    ['replace old AS', { localAsnReplaceAs: true }, '65001 64514 7', '65001 64513 7', '64512 65001 64513 7'],
    [
      'both, as BIRD and Calico have it',
      { localAsnNoPrepend: true, localAsnReplaceAs: true },
      '65001 64514 7',
      '64513 7',
      '64512 64513 7',
    ],
    ['that is our own AS', { localAsn: OWN }, '64512 64514 7', '64513 7', '64512 64513 7'],
  ])('%s: sent %s %s, told inside as %s, and outside as %s', (_name, more, sent, inside, outside) => {
    const peers = network(more);
    expect(established(peers)).toEqual(['Established', 'Established', 'Established']);
    peers.announce(OTHER, [ROUTE], path(OTHER_ASN, 7));
    peers.announce(PEER, [OTHER_ROUTE], path(ASN, 7));
    expect(peers.sent(PEER, ROUTE)?.asPath).toBe(sent);
    expect(peers.sent(INTERNAL, OTHER_ROUTE)?.asPath).toBe(inside);
    expect(peers.sent(OTHER, OTHER_ROUTE)?.asPath).toBe(outside);
    // What was received stays what it was.
    expect(peers.received(PEER, OTHER_ROUTE)?.attributes.asPath).toBe('64513 7');
  });

  test('the OPEN shows it', () => {
    expect(network({}).told('peer-established')[0]?.negotiated).toMatchObject({
      localAsn: OLD,
      peerType: 'external',
    });
  });

  test('with policy, and with its other attributes, a route gets both numbers too', () => {
    const exportPolicy: PeerConfig['exportPolicy'] = [
      { name: 'far', action: 'accept', operations: [{ kind: 'prepend-as-path', asns: [9, 9] }] },
    ];
    const peers = network({ exportPolicy });
    peers.announce(OTHER, [ROUTE], { ...path(OTHER_ASN), communities: [0x00010002] });
    expect(peers.sent(PEER, ROUTE)).toMatchObject({ asPath: '65001 64512 9 9 64514', communities: ['1:2'] });
  });

  test.each([OWN, OLD])('a path with AS %i, a number of ours, is a loop', (asn) => {
    const peers = network({});
    peers.announce(PEER, [OTHER_ROUTE], path(ASN, asn));
    expect(peers.received(PEER, OTHER_ROUTE)?.rejection).toBe('as-loop');
  });

  test('how it is put into paths can be changed under the session', () => {
    const peers = network({});
    peers.announce(OTHER, [ROUTE], path(OTHER_ASN, 7));
    peers.announce(PEER, [OTHER_ROUTE], path(ASN, 7));
    const { config } = peers.speaker;
    const [first, ...rest] = config.peers;
    const changed: PeerConfig = {
      ...(first as PeerConfig),
      localAsnNoPrepend: true,
      localAsnReplaceAs: true,
    };
    peers.handle({ kind: 'configure', config: { ...config, peers: [changed, ...rest] } });
    expect(peers.sent(PEER, ROUTE)?.asPath).toBe('65001 64514 7');
    expect(peers.sent(INTERNAL, OTHER_ROUTE)?.asPath).toBe('64513 7');
    expect(peers.speaker.status()[0]).toMatchObject({ state: 'Established', establishedCount: 1 });
  });
});

describe('a local AS towards an internal peer', () => {
  test.each<[string, Partial<PeerConfig>, number, number, string | undefined]>([
    ['the peer has the AS it sees', { localAsn: OLD }, OLD, OLD, 'internal'],
    ['the peer has our own AS', { localAsn: OLD }, OWN, OWN, 'external'],
    [
      'dual, configured with the old AS, and of it',
      { localAsn: OLD, localAsnDual: true },
      OLD,
      OLD,
      'internal',
    ],
    [
      'dual, configured with the old AS, of the new one',
      { localAsn: OLD, localAsnDual: true },
      OLD,
      OWN,
      'internal',
    ],
    [
      'dual, configured with the new AS, of the old one',
      { localAsn: OLD, localAsnDual: true },
      OWN,
      OLD,
      'internal',
    ],
    ['dual, and of a third AS', { localAsn: OLD, localAsnDual: true }, OWN, ASN, undefined],
    ['dual, external, and of an AS of ours', { localAsn: OLD, localAsnDual: true }, ASN, OLD, undefined],
  ])('%s', (_name, more, configured, asn, peerType) => {
    const peers = new ScriptedPeers([scripted(PEER, configured, more)]);
    peers.connect(PEER, asn);
    expect(peers.told('peer-established')[0]?.negotiated.peerType).toBe(peerType);
    expect(peers.notificationTo(PEER)).toBe(peerType === undefined ? '2/2' : undefined);
  });

  test('paths are as between any internal peers: neither number is put in (RFC 7705 §4)', () => {
    const dual = scripted(PEER, OLD, { localAsn: OLD, localAsnDual: true });
    const peers = new ScriptedPeers([dual, scripted(OTHER, OTHER_ASN)]);
    peers.connect(PEER, OLD);
    peers.connect(OTHER, OTHER_ASN);
    peers.announce(OTHER, [ROUTE], path(OTHER_ASN));
    peers.announce(PEER, [OTHER_ROUTE], path(7));
    expect(peers.sent(PEER, ROUTE)).toMatchObject({ asPath: '64514', localPref: 100 });
    expect(peers.explain(OTHER_ROUTE).paths[0]?.attributes.asPath).toBe('7');
    expect(peers.sent(OTHER, OTHER_ROUTE)?.asPath).toBe('64512 7');
  });

  test.each([
    ['has not moved yet', OLD, OLD],
    ['has moved, and knows us by our own', OWN, OWN],
  ])('a peer that %s is shown the AS number it takes (RFC 7705 §4.2)', (_name, its, knowsUsBy) => {
    const [A, B] = ['10.0.0.1', '10.0.0.2'];
    const fake = new Network();
    fake.add(speaker(A, OWN, [peer(B, OLD, { localAsn: OLD, localAsnDual: true })]));
    fake.add(speaker(B, its, [peer(A, knowsUsBy, { passive: true })]));
    originate(fake, A, ROUTE);
    originate(fake, B);
    fake.advance(30_000);
    expect(fake.node(B).speaker.status()[0]).toMatchObject({ state: 'Established', peerType: 'internal' });
    expect(fake.node(A).speaker.status()[0]?.address).toBe(address(B));
    expect(receivedBy(fake, B, A).get(ROUTE)?.attributes.asPath).toBe('');
  });
});
