import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { fromRole } from '../wire/capability/09-role.ts';
import type { Role } from '../wire/capability/capability.ts';
import { frameMessage } from '../wire/message/header.ts';
import type { PeerConfig } from './config.ts';
import { isLeak, otcOnExport, otcOnImport, wouldLeak } from './only-to-customer.ts';
import { ScriptedPeers, scripted } from './test/scripted-peers.ts';

const PEER = '10.0.0.2';
const ASN = 64513;
const OTHER = '10.0.0.3';
const OTHER_ASN = 64514;
const SELF_ASN = 64512;
const ROUTE = '20.0.0.0/24';

const COUNTERPARTS = [
  ['provider', 'customer'],
  ['customer', 'provider'],
  ['route-server', 'route-server-client'],
  ['route-server-client', 'route-server'],
  ['peer', 'peer'],
] as const;
const ROLES = COUNTERPARTS.map(([role]) => role);

const path = (...asns: number[]) => [{ kind: 'sequence' as const, asns }];
const announces = (role: Role) => [{ kind: 'role' as const, value: fromRole(role) }];

/** PEER with a role, and OTHER without one unless given. */
function network(toPeer: Partial<PeerConfig>, toOther: Partial<PeerConfig> = {}): ScriptedPeers {
  const peers = new ScriptedPeers([scripted(PEER, ASN, toPeer), scripted(OTHER, OTHER_ASN, toOther)]);
  peers.connect(PEER, ASN);
  peers.connect(OTHER, OTHER_ASN);
  return peers;
}

describe('roles in the OPENs (RFC 9234 §4.2)', () => {
  const rows = ROLES.flatMap((ours) => ROLES.map((theirs) => [ours, theirs] as const));

  test.each(rows)('we are %s, the peer is %s', (ours, theirs) => {
    const peers = new ScriptedPeers([scripted(PEER, ASN, { role: ours })]);
    peers.connect(PEER, ASN, announces(theirs));
    const fits = COUNTERPARTS.some(([role, counterpart]) => role === ours && counterpart === theirs);
    expect(peers.notificationTo(PEER)).toBe(fits ? undefined : '2/11');
    expect(peers.speaker.status()[0]?.state === 'Established').toBe(fits);
  });

  test.each([
    ['a peer without a role is taken', {}, 'Established', undefined],
    ['a peer without a role is refused in strict mode', { strictRole: true }, 'Idle', '2/11'],
  ] as const)('%s', (_name, more, state, notification) => {
    const peers = new ScriptedPeers([scripted(PEER, ASN, { role: 'provider', ...more })]);
    peers.connect(PEER, ASN);
    expect([peers.speaker.status()[0]?.state, peers.notificationTo(PEER)]).toEqual([state, notification]);
  });

  test('the mismatch is told in words', () => {
    const peers = new ScriptedPeers([scripted(PEER, ASN, { role: 'provider' })]);
    peers.connect(PEER, ASN, announces('provider'));
    expect(peers.speaker.status()[0]?.lastError).toBe(
      'sent OPEN Message Error / Role Mismatch; OPEN: we are provider, the peer is provider, not customer',
    );
  });

  test('inside an AS a role means nothing, and none is announced', () => {
    const peers = new ScriptedPeers([scripted(PEER, SELF_ASN, { role: 'provider', strictRole: true })]);
    peers.connect(PEER, SELF_ASN, announces('provider'));
    expect(peers.speaker.status()[0]?.state).toBe('Established');
    const [established] = peers.told('peer-established');
    expect(established?.negotiated).toMatchObject({ localRole: undefined, peerRole: undefined });
  });

  test('a change of the role resets the session, which the other side must hear of', () => {
    const peers = network({ role: 'provider' });
    const next = { ...peers.speaker.config };
    const changed = next.peers.map((peer) => ({ ...peer, role: 'peer' as const }));
    peers.handle({ kind: 'configure', config: { ...next, peers: changed } });
    expect(peers.notificationTo(PEER)).toBe('6/6');
  });
});

