/**
 * Waits until a peer has a prefix for sure: its UPDATE was sent, and the peer's TCP has acknowledged the bytes.
 *
 * BGP has no acknowledgement of its own. TCP's says that the peer's kernel has the UPDATE; the peer's speaker reads it
 * next. The kernel tells of acknowledgements to nobody, so it is asked at growing intervals.
 */

import { setImmediate as nextTurn, setTimeout as sleep } from 'node:timers/promises';
import type { Address } from '@weft/ip';
import type { ConnectionId } from '../fsm/types.ts';
import type { Advertisement } from '../speaker/advertised.ts';
import type { TcpConnection } from './tcp-connection.ts';

/** What became of waiting. */
export type Acknowledgement =
  /** `peer` has it. */
  | { readonly kind: 'acknowledged'; readonly peer: Address }
  /** Nobody is told: there is no peer of that family, or none with a session is told by its export policy. */
  | { readonly kind: 'nobody-to-tell' }
  /** The signal came first. */
  | { readonly kind: 'aborted'; readonly waitingFor: readonly Address[] };

/** What is looked at. */
export interface AcknowledgementSources {
  readonly advertisement: () => Advertisement;
  readonly connection: (peer: Address, id: ConnectionId) => TcpConnection | undefined;
}

/** Pauses between two looks, in ms: the first is a turn of the event loop, the last goes on. */
const PAUSES_MS: readonly number[] = [0, 1, 1, 2, 4, 8];

/** Waits; never rejects. */
export async function acknowledgement(
  sources: AcknowledgementSources,
  signal: AbortSignal,
): Promise<Acknowledgement> {
  /** How many bytes of each connection have to be acknowledged: those sent when the peer was first seen told. */
  const marks = new Map<TcpConnection, number>();
  for (let look = 0; ; look += 1) {
    const { told, pending, absent } = sources.advertisement();
    for (const { peer, connection: id } of told) {
      const connection = sources.connection(peer, id);
      if (connection === undefined) continue;
      const mark = marks.get(connection) ?? connection.sentBytes;
      marks.set(connection, mark);
      if (connection.acknowledgedBytes() >= mark) return { kind: 'acknowledged', peer };
    }
    const hopeful = [...told.map(({ peer }) => peer), ...pending];
    // Those without a session count while nobody has one; a filter of all who have one is an answer.
    const waitingFor = hopeful.length > 0 ? hopeful : absent;
    if (waitingFor.length === 0) return { kind: 'nobody-to-tell' };
    if (signal.aborted) return { kind: 'aborted', waitingFor };
    await pause(PAUSES_MS[Math.min(look, PAUSES_MS.length - 1)] as number, signal);
  }
}

async function pause(milliseconds: number, signal: AbortSignal): Promise<void> {
  if (milliseconds === 0) await nextTurn();
  else await sleep(milliseconds, undefined, { signal }).catch(() => undefined);
}
