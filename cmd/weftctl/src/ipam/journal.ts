/** The journal of this machine, for what weftctl itself does to addresses. */
import { existsSync } from 'node:fs';
import { dirname } from 'node:path';
import type { Datastore } from '@weft/datastore';
import { createIpam, type Ipam, type JournalEntry, JournalFile, journalBeside, journaled } from '@weft/ipam';
import type { Report } from '../failure.ts';
import type { WhereOptions } from '../options.ts';
import { chooseDatastore, journalPathOfLab } from '../where.ts';

/** What weftctl is about: the verb, and why addresses are given back. */
export interface JournaledWork {
  readonly verb: string;
  readonly releaseReason: string;
}

/**
 * Runs work on an allocator that writes into the journal of this machine. Where no weftd has ever run there is no journal
 * that anybody would ask, and none is made. That a journal cannot be written is a note of the report, and stops nothing.
 */
export async function withJournal(
  where: WhereOptions,
  store: Datastore,
  { releaseReason, verb }: JournaledWork,
  work: (ipam: Ipam) => Promise<Report>,
): Promise<Report> {
  const ipam = createIpam({ store, now: Date.now });
  const path = await journalPath(where);
  if (path === undefined || !existsSync(dirname(path))) return work(ipam);
  const troubles = new Set<string>();
  const record = (entries: readonly JournalEntry[]): void => {
    const trouble = write(path, entries);
    if (trouble !== undefined) troubles.add(trouble);
  };
  const by = { program: 'weftctl', verb };
  const report = await work(journaled(ipam, { journal: { record }, now: Date.now, by, releaseReason }));
  return { ...report, notes: [...(report.notes ?? []), ...troubles] };
}

/** Writes the entries; what went wrong, if anything did. */
function write(path: string, entries: readonly JournalEntry[]): string | undefined {
  try {
    const file = new JournalFile({ path });
    file.record(entries);
    file.close();
    return undefined;
  } catch (error) {
    return `The journal ${path} was not written: ${error instanceof Error ? error.message : error}.`;
  }
}

async function journalPath(where: WhereOptions): Promise<string | undefined> {
  if (where.lab !== undefined) return journalPathOfLab(where.lab);
  return process.env.WEFT_IPAM_JOURNAL || journalBeside(await chooseDatastore(where));
}
