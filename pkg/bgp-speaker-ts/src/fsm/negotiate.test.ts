import { describe, expect, test } from 'vitest';
import type { Capability } from '../wire/capability/capability.ts';
import { negotiate } from './negotiate.ts';
import { CONFIG, type OpenChanges, peerOpen } from './test/fixtures.ts';
import type { Negotiated, SessionConfig } from './types.ts';

function agree(changes: OpenChanges = {}, config: Partial<SessionConfig> = {}): Negotiated {
  const result = negotiate({ ...CONFIG, ...config }, peerOpen(changes));
  if (!result.ok) throw new Error(result.error.detail);
  return result.value;
}

function refuse(changes: OpenChanges = {}, config: Partial<SessionConfig> = {}): string {
  const result = negotiate({ ...CONFIG, ...config }, peerOpen(changes));
  if (result.ok) return 'accepted';
  const { code, subcode } = result.error.notification;
  return `${code}/${subcode}`;
}

const without = (kind: Capability['kind']): OpenChanges => ({
  open: { capabilities: peerOpen().capabilities.filter((item) => item.kind !== kind) },
});
const withMore = (...more: Capability[]): OpenChanges => ({
  open: { capabilities: [...peerOpen().capabilities, ...more] },
});

describe('RFC 4271 §6.2 OPEN errors', () => {
  test.each([
    ['another AS than configured with 2/2', { localAsn: 64999 }, {}, '2/2'],
    ['another four-octet AS with 2/2', { localAsn: 4200000001 }, {}, '2/2'],
    ['AS 0 with 2/2 (RFC 7607)', { localAsn: 0 }, { peerAsn: 'any' }, '2/2'],
    ['identifier 0.0.0.0 with 2/3', { localIdentifier: 0 }, {}, '2/3'],
    ['our own identifier inside our AS with 2/3 (RFC 6286)', { localIdentifier: 0x0a000001 }, {}, '2/3'],
    ['hold time 1 with 2/6', { holdTimeSeconds: 1 }, {}, '2/6'],
    ['hold time 2 with 2/6', { holdTimeSeconds: 2 }, {}, '2/6'],
  ] as const)('answers %s', (_name, changes, config, expected) => {
    expect(refuse(changes, config)).toBe(expected);
  });

  test('RFC 6286 §2: an external peer may have our identifier', () => {
    const changes = { localAsn: 64513, localIdentifier: CONFIG.localIdentifier };
    expect(refuse(changes, { peerAsn: 64513 })).toBe('accepted');
  });

  test('RFC 5492 §5: no family in common is 2/7 with the capabilities we need', () => {
    const families = [{ family: 'ipv6-unicast', addPath: 'none', extendedNextHop: false }] as const;
    const result = negotiate({ ...CONFIG, families: CONFIG.families.slice(0, 1) }, peerOpen({ families }));
    expect(result).toMatchObject({ ok: false, error: { notification: { code: 2, subcode: 7 } } });
    if (!result.ok) expect([...result.error.notification.data]).toEqual([1, 4, 0, 1, 0, 1]);
  });
});

describe('RFC 4271 §4.2 hold time', () => {
  test.each([
    [90, 30, 30, 10],
    [30, 90, 30, 10],
    [90, 0, 0, 0],
    [0, 90, 0, 0],
    [90, 3, 3, 1],
  ])('%i s here and %i s there give %i s, keepalives each %i s', (local, remote, hold, keepalive) => {
    const agreed = agree({ holdTimeSeconds: remote }, { holdTimeSeconds: local });
    expect([agreed.holdTimeSeconds, agreed.keepaliveTimeSeconds]).toEqual([hold, keepalive]);
  });

  test('§10: a configured keepalive time counts unless it is above a third of the hold time', () => {
    expect(agree({}, { keepaliveTimeSeconds: 7 }).keepaliveTimeSeconds).toBe(7);
    expect(agree({ holdTimeSeconds: 9 }, { keepaliveTimeSeconds: 7 }).keepaliveTimeSeconds).toBe(3);
  });
});

