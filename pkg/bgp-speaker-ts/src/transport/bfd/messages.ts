/**
 * What the main thread and the BFD thread say to each other.
 */

import type { Address } from '@weft/ip';
import type { BfdSessionConfig, BfdStatus } from '../../bfd/types.ts';

/** What the thread starts with. */
export interface BfdThreadData {
  /** Of discriminators, source ports and jitter. */
  readonly seed: number;
  /** An eventfd(2) that is written to when commands wait: the thread sleeps in poll(2), not in Node's event loop. */
  readonly wake: number;
  /** Shared memory: becomes 1 when the thread has done its last work. */
  readonly ended: Int32Array;
}

/** To the thread. */
export type BfdCommand =
  /** Begin a session, or change the one with this peer. */
  | {
      readonly kind: 'open';
      readonly session: BfdSessionConfig;
      /** Shared memory the session counts in, as `BfdCounter` says. */
      readonly counters: Uint32Array;
    }
  | { readonly kind: 'close'; readonly peer: Address }
  /** Tell all peers AdminDown, and end. */
  | { readonly kind: 'stop' };

/** From the thread: nothing but changes, never per packet. */
export type BfdNews =
  | { readonly kind: 'changed'; readonly peer: Address; readonly status: BfdStatus }
  /** The sockets of a session cannot be opened; it is tried again every second. Told when the reason is another. */
  | {
      readonly kind: 'failed';
      readonly peer: Address;
      readonly step: 'interface' | 'receive' | 'send';
      readonly errno: string;
    };
