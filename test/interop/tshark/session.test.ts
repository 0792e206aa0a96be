/**
 * Whole sessions as tshark reads them: a route reflector, an internal client with ADD-PATH, an external customer of
 * four-octet AS number, and a feeder that brings routes with attributes.
 */
import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { type Address, address, prefix } from '@weft/ip';
import {
  BgpServer,
  encodeAttributes,
  encodeKeepalive,
  encodeOpen,
  type PeerConfig,
  type SpeakerConfig,
  UpdatePacker,
} from 'bgp-speaker-ts';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { freePort } from '../../harness/free-port.ts';
import { waitFor } from '../../harness/wait-for.ts';
import { Capture } from './capture.ts';
import { complaintsIn } from './quirks.ts';

const REFLECTOR = address('127.0.2.1');
const FEEDER = address('127.0.2.2');
const CLIENT = address('127.0.2.3');
const CUSTOMER = address('127.0.2.4');
const CUSTOMER_ASN = 4_200_000_001;

const servers: BgpServer[] = [];
let capture: Capture | undefined;
let dissections: readonly string[] = [];

beforeAll(async () => {
  const port = await freePort(REFLECTOR);
  capture = new Capture(port);
  await capture.start();
  const reflector = startReflector(port);
  const client = await startOther(CLIENT, 64_512, port, { addPath: 'both' });
  const customer = await startOther(CUSTOMER, CUSTOMER_ASN, port, { role: 'customer' });
  const feeder = await feed(port);
  await waitFor('four routes reach both', () =>
    [client, customer].every((server) => server.locRib().length === 4),
  );

  const sentBefore = sentTo(reflector, CLIENT);
  client.command({ kind: 'refresh-peer', peer: REFLECTOR, direction: 'in' });
  await waitFor('the routes are sent again', () => sentTo(reflector, CLIENT) > sentBefore);
  feeder.write(updates(false));
  await waitFor('two routes stay', () => [client, customer].every((server) => server.locRib().length === 2));

  await reflector.stop({ graceful: false, communication: 'maintenance until 03:00' });
  feeder.destroy();
  dissections = await capture.dissect();
});

afterAll(async () => {
  for (const server of servers) await server.stop({ graceful: false });
  await capture?.remove();
});

function startReflector(port: number): BgpServer {
  const server = start(REFLECTOR, 64_512, port, [
    peer(FEEDER, 64_513, { passive: true }),
    peer(CLIENT, 64_512, { passive: true, routeReflectorClient: true, addPath: 'both' }),
    peer(CUSTOMER, CUSTOMER_ASN, { passive: true, role: 'provider' }),
  ]);
  server.setLocalRoutes([
    { prefix: prefix('10.1.0.0/26'), communities: ['64512:7'], largeCommunities: ['64512:1:2'] },
    { prefix: prefix('2001:db8:1::/64') },
  ]);
  return server;
}

async function startOther(
  at: Address,
  asn: number,
  port: number,
  more: Partial<PeerConfig>,
): Promise<BgpServer> {
  const server = start(at, asn, await freePort(at), [
    peer(REFLECTOR, 64_512, { port, localAddress: at, ...more }),
  ]);
  server.setLocalRoutes([]);
  return server;
}

function start(at: Address, asn: number, port: number, peers: readonly PeerConfig[]): BgpServer {
  const config: SpeakerConfig = {
    asn,
    identifier: at,
    listen: [{ address: at, port }],
    holdTimeSeconds: 90,
    gracefulRestart: {
      restartTimeSeconds: 60,
      notification: true,
      longLived: [{ family: 'ipv4-unicast', staleTimeSeconds: 3600 }],
    },
    peers,
  };
  const started = BgpServer.start({ config, restarting: false });
  if (started.kind !== 'started') throw new Error(started.message);
  servers.push(started.server);
  return started.server;
}

function peer(at: Address, asn: number, more: Partial<PeerConfig>): PeerConfig {
  return {
    address: at,
    asn,
    passive: false,
    families: ['ipv4-unicast', 'ipv6-unicast'],
    connectRetryTimeSeconds: 1,
    nextHop: 'auto',
    // Its own for each speaker: a route over the receiver's own address is none.
    nextHopAddresses: { ipv6: address(at === REFLECTOR ? '2001:db8::9' : '2001:db8::1') },
    importPolicy: [],
    exportPolicy: [],
    ...more,
  };
}