describe('Only to Customer on the way in (RFC 9234 §5)', () => {
  const leak = 'otc-leak';
  test.each<[Role, number | undefined, string, number | undefined]>([
    ['provider', undefined, 'none', undefined],
    ['provider', ASN, leak, ASN],
    ['provider', 7, leak, 7],
    ['route-server', undefined, 'none', undefined],
    ['route-server', ASN, leak, ASN],
    ['customer', undefined, 'none', ASN],
    ['customer', 7, 'none', 7],
    ['route-server-client', undefined, 'none', ASN],
    ['route-server-client', 7, 'none', 7],
    ['peer', undefined, 'none', ASN],
    ['peer', ASN, 'none', ASN],
    ['peer', 7, leak, 7],
  ])('we are %s, OTC %s: rejection %s, OTC then %s', (role, otc, rejection, expected) => {
    const peers = network({ role });
    peers.announce(PEER, [ROUTE], { asPath: path(ASN), otc });
    expect(peers.received(PEER, ROUTE)).toMatchObject({ rejection, best: rejection === 'none' });
    expect(peers.explain(ROUTE).paths[0]?.attributes.otc).toBe(expected);
  });

  test('a leak is never told on, and explain says what it is', () => {
    const peers = network({ role: 'provider' });
    peers.announce(PEER, [ROUTE], { asPath: path(ASN), otc: 7 });
    expect(peers.sent(OTHER, ROUTE)).toBeUndefined();
    expect(peers.explain(ROUTE).paths[0]?.lost).toEqual({
      kind: 'rejected',
      rejection: 'otc-leak',
      rule: 'otc-leak',
    });
  });

  test('a leak takes the place of the route the peer had', () => {
    const peers = network({ role: 'provider' });
    peers.announce(PEER, [ROUTE], { asPath: path(ASN) });
    expect(peers.sent(OTHER, ROUTE)).toBeDefined();
    peers.announce(PEER, [ROUTE], { asPath: path(ASN), otc: 7 });
    expect(peers.sent(OTHER, ROUTE)).toBeUndefined();
  });

  test.each([
    ['5 octets', [0xc0, 35, 5, 0, 0, 0, 7, 0]],
    ['3 octets', [0xc0, 35, 3, 0, 0, 7]],
    ['no value', [0xc0, 35, 0]],
    ['the flags of a well-known attribute', [0x40, 35, 4, 0, 0, 0, 7]],
  ])('malformed, with %s, it withdraws the route (RFC 7606)', (_name, attribute) => {
    const peers = network({ role: 'customer' });
    peers.announce(PEER, [ROUTE], { asPath: path(ASN) });
    const attributes = [
      [0x40, 1, 1, 0],
      [0x40, 2, 6, 2, 1, 0, 0, ASN >> 8, ASN & 0xff],
      [0x40, 3, 4, 10, 0, 0, 2],
      attribute,
    ].flat();
    const body = [0, 0, 0, attributes.length, ...attributes, 24, 20, 0, 0];
    peers.receive(PEER, frameMessage(2, new Uint8Array(body)));
    expect(peers.received(PEER, ROUTE)).toBeUndefined();
    expect(peers.told('update-fault')).toMatchObject([
      { treatment: 'treat-as-withdraw', faults: [{ code: 35 }] },
    ]);
    expect(peers.speaker.status()[0]?.state).toBe('Established');
  });
});

describe('Only to Customer on the way out (RFC 9234 §5)', () => {
  test.each<[Role, number | undefined, string, number | undefined]>([
    ['provider', undefined, 'default', SELF_ASN],
    ['provider', 7, 'default', 7],
    ['route-server', undefined, 'default', SELF_ASN],
    ['route-server', 7, 'default', 7],
    ['peer', undefined, 'default', SELF_ASN],
    ['peer', 7, 'otc-leak', undefined],
    ['customer', undefined, 'default', undefined],
    ['customer', 7, 'otc-leak', undefined],
    ['route-server-client', undefined, 'default', undefined],
    ['route-server-client', 7, 'otc-leak', undefined],
  ])('we are %s, OTC %s: rule %s, OTC sent %s', (role, otc, rule, expected) => {
    const peers = network({}, { role });
    peers.announce(PEER, [ROUTE], { asPath: path(ASN), otc });
    expect(peers.exportRule(OTHER, ROUTE)).toBe(rule);
    const sent = peers.sent(OTHER, ROUTE);
    expect(sent === undefined).toBe(rule === 'otc-leak');
    expect(sent?.otc).toBe(expected);
  });

  test('a local AS is the AS the attribute names', () => {
    const peers = network({}, { role: 'provider', localAsn: 65009 });
    peers.announce(PEER, [ROUTE], { asPath: path(ASN) });
    expect(peers.sent(OTHER, ROUTE)?.otc).toBe(65009);
  });

  test('without a role it passes as it is', () => {
    const peers = network({});
    peers.announce(PEER, [ROUTE], { asPath: path(ASN), otc: 7 });
    expect(peers.sent(OTHER, ROUTE)?.otc).toBe(7);
  });
});

test('no path of roles lets a route go up or sideways once it went down or sideways, and no OTC is ever changed', () => {
  const role = fc.constantFrom(...ROLES);
  fc.assert(
    fc.property(role, role, fc.option(fc.constantFrom(1, 2, 3), { nil: undefined }), (from, to, otc) => {
      const peerAsn = 1;
      if (isLeak({ role: from, peerAsn }, otc)) return;
      const attached = otcOnImport({ role: from, peerAsn }, otc);
      expect(otc === undefined || attached === undefined).toBe(true);
      const inside = otc ?? attached;
      const fromBelow = from === 'provider' || from === 'route-server';
      const toBelow = to === 'provider' || to === 'route-server';
      // Only what came from below, unmarked, may go anywhere but down.
      expect(wouldLeak(to, inside)).toBe(!toBelow && !(fromBelow && otc === undefined));
      if (to !== 'customer' && to !== 'route-server-client') expect(otcOnExport(to, 9)).toBe(9);
    }),
  );
});
