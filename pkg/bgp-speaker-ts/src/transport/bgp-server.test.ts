import { address, prefix } from '@weft/ip';
import { describe, expect, test } from 'vitest';
import { DETACH_BYTES } from '../speaker/update-group.ts';
import { encodeOpen } from '../wire/message/01-open.ts';
import { describeNotification } from '../wire/message/03-notification.ts';
import { encodeKeepalive } from '../wire/message/04-keepalive.ts';
import { BgpServer } from './bgp-server.ts';
import {
  eventually,
  freePort,
  peer,
  prefixesOf,
  RawPeer,
  type Running,
  run,
  speaker,
  stateOf,
} from './test/loopback.ts';

const A = '127.0.0.2';
const B = '127.0.0.3';
const C = '127.0.0.4';

/** Two speakers at A and B that are told to speak to each other. */
async function pair(
  atA: Parameters<typeof peer>[1] = {},
  atB: Parameters<typeof peer>[1] = {},
): Promise<readonly [Running, Running]> {
  const [portA, portB] = [await freePort(A), await freePort(B)];
  return [
    run(speaker(A, portA, [peer(B, { port: portB, ...atA })])),
    run(speaker(B, portB, [peer(A, { port: portA, ...atB })])),
  ];
}

async function established(left: Running, right: Running): Promise<void> {
  await eventually(
    'both Established',
    () => stateOf(left, B) === 'Established' && stateOf(right, A) === 'Established',
  );
}

const OPEN = encodeOpen({
  version: 4,
  asn: 64512,
  holdTimeSeconds: 90,
  identifier: 0x7f000004,
  capabilities: [
    { kind: 'multiprotocol', afi: 1, safi: 1 },
    { kind: 'four-octet-as', asn: 64512 },
  ],
});