describe('capabilities', () => {
  test('RFC 6793: the AS number is the one of the capability, in the OPEN stands AS_TRANS', () => {
    const asn = 4200000001;
    const agreed = agree({ localAsn: asn }, { peerAsn: asn });
    expect(peerOpen({ localAsn: asn }).asn).toBe(23456);
    expect(agreed).toMatchObject({ peerAsn: asn, peerType: 'external', fourOctetAsn: true });
  });

  test('RFC 6793: a peer without the capability has two-octet numbers', () => {
    expect(agree(without('four-octet-as'))).toMatchObject({ peerAsn: 64512, fourOctetAsn: false });
  });

  test('a peer of any AS is taken when the configuration says so', () => {
    expect(agree({ localAsn: 65000 }, { peerAsn: 'any' })).toMatchObject({
      peerAsn: 65000,
      peerType: 'external',
    });
  });

  test('RFC 4760 §8: only families both sides announce are used', () => {
    const agreed = agree({ families: CONFIG.families.slice(1) });
    expect(agreed.families.map(({ family }) => family)).toEqual(['ipv6-unicast']);
  });

  test('an OPEN without any capability means IPv4 unicast and nothing else', () => {
    expect(agree({ open: { capabilities: [] } })).toMatchObject({
      families: [{ family: 'ipv4-unicast', addPathSend: false, addPathReceive: false }],
      fourOctetAsn: false,
      routeRefresh: false,
      enhancedRouteRefresh: false,
      maxSendBytes: 4096,
      gracefulRestart: undefined,
    });
  });

  test.each([
    ['both', 'both', true, true],
    ['send', 'receive', true, false],
    ['receive', 'send', false, true],
    ['send', 'send', false, false],
    ['both', 'none', false, false],
  ] as const)('RFC 7911 §4: ADD-PATH %s here and %s there', (ours, theirs, send, receive) => {
    const offer = (addPath: typeof ours | typeof theirs): SessionConfig['families'] => [
      { family: 'ipv4-unicast', addPath, extendedNextHop: false },
    ];
    const [family] = agree({ families: offer(theirs) }, { families: offer(ours) }).families;
    expect(family).toMatchObject({ addPathSend: send, addPathReceive: receive });
  });

  test('RFC 8950 §4: IPv6 next hops for IPv4 need both sides', () => {
    const families = [{ family: 'ipv4-unicast', addPath: 'none', extendedNextHop: true }] as const;
    expect(agree({ families }, { families }).families[0]?.extendedNextHop).toBe(true);
    expect(agree({}, { families }).families[0]?.extendedNextHop).toBe(false);
    expect(agree({ families }).families[0]?.extendedNextHop).toBe(false);
  });

  test('RFC 8654 §4: long messages are sent only when both sides take them', () => {
    const long = { extendedMessages: true };
    expect(agree(long, long)).toMatchObject({ maxSendBytes: 65535, maxReceiveBytes: 65535 });
    expect(agree({}, long)).toMatchObject({ maxSendBytes: 4096, maxReceiveBytes: 65535 });
    expect(agree(long)).toMatchObject({ maxSendBytes: 4096, maxReceiveBytes: 4096 });
  });
});

