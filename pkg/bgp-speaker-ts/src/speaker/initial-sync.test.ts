import { describe, expect, test } from 'vitest';
import { InitialSync, type SyncEnd } from './initial-sync.ts';
import type { Neighbour } from './neighbour.ts';

const WAIT_SECONDS = 120;

/** A peer with a session since a time in seconds; with graceful restart it will send End-of-RIB, or has. */
function established(since: number, endOfRib: 'none' | 'awaited' | 'received' = 'none'): Neighbour {
  const gracefulRestart = endOfRib === 'none' ? undefined : { restarting: false };
  const negotiated = { families: [{ family: 'ipv4-unicast' }], gracefulRestart };
  const endOfRibReceived = new Set(endOfRib === 'received' ? ['ipv4-unicast'] : []);
  const session = { negotiated, endOfRibReceived };
  return { config: {}, stopped: false, stateSince: since * 1000, session } as unknown as Neighbour;
}

const absent = { config: {}, stopped: false, stateSince: 0 } as unknown as Neighbour;
const behindUs = { ...absent, config: { behindUs: true } } as unknown as Neighbour;

interface Case {
  readonly peers: readonly Neighbour[];
  readonly isOpen?: boolean;
  readonly end: SyncEnd;
}

describe('the wait for all peers', () => {
  test.each<[string, Case]>([
    ['all have sent End-of-RIB', { peers: [established(0, 'received')], end: 'all-received' }],
    ['a peer is not there', { peers: [absent], end: 'deadline' }],
    ['a peer sends no End-of-RIB', { peers: [established(0, 'awaited')], end: 'deadline' }],
    ['others may come', { peers: [established(0, 'received')], isOpen: true, end: 'deadline' }],
    ['a peer behind us is not there', { peers: [behindUs], end: 'all-received' }],
    [
      'a peer without graceful restart was listened to',
      { peers: [established(0, 'received'), established(100)], end: 'all-received' },
    ],
    [
      'a peer without graceful restart came just before the deadline',
      { peers: [established(0, 'received'), established(115)], end: 'deadline' },
    ],
  ])('ends once, and needs no further check: %s', (_name, { peers, isOpen = false, end }) => {
    const neighbours = new Map(peers.map((neighbour, index) => [index, neighbour]));
    const sync = new InitialSync(0, WAIT_SECONDS, true);
    const ends: SyncEnd[] = [];
    // Checks at every second, and at the times it asks for.
    for (let now = 0; now <= 200_000; now = Math.min(now + 1000, Math.max(sync.nextCheck, now + 1))) {
      sync.endsHold(neighbours, now);
      const cause = sync.check(neighbours, isOpen, now);
      if (cause === undefined) continue;
      ends.push(cause);
      expect(sync.nextCheck).toBe(Number.POSITIVE_INFINITY);
    }
    expect(ends).toEqual([end]);
    expect(sync.nextCheck).toBe(Number.POSITIVE_INFINITY);
  });
});