describe('two speakers', () => {
  test('both connect, one session comes out of it, and routes go both ways', async () => {
    const [left, right] = await pair();
    left.server.setLocalRoutes([{ prefix: prefix('10.1.0.0/26') }]);
    right.server.setLocalRoutes([{ prefix: prefix('10.2.0.0/26') }]);
    await eventually('all routes at both', () =>
      [left, right].every((side) => prefixesOf(side).length === 2),
    );
    const learned = left.server.locRib().find((route) => route.prefix === '10.2.0.0/26');
    expect(learned?.best).toMatchObject({ source: 'internal', peer: B, nextHops: [{ address: B }] });
    expect(left.server.adjRibOut(address(B)).map((route) => route.prefix)).toEqual(['10.1.0.0/26']);
    left.server.setLocalRoutes([]);
    await eventually('the route withdrawn', () => prefixesOf(right).join() === '10.2.0.0/26');
    expect(right.reports.filter(({ kind }) => kind === 'peer-down')).toEqual([]);
  });

  test('RFC 4724: a graceful stop sends no NOTIFICATION, and routes stay stale until the next life confirms them', async () => {
    const [left, right] = await pair();
    left.server.setLocalRoutes([{ prefix: prefix('10.1.0.0/26') }]);
    await eventually('the route', () => prefixesOf(right).includes('10.1.0.0/26'));
    await left.server.stop({ graceful: true });
    await eventually('the route stale', () => prefixesOf(right).includes('10.1.0.0/26 stale'));
    expect(right.reports.find(({ kind }) => kind === 'peer-down')).toMatchObject({
      reason: { kind: 'tcp-closed' },
      keptPaths: 1,
    });
    const again = run(left.server.config, { restarting: true });
    again.server.setLocalRoutes([{ prefix: prefix('10.1.0.0/26') }]);
    await eventually('the route fresh', () => prefixesOf(right).includes('10.1.0.0/26'));
    expect(
      right.reports.flatMap((report) => (report.kind === 'loc-rib-changed' ? report.changes : [])),
    ).not.toContainEqual(expect.objectContaining({ prefix: '10.1.0.0/26', best: undefined }));
  });

  test('RFC 9003: an administrative stop says Cease with its communication, and routes go', async () => {
    const [left, right] = await pair();
    left.server.setLocalRoutes([{ prefix: prefix('10.1.0.0/26') }]);
    await eventually('the route', () => prefixesOf(right).length === 1);
    await left.server.stop({ graceful: false, communication: 'moving house' });
    await eventually('the route gone', () => prefixesOf(right).length === 0);
    const down = right.reports.find((report) => report.kind === 'peer-down');
    expect(down?.reason.kind).toBe('notification-received');
    if (down?.reason.kind !== 'notification-received') return;
    expect(describeNotification(down.reason.notification)).toBe(
      'Cease / Administrative Shutdown: "moving house"',
    );
  });

  test('IPv6 peers exchange IPv6 routes', async () => {
    const port = await freePort('::1');
    const families = ['ipv6-unicast'] as const;
    const own = (text: string) => ({ nextHopAddresses: { ipv6: address(text) } });
    const here = run(speaker('::1', port, [peer('::1', { passive: true, families, ...own('2001:db8::1') })]));
    const far = await freePort('::1');
    const config = speaker('::1', far, [peer('::1', { port, families, ...own('2001:db8::2') })]);
    const there = run({ ...config, listen: [], identifier: address('10.255.1.1') });
    here.server.setLocalRoutes([{ prefix: prefix('2001:db8:1::/64') }]);
    await eventually('the route', () => prefixesOf(there).includes('2001:db8:1::/64'));
  });

  test('a changed policy reaches the peer without a new session', async () => {
    const [left, right] = await pair();
    left.server.setLocalRoutes([{ prefix: prefix('10.1.0.0/26') }, { prefix: prefix('10.9.0.0/26') }]);
    await eventually('both routes', () => prefixesOf(right).length === 2);
    const { config } = left.server;
    const match = { prefix: { operator: 'in', prefix: prefix('10.9.0.0/16') } } as const;
    const exportPolicy = [{ name: 'keep 10.9 here', match, action: 'reject' }] as const;
    left.server.configure({ ...config, peers: config.peers.map((item) => ({ ...item, exportPolicy })) });
    await eventually('one route', () => prefixesOf(right).join() === '10.1.0.0/26');
    expect(right.reports.filter(({ kind }) => kind === 'peer-down')).toEqual([]);
  });

  test('RFC 4486: a peer taken out of the configuration gets Cease / Peer De-configured', async () => {
    const [left, right] = await pair();
    await established(left, right);
    left.server.configure({ ...left.server.config, peers: [] });
    await eventually('down', () => right.reports.some(({ kind }) => kind === 'peer-down'));
    expect(right.reports.find(({ kind }) => kind === 'peer-down')).toMatchObject({
      reason: { kind: 'notification-received', notification: { code: 6, subcode: 3 } },
    });
  });
});

