/**
 * Where the addresses of encapsulated pools are, as IPAM knows it.
 */
import type { Prefix } from '@weft/ip';

/** A block, or one borrowed address of it, and the node whose workloads have the addresses. */
export interface Place {
  readonly prefix: Prefix;
  readonly nodeName: string;
  /** The datastore does not have it any more, and the fuse holds it. */
  readonly isHeld?: true;
}
