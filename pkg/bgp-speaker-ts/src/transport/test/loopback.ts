/**
 * Speakers on loopback addresses, and raw peers that say whatever a test wants.
 */

import { once } from 'node:events';
import { createServer, Socket } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import { type Address, address } from '@weft/ip';
import { onTestFinished } from 'vitest';
import type { PeerConfig, SpeakerConfig } from '../../speaker/config.ts';
import { BgpServer } from '../bgp-server.ts';
import type { BgpServerOptions, SpeakerReport, TransportReport } from '../server-options.ts';

/** Waits until a condition holds; the error says what did not come about. */
export async function eventually(what: string, condition: () => boolean, limitMs = 4500): Promise<void> {
  const deadline = performance.now() + limitMs;
  while (!condition()) {
    if (performance.now() > deadline) throw new Error(`not within ${limitMs} ms: ${what}`);
    await delay(5);
  }
}

/** Finds a port nobody listens on at a loopback address. */
export async function freePort(host = '127.0.0.1'): Promise<number> {
  const server = createServer().listen(0, host);
  await once(server, 'listening');
  const bound = server.address();
  server.close();
  await once(server, 'close');
  if (bound === null || typeof bound === 'string') throw new Error('no port');
  return bound.port;
}

/** A peer in the configuration of a speaker in AS 64512. */
export function peer(at: string, more: Partial<PeerConfig> = {}): PeerConfig {
  return {
    address: address(at),
    asn: 64512,
    passive: false,
    families: ['ipv4-unicast'],
    nextHop: 'auto',
    nextHopAddresses: {},
    connectRetryTimeSeconds: 1,
    importPolicy: [],
    exportPolicy: [],
    ...more,
  };
}

/** A speaker at a loopback address, with graceful restart. */
export function speaker(at: string, port: number, peers: readonly PeerConfig[]): SpeakerConfig {
  return {
    asn: 64512,
    identifier: address(at.includes(':') ? `10.255.0.${port % 250}` : at),
    listen: [{ address: address(at), port }],
    holdTimeSeconds: 90,
    gracefulRestart: { restartTimeSeconds: 30 },
    peers: peers.map((item) => ({ localAddress: address(at), ...item })),
  };
}

/** A running server with everything it reported. */
export interface Running {
  readonly server: BgpServer;
  readonly reports: SpeakerReport[];
  readonly transport: TransportReport[];
}

/** Starts a server; one that cannot listen fails the test. */
export function start(config: SpeakerConfig, options: Partial<BgpServerOptions> = {}): Running {
  const reports: SpeakerReport[] = [];
  const transport: TransportReport[] = [];
  const started = BgpServer.start({
    config,
    restarting: false,
    seed: 1,
    onAction: (action) => reports.push(action),
    onTransport: (report) => transport.push(report),
    ...options,
  });
  if (started.kind !== 'started') throw new Error(started.message);
  started.server.setLocalRoutes([]);
  return { server: started.server, reports, transport };
}

/** Starts a speaker that stops with the test. */
export function run(...args: Parameters<typeof start>): Running {
  const started = start(...args);
  onTestFinished(() => started.server.stop({ graceful: false }));
  return started;
}

/** The state of one peer. */
export function stateOf({ server }: Running, at: string): string | undefined {
  return server.peers().find(({ address: name }) => name === at)?.state;
}

/** Prefixes in the Loc-RIB, stale ones marked. */
export function prefixesOf({ server }: Running): string[] {
  return server.locRib().map(({ prefix, best }) => (best?.stale ? `${prefix} stale` : prefix));
}

/** A TCP client at a loopback address that collects what it is sent. */
export class RawPeer {
  readonly socket: Socket = new Socket();
  readonly received: Buffer[] = [];
  ended = false;

  /** Connects from an address. */
  static async connect(from: Address | string, to: string, port: number): Promise<RawPeer> {
    const raw = new RawPeer();
    raw.socket.on('data', (bytes) => raw.received.push(bytes));
    raw.socket.on('close', () => {
      raw.ended = true;
    });
    raw.socket.connect({ host: to, port, localAddress: from });
    await once(raw.socket, 'connect');
    raw.socket.on('error', () => {});
    return raw;
  }

  get bytes(): Buffer {
    return Buffer.concat(this.received);
  }
}
