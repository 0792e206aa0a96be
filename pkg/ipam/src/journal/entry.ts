/**
 * One line of the journal of IPAM: who took or gave back which address, when and why. The journal is for people; nothing
 * is decided from it.
 */
import type { Address, Prefix } from '@weft/ip';

/** What happened. A `release` starts the cooldown where there is one. */
export type JournalOperation = 'assign' | 'release' | 'claim-block' | 'release-block' | 'repair';

/** What an address was for. */
export interface JournalWorkload {
  readonly namespace?: string;
  readonly name?: string;
  /** The endpoint's id, which begins with that of its container. */
  readonly container?: string;
}

/** Who did it: the program, and what it was about. */
export interface JournalAuthor {
  readonly program: string;
  readonly verb: string;
}

/** One operation on one address, or on a whole block. */
export interface JournalEntry {
  /** Milliseconds since the epoch, on the clock of the machine that did it. */
  readonly time: number;
  readonly operation: JournalOperation;
  /** Absent for what concerns a whole block. */
  readonly address?: Address;
  readonly block?: Prefix;
  /** Name of the pool. */
  readonly pool?: string;
  readonly handle?: string;
  /** The node that holds the address or the block. */
  readonly node?: string;
  readonly workload?: JournalWorkload;
  /** `AssignReason` for an assignment, why it was given back for a release, the finding for a repair. */
  readonly reason: string;
  /** Names the allocation within its block, as decimal text. */
  readonly sequenceNumber?: string;
  readonly by: JournalAuthor;
  /** Nobody wrote it when it happened; it was seen in the block afterwards. */
  readonly found?: true;
}

/** Where entries go. Writing one never fails for who writes it, and never waits. */
export interface Journal {
  record(entries: readonly JournalEntry[]): void;
}

/** The entry with what only the assignment knew: a release says an address and a handle, and little more. */
export function completed(entry: JournalEntry, before: JournalEntry | undefined): JournalEntry {
  if (entry.operation !== 'release' || before?.operation !== 'assign') return entry;
  if (entry.handle !== undefined && entry.handle !== before.handle) return entry;
  const { block, pool, handle, node, workload, sequenceNumber } = before;
  const known = { block, pool, handle, node, workload, sequenceNumber };
  const given = Object.entries(known).filter(([, value]) => value !== undefined);
  return { ...(Object.fromEntries(given) as Partial<JournalEntry>), ...entry };
}
