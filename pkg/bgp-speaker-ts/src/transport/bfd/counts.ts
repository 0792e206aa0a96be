/**
 * What a session has counted, out of the memory it shares with its thread.
 */

import { DISCARD_REASONS } from '../../bfd/control-packet.ts';
import { BfdCounter } from '../../bfd/types.ts';
import type { BfdCounts } from '../../speaker/config.ts';

/** Reads the counters of a session. */
export function toCounts(counters: Readonly<Uint32Array>): BfdCounts {
  const read = (place: number): number => counters[place] ?? 0;
  return {
    sent: read(BfdCounter.sent),
    received: read(BfdCounter.received),
    discarded: read(BfdCounter.discarded),
    ups: read(BfdCounter.ups),
    lastDiscard: DISCARD_REASONS[read(BfdCounter.lastDiscard) - 1],
  };
}
