/**
 * A peer on a thread of its own, whose event loop goes on when that of the test stands still: it sends KEEPALIVEs twice
 * a second and posts how many messages it has got.
 */

import { Socket } from 'node:net';
import { parentPort, workerData } from 'node:worker_threads';
import { encodeOpen } from '../../wire/message/01-open.ts';
import { encodeKeepalive } from '../../wire/message/04-keepalive.ts';

const INTERVAL_MS = 500;

const { from, to, port } = workerData as { from: string; to: string; port: number };
const socket = new Socket();
let chunks = 0;
socket.on('error', () => {});
socket.on('data', () => {
  chunks += 1;
  parentPort?.postMessage(chunks);
});
socket.connect({ host: to, port, localAddress: from });
socket.write(
  encodeOpen({
    version: 4,
    asn: 64512,
    holdTimeSeconds: 3,
    identifier: 0x7f000009,
    capabilities: [{ kind: 'multiprotocol', afi: 1, safi: 1 }],
  }),
);
const timer = setInterval(() => socket.write(encodeKeepalive()), INTERVAL_MS);
socket.once('data', () => socket.write(encodeKeepalive()));
socket.once('close', () => clearInterval(timer));
parentPort?.once('message', () => socket.destroy());
