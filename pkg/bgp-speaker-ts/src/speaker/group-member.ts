/**
 * One peer as a member of an update group.
 *
 *                       first table, refresh, new policy, too many bytes outstanding
 *                  ┌───────────────────────────────────────────────────────────────────┐
 *                  ▼                                                                   │
 *           catching-up  ── nothing pending any more ─▶  in-sync: gets the group's own bytes
 *
 * While it catches up, changes are only noted (one bit per prefix, however often it changes); it is told the state of
 * the noted prefixes as fast as it reads. So a slow peer costs a bounded amount of memory and nobody else's time.
 */

import { PrefixSet } from '../rib/prefix-set.ts';

/** A member; its peer is an index into the peer table. */
export class GroupMember {
  readonly peer: number;
  stream: 'catching-up' | 'in-sync' = 'catching-up';
  /** Prefixes this member must be told. */
  readonly pending: PrefixSet = new PrefixSet();
  /** The member has nothing yet: in the first pass over the table, what is not there needs no withdrawal. */
  fresh: boolean;
  /** Where in the table the pass at work has come to. */
  cursor = 0;
  /** End-of-RIB is still to be sent (RFC 4724 §2). */
  endOfRibDue: boolean;
  /** A refresh is to begin when the member is in sync, between two marks (RFC 7313 §4) or without (RFC 2918). */
  refreshDue: 'marked' | 'plain' | undefined;
  /** A refresh is at work, to be marked at its end. */
  refreshEndDue = false;

  /** @param fresh false for a peer that moves here from another group */
  constructor(peer: number, fresh: boolean, endOfRibDue: boolean) {
    this.peer = peer;
    this.fresh = fresh;
    this.endOfRibDue = endOfRibDue;
  }

  /** Takes the next pending prefix, or -1 when there is none; starts a further pass when one ends. */
  takePending(): number {
    const prefix = this.pending.takeFrom(this.cursor);
    if (prefix >= 0) {
      this.cursor = prefix + 1;
      return prefix;
    }
    this.fresh = false;
    if (this.pending.count === 0) return -1;
    this.cursor = 0;
    return this.takePending();
  }
}