/** Connects as the feeder and announces a route of each family. */
async function feed(port: number): Promise<Socket> {
  const socket = connect({ host: REFLECTOR, port, localAddress: FEEDER });
  socket.on('error', () => {}).resume();
  await once(socket, 'connect');
  const families = [1, 2].map((afi) => ({ kind: 'multiprotocol' as const, afi, safi: 1 }));
  socket.write(
    encodeOpen({
      version: 4,
      asn: 64_513,
      holdTimeSeconds: 90,
      identifier: 0x0a000002,
      capabilities: [...families, { kind: 'four-octet-as', asn: 64_513 }],
    }),
  );
  socket.write(encodeKeepalive());
  socket.write(updates(true));
  return socket;
}

function updates(reach: boolean): Uint8Array {
  const packer = new UpdatePacker(4096);
  for (const family of ['ipv4-unicast', 'ipv6-unicast'] as const) {
    if (reach)
      packer.beginReach(family, encodeAttributes(FED, { fourOctetAsn: true }), NEXT_HOPS[family], false);
    else packer.beginWithdraw(family, false);
    if (family === 'ipv4-unicast') packer.addIpv4(0xc0000200, 24, 0);
    else packer.addIpv6(0x20010db8, 0x20000, 0, 0, 48, 0);
  }
  packer.end();
  return packer.take();
}

const NEXT_HOPS = {
  'ipv4-unicast': new Uint8Array([127, 0, 2, 2]),
  'ipv6-unicast': new Uint8Array([0x20, 1, 0xd, 0xb8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 2]),
};
const FED = {
  origin: 2,
  asPath: [{ kind: 'sequence', asns: [64_513, 4_200_000_077] }],
  med: 9,
  atomicAggregate: true,
  aggregator: { asn: 4_200_000_077, address: 0x0a000009 },
  communities: [64_513 * 65_536 + 1],
  extendedCommunities: [{ high: 0x0002fc00, low: 100 }],
  unknown: [{ flags: 0xc0, code: 201, value: new Uint8Array([1, 2, 3]) }],
} as const;

function sentTo(server: BgpServer, to: Address): number {
  return server.peers().find((status) => status.address === to)?.updateBytesSent ?? 0;
}

describe('sessions between speakers', () => {
  test('have nothing tshark complains about', () => {
    expect(dissections.length).toBeGreaterThan(20);
    expect(dissections.flatMap(complaintsIn)).toEqual([]);
  });

  test.each([
    ['OPENs with what was configured', ['My AS: 23456 (AS_TRANS)', 'AS Number: 4200000001', 'BGP Role']],
    ['long-lived graceful restart', ['Restart Timers: 0x403c', 'Unknown: 00010100000e10']],
    [
      'a local route to the client',
      ['AS_PATH: empty', 'NEXT_HOP: 127.0.2.1', '64512:7', '64512:1:2', '10.1.0.0/26 PathId'],
    ],
    [
      'a local route to the customer',
      ['AS_PATH: 64512', 'NEXT_HOP: 127.0.2.1', '64512:7', '64512:1:2', '10.1.0.0/26'],
    ],
    [
      'the fed route to the customer',
      [
        'AS_PATH: 64512 64513 4200000077',
        'AGGREGATOR: AS: 4200000077 origin: 10.0.0.9',
        '64513:1',
        'Route Target: 64512:100',
        'Path Attribute - Unknown (201)',
        'Flags: 0xe0, Optional, Transitive, Partial',
        '192.0.2.0/24',
      ],
    ],
    ['an IPv6 route with a path identifier', ['MP_REACH_NLRI', '2001:db8:2::/48 PathId']],
    ['a request for a refresh', ['Subtype: Normal route refresh request']],
    ['the marks around its answer', ['Subtype: Demarcation of the beginning']],
    ['the other mark', ['Subtype: Demarcation of the ending']],
    ['a withdrawal of IPv4', ['Withdrawn Routes', '192.0.2.0/24']],
    ['a withdrawal of IPv6', ['MP_UNREACH_NLRI', '2001:db8:2::/48']],
    // RFC 8538 §3.1: to peers that would keep routes over a NOTIFICATION it goes inside a hard reset.
    ['a hard reset', ['Hard Reset (9)', 'Data: 0602176d61696e74656e616e6365']],
    ['the shutdown communication', ['Administratively Shutdown (2)', 'maintenance until 03:00']],
  ])('show %s', (_name, lines) => {
    const matching = dissections.filter((text) => lines.every((line) => text.includes(line)));
    expect(matching, `a message with ${lines.join(', ')}`).not.toEqual([]);
  });
});
