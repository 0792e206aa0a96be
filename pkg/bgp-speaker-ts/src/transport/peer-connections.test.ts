import { EventEmitter } from 'node:events';
import type { Socket } from 'node:net';
import { type Address, address } from '@weft/ip';
import { describe, expect, test } from 'vitest';
import { peer, speaker } from '../speaker/test/network.ts';
import { ListenerSet } from './listener-set.ts';
import { PeerConnections } from './peer-connections.ts';

const US = '10.0.0.1';
const PEERS = ['10.0.0.2', '10.0.0.3', '10.0.0.4'].map(address);

/** A socket whose peer does not read: all that is written waits. */
class StuckSocket extends EventEmitter {
  readonly localAddress = US;
  readonly remoteAddress: Address;
  readonly destroyed = false;
  writableLength = 0;

  constructor(remoteAddress: Address) {
    super();
    this.remoteAddress = remoteAddress;
  }

  write(bytes: Uint8Array): boolean {
    this.writableLength += bytes.length;
    return false;
  }
}

describe('the connections to peers', () => {
  test('flush one after the other, however many back up, and with them what is said to that', () => {
    const ids = new Map<Address, number>();
    let depth = 0;
    let deepest = 0;
    const config = speaker(
      US,
      64512,
      PEERS.map((name) => peer(name, 64512)),
    );
    const connections = new PeerConnections(new ListenerSet(() => {}), config, {
      // As a server does: whatever follows from an event is sent at once.
      handle: (event) => {
        if (event.kind === 'accepted') ids.set(event.peer, event.connection);
        if (event.kind !== 'outstanding') return;
        depth += 1;
        deepest = Math.max(deepest, depth);
        if (event.peer === PEERS[2] && event.bytes === 10) sendTo(PEERS[0] as Address, 5);
        connections.flush();
        depth -= 1;
      },
      report: () => {},
    });
    const sendTo = (to: Address, bytes: number): void =>
      connections.send(to, ids.get(to) ?? 0, new Uint8Array(bytes));
    const sockets = PEERS.map((name) => new StuckSocket(name));
    for (const socket of sockets) connections.accept(socket as unknown as Socket);
    for (const name of PEERS) sendTo(name, 10);
    connections.flush();
    expect(deepest).toBe(1);
    expect(sockets.map(({ writableLength }) => writableLength)).toEqual([15, 10, 10]);
  });
});
