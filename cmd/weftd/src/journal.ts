/**
 * The daemon's side of the journal of IPAM: entries wait in memory for a moment and are written together, so that no
 * container waits for the disk. A journal that cannot be used is said once and gone without; addresses matter more.
 */
import { type AddressHistory, type HistoryEntry, type Refusal, refuse } from '@weft/control';
import type { Datastore } from '@weft/datastore';
import type { Address, Prefix } from '@weft/ip';
import {
  type BlockSpec,
  findUnjournaled,
  type Ipam,
  type Journal,
  type JournalEntry,
  JournalFile,
  journaled,
} from '@weft/ipam';
import { blockName } from '@weft/resources';
import type { Logger } from '@weft/telemetry';
import type { AllocatorUse } from './endpoints/assign-addresses.ts';
import { endpointIdOfHandle } from './endpoints/assign-addresses.ts';
import { getReadable } from './store/unreadable.ts';

/** Entries of so long are written together, in ms: what a crash can lose, until the next start finds it. */
const BATCH_MS = 50;
/** A batch that could not be written is tried again after so long, in ms. */
const RETRY_MS = 1_000;
/** Entries that wait at most; beyond it the oldest are dropped, and said so. */
const MAX_WAITING = 10_000;
/** The thread is blocked so long at most while another process writes; then the batch waits for its next turn. */
const BUSY_MS = 10;
/** Entries of one answer. */
const MAX_ANSWERED = 1_000;

const RELEASE_REASONS: Readonly<Record<AllocatorUse, string>> = {
  attach: 'the attach failed',
  detach: 'the workload was detached',
  reclaim: 'its attach had died half-way',
};

/** A journal that is written in batches. */
export class BatchedJournal implements Journal {
  readonly #log: Logger;
  readonly #path: string;
  #file: JournalFile | undefined;
  #waiting: JournalEntry[] = [];
  #timer: NodeJS.Timeout | undefined;
  #trouble: string | undefined;

  /** Opens the file of the machine. Never throws: without it nothing is journaled. */
  constructor(path: string, log: Logger) {
    this.#path = path;
    this.#log = log;
    try {
      this.#file = new JournalFile({ path, busyTimeoutMs: BUSY_MS });
    } catch (error) {
      this.#complain(error);
    }
  }

  record(entries: readonly JournalEntry[]): void {
    if (this.#file === undefined) return;
    this.#waiting.push(...entries);
    if (this.#waiting.length > MAX_WAITING) this.#waiting = this.#waiting.slice(-MAX_WAITING);
    this.#timer ??= setTimeout(() => this.#flush(), BATCH_MS).unref();
  }

  /** The newest entry of every address, for `findUnjournaled`; undefined without a journal that can be read. */
  lastEntries(): Map<Address, JournalEntry> | undefined {
    return this.#read((file) => file.lastEntries());
  }

  /** What is known of an address, as the control API answers it. */
  history(node: string, address: Address): AddressHistory | Refusal {
    const entries = this.#read((file) => file.history(address, MAX_ANSWERED));
    if (entries === undefined)
      return refuse(
        'unavailable',
        `the journal cannot be used: ${this.#trouble}`,
        this.#path,
        'Correct that, then start weftd again.',
      );
    return { node, entries: entries.map(toHistoryEntry), cut: entries.length === MAX_ANSWERED };
  }

  /** Writes what waits and lets go of the file. */
  close(): void {
    this.#flush();
    clearTimeout(this.#timer);
    this.#file?.close();
    this.#file = undefined;
  }

  #flush(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    if (this.#waiting.length === 0 || this.#file === undefined) return;
    try {
      this.#file.record(this.#waiting);
      this.#waiting = [];
      this.#trouble = undefined;
    } catch (error) {
      this.#complain(error);
      this.#timer = setTimeout(() => this.#flush(), RETRY_MS).unref();
    }
  }

  /** What the file says with all that waits in it; undefined when it cannot be read. */
  #read<T>(ask: (file: JournalFile) => T): T | undefined {
    this.#flush();
    try {
      return this.#file && ask(this.#file);
    } catch (error) {
      this.#complain(error);
      return undefined;
    }
  }

  #complain(error: unknown): void {
    const message = error instanceof Error ? error.message : String(error);
    if (this.#trouble === message) return;
    this.#trouble = message;
    const fields = {
      path: this.#path,
      hint: 'addresses are given out all the same; their history has a gap',
    };
    this.#log.error('ipam-journal-failed', `the journal of addresses cannot be used: ${message}`, fields);
  }
}

/** The allocator for each use, all with this journal. */
export function journaledUses(
  ipam: Ipam,
  journal: Journal,
  node: string,
): Readonly<Record<AllocatorUse, Ipam>> {
  const forUse = (verb: AllocatorUse): Ipam =>
    journaled(ipam, {
      journal,
      now: Date.now,
      by: { program: 'weftd', verb },
      releaseReason: RELEASE_REASONS[verb],
      containerOf: (handle) => endpointIdOfHandle(node, handle),
    });
  return { attach: forUse('attach'), detach: forUse('detach'), reclaim: forUse('reclaim') };
}

/**
 * Writes what the node's blocks know and the journal does not. To be called before anybody can attach. Throws
 * DatastoreError.
 *
 * @param ownBlocks the blocks of the node; those of its borrowed addresses are found in the journal
 * @returns how many entries were missing
 */
export async function mendJournal(
  journal: BatchedJournal,
  store: Datastore,
  node: string,
  ownBlocks: readonly Prefix[],
): Promise<number> {
  const lastEntries = journal.lastEntries();
  if (lastEntries === undefined) return 0;
  const open = [...lastEntries.values()].filter((last) => last.operation === 'assign' && last.node === node);
  const cidrs = new Set([...ownBlocks, ...open.flatMap(({ block }) => block ?? [])]);
  const blocks: BlockSpec[] = [];
  for (const cidr of cidrs) {
    const block = await getReadable(store, { kind: 'IPAMBlock', name: blockName(cidr) });
    if (block !== undefined && !block.spec.deleted) blocks.push(block.spec);
  }
  const by = { program: 'weftd', verb: 'start' };
  const found = findUnjournaled({ node, blocks, lastEntries, now: Date.now(), by });
  journal.record(found);
  return found.length;
}

function toHistoryEntry({ time, ...entry }: JournalEntry): HistoryEntry {
  return { time: new Date(time).toISOString(), ...entry };
}