describe('listening', () => {
  test('a taken port is an error of three parts, and nothing is started', async () => {
    const port = await freePort(A);
    run(speaker(A, port, []));
    const result = BgpServer.start({ config: speaker(A, port, []), restarting: false });
    expect(result).toMatchObject({
      kind: 'listen-error',
      cause: 'address-in-use',
      errno: 'EADDRINUSE',
      object: `${A} port ${port}`,
    });
    if (result.kind === 'started') return;
    expect(result.message).toContain(`port ${port} is taken`);
    expect(result.hint).toContain(`ss -ltnp 'sport = :${port}'`);
  });

  test('a configuration with a taken address changes nothing', async () => {
    const [left, right] = await pair();
    await established(left, right);
    const { config } = left.server;
    const [taken] = right.server.config.listen;
    const listen = [...config.listen, ...(taken === undefined ? [] : [taken])];
    expect(left.server.configure({ ...config, listen, peers: [] })).toMatchObject({
      cause: 'address-in-use',
    });
    expect([stateOf(left, B), left.server.config]).toEqual(['Established', config]);
  });

  test('a configuration with mistakes starts nothing and changes nothing', async () => {
    const config = speaker(A, await freePort(A), []);
    const wrong = { ...config, holdTimeSeconds: 2, peers: [peer(B, { asn: 0 })] };
    const error = {
      kind: 'config-error',
      object: 'holdTimeSeconds, peers[0].asn',
      message: expect.stringContaining('peers[0].asn must be a whole number from 1'),
    };
    expect(BgpServer.start({ config: wrong, restarting: false })).toMatchObject(error);
    const { server } = run(config);
    expect(server.configure(wrong)).toMatchObject(error);
    expect(server.config).toBe(config);
  });

  test('the same configuration is taken once the address is free', async () => {
    const taken = run(speaker(B, await freePort(B), []));
    const { server } = run(speaker(A, await freePort(A), []));
    const wanted = { ...server.config, listen: [...server.config.listen, ...taken.server.config.listen] };
    expect(server.configure(wanted)).toMatchObject({ cause: 'address-in-use' });
    await taken.server.stop({ graceful: false });
    expect(server.configure(wanted)).toBeUndefined();
    expect(server.config).toBe(wanted);
  });

  test('an address no interface has yet can be listened on', async () => {
    const config = speaker('203.0.113.7', await freePort(), []);
    expect(run(config).server.config.listen[0]?.address).toBe('203.0.113.7');
  });

  test('IPv4 and IPv6 listen on one port side by side', async () => {
    const port = await freePort();
    const config = speaker(A, port, []);
    const listen = [...config.listen, { address: address('::'), port }];
    expect(run({ ...config, listen }).server.config.listen).toHaveLength(2);
  });

  test('one address takes the place of all, and all that of one; to others the port stays taken', async () => {
    const port = await freePort();
    const all = [{ address: address('0.0.0.0'), port }];
    const one = [{ address: address(A), port }];
    const { server } = run({ ...speaker(A, port, [peer(C, { passive: true })]), listen: all });
    for (const listen of [one, all]) {
      expect(server.configure({ ...server.config, listen })).toBeUndefined();
      expect(BgpServer.start({ config: speaker(A, port, []), restarting: false })).toMatchObject({
        cause: 'address-in-use',
      });
      const atB = await RawPeer.connect(C, B, port).then(
        () => 'accepted',
        ({ code }) => code,
      );
      expect(atB).toBe(listen === one ? 'ECONNREFUSED' : 'accepted');
    }
  });

  test('a listener that is not wanted any more is closed', async () => {
    const { server } = run(speaker(A, await freePort(A), []));
    const [listen] = server.config.listen;
    server.configure({ ...server.config, listen: [] });
    await expect(RawPeer.connect(C, A, listen?.port ?? 0)).rejects.toMatchObject({ code: 'ECONNREFUSED' });
  });
});

describe('bad peers', () => {
  test('a peer that goes away in the middle of a message is reported as closed', async () => {
    const port = await freePort(A);
    const left = run(speaker(A, port, [peer(C, { passive: true })]));
    const raw = await RawPeer.connect(C, A, port);
    raw.socket.write(Buffer.concat([OPEN, encodeKeepalive(), OPEN.subarray(0, 10)]));
    await eventually('Established', () => stateOf(left, C) === 'Established');
    raw.socket.resetAndDestroy();
    await eventually('down', () => left.reports.some(({ kind }) => kind === 'peer-down'));
    expect(left.reports.find(({ kind }) => kind === 'peer-down')).toMatchObject({
      reason: { kind: 'tcp-closed', error: 'ECONNRESET' },
    });
  });

  test('a peer that reads nothing is detached, costs no more from then on, and delays nobody', async () => {
    const [portA, portB] = [await freePort(A), await freePort(B)];
    const left = run(speaker(A, portA, [peer(B, { port: portB }), peer(C, { passive: true })]));
    const right = run(speaker(B, portB, [peer(A, { port: portA })]));
    const raw = await RawPeer.connect(C, A, portA);
    raw.socket.write(Buffer.concat([OPEN, encodeKeepalive()]));
    await eventually('Established', () => stateOf(left, C) === 'Established');
    raw.socket.pause();
    const communities = Array.from({ length: 900 }, (_, index) => `64512:${index}`);
    const routes = (round: number) =>
      Array.from({ length: 400 }, (_, index) => ({
        prefix: prefix(`10.${index >>> 8}.${index & 255}.0/24`),
        med: round * 10_000 + index,
        communities,
      }));
    const deaf = () => left.server.peers().find(({ address: name }) => name === C);
    const announce = async (round: number): Promise<void> => {
      left.server.setLocalRoutes(routes(round));
      const last = round * 10_000 + 399;
      await eventually('the other peer in step', () =>
        right.server
          .locRib()
          .some(({ prefix: name, best }) => name === '10.1.143.0/24' && best?.med === last),
      );
    };
    let round = 1;
    for (; round <= 60 && (deaf()?.outstandingBytes ?? 0) <= DETACH_BYTES; round += 1) await announce(round);
    const unread = deaf()?.outstandingBytes ?? 0;
    expect(unread).toBeGreaterThan(DETACH_BYTES);
    for (const end = round + 5; round < end; round += 1) await announce(round);
    expect(deaf()).toMatchObject({ outstandingBytes: unread, families: [{ stream: 'catching-up' }] });
    raw.socket.destroy();
  }, 60_000);
});