describe('RFC 4724 graceful restart', () => {
  test('§3: restart time, R bit and F bits of the peer are known, for families in common', () => {
    const agreed = agree({ restart: { restarting: true, forwarding: ['ipv6-unicast'] } });
    expect(agreed.gracefulRestart).toEqual({
      restarting: true,
      notification: false,
      restartTimeSeconds: 120,
      families: [
        { family: 'ipv4-unicast', forwarding: false },
        { family: 'ipv6-unicast', forwarding: true },
      ],
    });
  });

  test('is absent when one side does not offer it', () => {
    expect(agree({}, { gracefulRestart: undefined }).gracefulRestart).toBeUndefined();
    expect(agree({ gracefulRestart: undefined }).gracefulRestart).toBeUndefined();
  });

  test('§3: of several capabilities the last one counts', () => {
    const last: Capability = {
      kind: 'graceful-restart',
      restarting: false,
      notification: false,
      restartTimeSeconds: 7,
      families: [],
    };
    expect(agree(withMore(last)).gracefulRestart).toMatchObject({ restartTimeSeconds: 7, families: [] });
  });

  test('RFC 8538 §2: the N bit counts when both sides set it', () => {
    const gracefulRestart = { restartTimeSeconds: 120, notification: true };
    expect(agree({ gracefulRestart }, { gracefulRestart }).gracefulRestart?.notification).toBe(true);
    expect(agree({ gracefulRestart }).gracefulRestart?.notification).toBe(false);
    expect(agree({}, { gracefulRestart }).gracefulRestart?.notification).toBe(false);
  });

  test('RFC 9494 §3: stale times per family', () => {
    const gracefulRestart = {
      restartTimeSeconds: 120,
      notification: false,
      longLived: [
        { family: 'ipv4-unicast' as const, staleTimeSeconds: 86400 },
        { family: 'ipv6-unicast' as const, staleTimeSeconds: 60 },
      ],
    };
    expect(agree({ gracefulRestart }, { gracefulRestart }).longLived).toEqual([
      { family: 'ipv4-unicast', forwarding: false, staleTimeSeconds: 86400 },
      { family: 'ipv6-unicast', forwarding: false, staleTimeSeconds: 60 },
    ]);
    expect(agree({ gracefulRestart }).longLived).toEqual([]);
    const onlyIpv6 = { ...gracefulRestart, longLived: gracefulRestart.longLived.slice(1) };
    expect(agree({ gracefulRestart }, { gracefulRestart: onlyIpv6 }).longLived).toEqual([
      { family: 'ipv6-unicast', forwarding: false, staleTimeSeconds: 60 },
    ]);
  });

  test('RFC 9494 §4.3: a peer with an empty capability keeps nothing, but knows what LLGR_STALE is', () => {
    const gracefulRestart = { restartTimeSeconds: 120, notification: false, longLived: [] };
    expect(agree({ gracefulRestart })).toMatchObject({ longLived: [], longLivedAware: true });
    expect(agree({})).toMatchObject({ longLived: [], longLivedAware: false });
  });

  test('RFC 9494 §4.5: the capability means nothing without that of graceful restart', () => {
    const longLived = {
      kind: 'long-lived-graceful-restart',
      families: [{ afi: 1, safi: 1, forwarding: true, staleTimeSeconds: 60 }],
    } as const;
    const ours = {
      restartTimeSeconds: 120,
      notification: false,
      longLived: [{ family: 'ipv4-unicast' as const, staleTimeSeconds: 60 }],
    };
    const open = peerOpen({ gracefulRestart: undefined });
    const changes = { open: { capabilities: [...open.capabilities, longLived] } };
    expect(agree(changes, { gracefulRestart: ours })).toMatchObject({ longLived: [], longLivedAware: false });
  });

  test('RFC 9494 §4.1: the F bits of both capabilities say the same, for the families that are offered', () => {
    const gracefulRestart = {
      restartTimeSeconds: 0,
      notification: false,
      longLived: [{ family: 'ipv6-unicast' as const, staleTimeSeconds: 60 }],
    };
    const restart = { restarting: true, forwarding: ['ipv6-unicast' as const] };
    const { capabilities } = peerOpen({ gracefulRestart, restart });
    expect(capabilities.find(({ kind }) => kind === 'long-lived-graceful-restart')).toEqual({
      kind: 'long-lived-graceful-restart',
      families: [{ afi: 2, safi: 1, forwarding: true, staleTimeSeconds: 60 }],
    });
    expect(capabilities.find(({ kind }) => kind === 'graceful-restart')).toMatchObject({
      restarting: true,
      restartTimeSeconds: 0,
    });
  });

  test('§3: F bits are sent as told, also without the R bit, when only the session broke', () => {
    const open = peerOpen({ restart: { restarting: false, forwarding: ['ipv4-unicast'] } });
    const capability = open.capabilities.find((item) => item.kind === 'graceful-restart');
    expect(capability?.families.map(({ forwarding }) => forwarding)).toEqual([true, false]);
  });
});

describe('RFC 9234 §4.2 roles', () => {
  const external = { localAsn: 64513 } as const;
  const ours = (role: SessionConfig['role'], strictRole = false): Partial<SessionConfig> => ({
    role,
    strictRole,
    peerAsn: 64513,
  });

  test.each([
    ['provider', 'customer', 'accepted'],
    ['customer', 'provider', 'accepted'],
    ['route-server', 'route-server-client', 'accepted'],
    ['route-server-client', 'route-server', 'accepted'],
    ['peer', 'peer', 'accepted'],
    ['provider', 'provider', '2/11'],
    ['peer', 'customer', '2/11'],
    ['route-server', 'peer', '2/11'],
  ] as const)('%s with %s: %s', (local, remote, expected) => {
    expect(refuse({ ...external, role: remote }, ours(local))).toBe(expected);
  });

  test('a peer without a role is refused in strict mode only', () => {
    expect(refuse(external, ours('peer'))).toBe('accepted');
    expect(refuse(external, ours('peer', true))).toBe('2/11');
  });

  test('two different role capabilities are refused', () => {
    const open = peerOpen({ ...external, role: 'peer' });
    const capabilities: Capability[] = [...open.capabilities, { kind: 'role', value: 3 }];
    expect(refuse({ ...external, open: { capabilities } }, ours('peer'))).toBe('2/11');
  });

  test('roles have no meaning inside an AS', () => {
    expect(agree({ role: 'customer' }, { role: 'customer' })).toMatchObject({
      localRole: undefined,
      peerRole: undefined,
    });
  });
});
