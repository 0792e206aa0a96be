/**
 * What a BFD session is run with, and what it tells: plain data.
 *
 * Lengths of time are in milliseconds and may have a fraction; the wire has microseconds.
 */

import type { Address } from '@weft/ip';
import type { BfdState } from './iana.ts';

/** What one side asks for: RFC 5880 §6.8.1. */
export interface BfdTimers {
  /** bfd.DesiredMinTxInterval while Up; below that state a second is the least. */
  readonly minTransmitIntervalMs: number;
  /** bfd.RequiredMinRxInterval. */
  readonly minReceiveIntervalMs: number;
  /** bfd.DetectMult, 1…255: how many of our packets in a row may be lost. */
  readonly multiplier: number;
}

/** One session: whom it watches, over which way, and how fast. The address of the peer is its name. */
export interface BfdSessionConfig extends BfdTimers {
  readonly peer: Address;
  /** Source of our packets and the only address packets of the peer are taken at; default: what the kernel chooses. */
  readonly localAddress?: Address | undefined;
  /** The interface of a link-local peer. */
  readonly interface?: string | undefined;
  /** RFC 5883: the peer is behind routers. */
  readonly multihop: boolean;
  /** Lowest TTL or hop limit packets are taken with: 255 on one hop (RFC 5881 §5), 0 for any. */
  readonly minTtl: number;
}

/** A session as it is: what was negotiated with whom. */
export interface BfdStatus {
  readonly state: BfdState;
  /** Why the state changed last, a code of `Diagnostic`; it stays until the session is Up again. */
  readonly diagnostic: number;
  /** What the peer said last; Down when nothing is heard. */
  readonly remoteState: BfdState;
  readonly remoteDiagnostic: number;
  /** C bit of the peer: its BFD survives a restart of its control plane (RFC 5882 §4.3). */
  readonly remoteControlPlaneIndependent: boolean;
  /** Interval of our packets, before jitter. */
  readonly transmitIntervalMs: number;
  /** Interval the peer has agreed to keep; absent while nothing is heard. */
  readonly receiveIntervalMs?: number | undefined;
  /** Silence after which the session is Down; absent while nothing is heard. */
  readonly detectionTimeMs?: number | undefined;
}

/** What a session counts, as places in an array of unsigned 32-bit numbers that wrap around. */
export const BfdCounter = {
  sent: 0,
  received: 1,
  discarded: 2,
  /** How often the session came Up. */
  ups: 3,
  /** Place in `DISCARD_REASONS` of the last discarded packet, plus one; 0 when none was. */
  lastDiscard: 4,
} as const;

/** Length of such an array. */
export const BFD_COUNTERS: number = Object.keys(BfdCounter).length;
