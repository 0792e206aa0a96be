/**
 * BFD as the daemons show it.
 */
import type { DaemonName } from '../daemon/daemon.ts';
import type { Pair } from '../daemon/pair.ts';

/** A session from the daemon's side; intervals in ms. */
export interface DaemonBfd {
  readonly up: boolean;
  /** Between its packets. */
  readonly transmitMs: number;
  /** Silence of the speaker after which it gives up. */
  readonly detectionMs: number;
}

interface FrrPeer {
  readonly status: string;
  readonly 'transmit-interval': number;
  readonly 'receive-interval': number;
  readonly 'remote-transmit-interval': number;
  readonly 'remote-receive-interval': number;
  readonly 'remote-detect-multiplier': number;
}

/** Asks the daemon about its session with the speaker; none when it has none. */
export async function bfdOf({ daemon }: Pair): Promise<DaemonBfd | undefined> {
  const readers: Partial<Record<DaemonName, () => Promise<DaemonBfd | undefined>>> = {
    bird: async () => readBird(await daemon.ask('show', 'bfd', 'sessions')),
    frr: async () => readFrr(await daemon.ask('show bfd peers json')),
  };
  return readers[daemon.name]?.();
}

/** `address interface state since interval timeout`, seconds. */
function readBird(text: string): DaemonBfd | undefined {
  const row = /^\S+\s+\S+\s+(AdminDown|Down|Init|Up)\s+\S+\s+([\d.]+)\s+([\d.]+)/m.exec(text);
  if (row === null) return undefined;
  const [, state, interval, timeout] = row;
  return {
    up: state === 'Up',
    transmitMs: Math.round(Number(interval) * 1000),
    detectionMs: Math.round(Number(timeout) * 1000),
  };
}

function readFrr(text: string): DaemonBfd | undefined {
  const [peer] = JSON.parse(text) as FrrPeer[];
  if (peer === undefined) return undefined;
  const interval = Math.max(peer['receive-interval'], peer['remote-transmit-interval']);
  return {
    up: peer.status === 'up',
    transmitMs: Math.max(peer['transmit-interval'], peer['remote-receive-interval']),
    detectionMs: peer['remote-detect-multiplier'] * interval,
  };
}
