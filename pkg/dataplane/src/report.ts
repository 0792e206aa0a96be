/**
 * What the data plane tells of its doings, for logs and metrics.
 */
import type { DesiredRoute } from '@weft/calc';
import type { Prefix } from '@weft/ip';
import type { Failure } from './retries.ts';
import type { SysctlFailure } from './sysctls.ts';

/** Why the kernel's tables are read as a whole. */
export type ResyncCause =
  | 'start'
  /** Every 90 s, should an event have been missed. */
  | 'interval'
  /** The kernel had more events than its buffer holds. */
  | 'overrun'
  /** The kernel said that a route exists which is not known to be there. */
  | 'conflict'
  /** Something happened that may have removed routes without an event of theirs. */
  | 'unclear';

/** What one pass has done to the kernel, for a record; not for a log. */
export interface RoutesWritten {
  readonly written: readonly DesiredRoute[];
  /** Somebody had deleted or changed these. */
  readonly repaired: readonly DesiredRoute[];
  readonly removed: readonly { readonly destination: Prefix; readonly metric: number }[];
}

/** One thing that happened. */
export type DataplaneEvent =
  /** Somebody had deleted or changed these routes; they are as they should be again. */
  | { readonly kind: 'routes-repaired'; readonly destinations: readonly Prefix[] }
  /** The first failure of a route; those that follow are in `status()`. */
  | {
      readonly kind: 'route-failed';
      readonly destination: Prefix;
      readonly metric: number;
      readonly failure: Failure;
    }
  | {
      readonly kind: 'resynced';
      readonly cause: ResyncCause;
      readonly routes: number;
      readonly durationMilliseconds: number;
    }
  /** The tables cannot be read; the next attempt is in a second. */
  | {
      readonly kind: 'resync-failed';
      readonly cause: ResyncCause;
      readonly code: string;
      readonly message: string;
    }
  | { readonly kind: 'sysctl-written'; readonly key: string; readonly from: string; readonly to: string }
  | { readonly kind: 'sysctl-failed'; readonly failure: SysctlFailure };
