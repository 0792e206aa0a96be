/**
 * Many sessions on real sockets, as JSON lines: how long it takes until all that come at once are Established, and what
 * they cost while nothing happens.
 *
 *     node pkg/bgp-speaker-ts/test/bench/sessions.ts [SESSIONS] [IDLE_SECONDS]
 *
 * The peers are a process of their own, each at an address of 127.1.0.0/16. Half of them are configured one by one, half
 * are dynamic neighbours. CPU is that of the speaker's process alone, in percent of one core.
 */

import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { Socket } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { type Address, address, type Prefix, prefix } from '@weft/ip';
import type { PeerConfig, SpeakerConfig } from '../../src/speaker/config.ts';
import { BgpServer } from '../../src/transport/bgp-server.ts';
import { encodeOpen } from '../../src/wire/message/01-open.ts';
import { encodeKeepalive } from '../../src/wire/message/04-keepalive.ts';

const ASN = 64512;
const HOLD_SECONDS = 90;
const PORT = 17_901;
/** Time for first KEEPALIVEs and End-of-RIBs to pass before idle CPU is measured, in ms. */
const SETTLE_MS = 3_000;
/** How long all sessions may take before the run is given up, in ms. */
const LIMIT_MS = 60_000;

async function runSpeaker(sessions: number, idleSeconds: number): Promise<void> {
  let established = 0;
  let whenAll = 0;
  const beginStart = performance.now();
  const started = BgpServer.start({
    config: configOf(sessions),
    restarting: false,
    onAction: ({ kind }) => {
      if (kind === 'peer-established') established += 1;
      if (established === sessions && whenAll === 0) whenAll = performance.now();
    },
  });
  if (started.kind !== 'started') throw new Error(started.message);
  tell('start', { sessions, milliseconds: Math.round(performance.now() - beginStart) });
  started.server.setLocalRoutes([]);
  const peers = fork(fileURLToPath(import.meta.url), ['peers', String(sessions)]);
  await once(peers, 'message');
  const cpuBefore = process.cpuUsage();
  const begin = performance.now();
  peers.send('go');
  while (whenAll === 0 && performance.now() < begin + LIMIT_MS) await delay(5);
  const milliseconds = whenAll === 0 ? null : Math.round(whenAll - begin);
  tell('establish', { sessions, established, milliseconds, cpuMs: cpuMs(cpuBefore) });
  await delay(SETTLE_MS);
  await measureIdle(idleSeconds, started.server);
  await stopPeers(peers);
  await started.server.stop({ graceful: true });
}

async function measureIdle(seconds: number, server: BgpServer): Promise<void> {
  const before = process.cpuUsage();
  const begin = performance.now();
  await delay(seconds * 1000);
  const used = cpuMs(before);
  const percent = Number(((used / (performance.now() - begin)) * 100).toFixed(2));
  const up = server.peers().filter(({ state }) => state === 'Established').length;
  tell('idle', { sessions: up, seconds, cpuMs: used, percent });
}

function configOf(sessions: number): SpeakerConfig {
  return {
    asn: ASN,
    identifier: address('127.0.0.1'),
    listen: [{ address: address('127.0.0.1'), port: PORT }],
    holdTimeSeconds: HOLD_SECONDS,
    peers: [
      ...Array.from({ length: sessions >>> 1 }, (_, index) => peerOf(address(addressOf(index)))),
      { ...peerOf(prefix('127.1.0.0/16')), maxPeers: sessions },
    ],
  };
}

function peerOf(name: Address | Prefix): PeerConfig {
  return {
    address: name,
    asn: ASN,
    passive: true,
    families: ['ipv4-unicast'],
    nextHop: 'auto',
    nextHopAddresses: {},
    importPolicy: [],
    exportPolicy: [],
  };
}

function addressOf(index: number): string {
  return `127.1.${(index + 1) >>> 8}.${(index + 1) & 255}`;
}

/** The other process: all peers, each with a KEEPALIVE every third of the hold time. */
function runPeers(sessions: number): void {
  process.once('message', () => {
    for (let index = 0; index < sessions; index += 1) openPeer(index);
  });
  process.send?.('ready');
}

function openPeer(index: number): void {
  const socket = new Socket();
  socket.on('error', (error) => console.error(`${addressOf(index)}: ${error.message}`));
  socket.connect({ host: '127.0.0.1', port: PORT, localAddress: addressOf(index) });
  socket.once('connect', () => socket.write(openOf(index)));
  socket.once('data', () => {
    socket.write(encodeKeepalive());
    const every = (HOLD_SECONDS / 3) * 1000 * (0.75 + Math.random() / 4);
    setInterval(() => socket.write(encodeKeepalive()), every);
  });
}

function openOf(index: number): Uint8Array {
  return encodeOpen({
    version: 4,
    asn: ASN,
    holdTimeSeconds: HOLD_SECONDS,
    identifier: 0x0a000001 + index,
    capabilities: [{ kind: 'multiprotocol', afi: 1, safi: 1 }],
  });
}

async function stopPeers(peers: ChildProcess): Promise<void> {
  const gone = once(peers, 'exit');
  peers.kill();
  await gone;
}

function cpuMs(before: NodeJS.CpuUsage): number {
  const { user, system } = process.cpuUsage(before);
  return Math.round((user + system) / 1000);
}

function tell(name: string, values: object): void {
  console.log(JSON.stringify({ name, ...values }));
}

const [first = '1000', second = '60'] = process.argv.slice(2);
if (first === 'peers') runPeers(Number(second));
else await runSpeaker(Number(first), Number(second));
