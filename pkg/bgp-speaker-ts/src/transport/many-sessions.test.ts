import { Socket } from 'node:net';
import { address, prefix } from '@weft/ip';
import { expect, test } from 'vitest';
import { encodeOpen } from '../wire/message/01-open.ts';
import { encodeKeepalive } from '../wire/message/04-keepalive.ts';
import { eventually, freePort, peer, speaker, start } from './test/loopback.ts';

const A = '127.0.0.2';
const SESSIONS = 1000;

/** A thousand addresses, all of them on loopback. */
function addressOf(index: number): string {
  return `127.9.${index >>> 8}.${index & 255}`;
}

function connect(index: number, port: number): Socket {
  const socket = new Socket();
  socket.on('error', () => {});
  socket.connect({ host: A, port, localAddress: addressOf(index) });
  const capabilities = [{ kind: 'multiprotocol', afi: 1, safi: 1 }] as const;
  const identifier = 0x7f090000 + index;
  socket.write(encodeOpen({ version: 4, asn: 64512, holdTimeSeconds: 90, identifier, capabilities }));
  socket.write(encodeKeepalive());
  return socket;
}

test('a thousand sessions opened at once, half of them by dynamic neighbours, all come up', async () => {
  const port = await freePort(A);
  const named = Array.from({ length: SESSIONS / 2 }, (_, index) =>
    peer(addressOf(index), { passive: true, localAddress: address(A) }),
  );
  const range = { ...peer(A, { maxPeers: SESSIONS }), address: prefix('127.9.0.0/16') };
  const { server, reports } = start(speaker(A, port, [...named, range]));
  const sockets = Array.from({ length: SESSIONS }, (_, index) => connect(index, port));
  const established = (): number => reports.filter(({ kind }) => kind === 'peer-established').length;
  await eventually('all Established', () => established() === SESSIONS, 60_000);
  expect(server.peers().filter(({ state }) => state === 'Established')).toHaveLength(SESSIONS);
  expect(server.peers().filter(({ template }) => template !== undefined)).toHaveLength(SESSIONS / 2);
  for (const socket of sockets) socket.destroy();
  await server.stop({ graceful: false });
}, 90_000);