describe('RFC 2385 TCP MD5', () => {
  test('the right key lets a peer in, a wrong one and none keep it out', async () => {
    const ports = { a: await freePort(A), b: await freePort(B), c: await freePort(C) };
    const keys = { passive: true, password: 'sesame' } as const;
    const left = run(speaker(A, ports.a, [peer(B, keys), peer(C, keys)]));
    const right = run(speaker(B, ports.b, [peer(A, { port: ports.a, password: 'sesame' })]));
    const wrong = run(speaker(C, ports.c, [peer(A, { port: ports.a, password: 'simsim' })]));
    await established(left, right);
    expect([stateOf(left, C), stateOf(wrong, A)]).toEqual(['Active', 'Connect']);
  });

  test('a key that is changed on both sides is used by the next session', async () => {
    const [left, right] = await pair({ password: 'one' }, { password: 'one' });
    await established(left, right);
    for (const { server } of [left, right]) {
      const peers = server.config.peers.map((item) => ({ ...item, password: 'two' }));
      server.configure({ ...server.config, peers });
    }
    const count = ({ server }: Running): number => server.peers()[0]?.establishedCount ?? 0;
    await eventually('again', () => count(left) > 1 && count(right) > 1);
    await established(left, right);
  }, 20_000);
});

describe('RFC 5082 GTSM', () => {
  const rule = { passive: true, ttlSecurityHops: 1 } as const;

  test('when all peers are neighbours on the link, others do not even get a connection', async () => {
    const ports = { a: await freePort(A), b: await freePort(B), c: await freePort(C) };
    const left = run(speaker(A, ports.a, [peer(B, rule), peer(C, rule)]));
    const far = run(speaker(C, ports.c, [peer(A, { port: ports.a, multihop: 64 })]));
    const right = run(speaker(B, ports.b, [peer(A, { port: ports.a, ttlSecurityHops: 1 })]));
    await established(left, right);
    expect([stateOf(left, C), stateOf(far, A)]).toEqual(['Active', 'Connect']);
  });

  test('beside peers without the rule, a far one gets a connection and never a session', async () => {
    const ports = { a: await freePort(A), b: await freePort(B), c: await freePort(C) };
    const anywhere = peer('127.0.0.5', { passive: true });
    const left = run(speaker(A, ports.a, [peer(B, rule), peer(C, rule), anywhere]));
    const far = run(speaker(C, ports.c, [peer(A, { port: ports.a, multihop: 64 })]));
    await eventually('our OPEN at the far peer', () =>
      far.reports.some((report) => report.kind === 'peer-state-changed' && report.to === 'OpenConfirm'),
    );
    const right = run(speaker(B, ports.b, [peer(A, { port: ports.a, ttlSecurityHops: 1 })]));
    await established(left, right);
    expect(stateOf(left, C)).not.toBe('Established');
  });
});
