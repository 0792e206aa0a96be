/** The journal of this machine, for what weftctl itself does to addresses. */
import { existsSync } from 'node:fs';
import { dirname } from 'node:path';
import type { Ipam } from '@weft/ipam';
import type { WhereOptions } from '../options.ts';
import { chooseDatastore, journalPathOfLab } from '../where.ts';

/** What weftctl is about: the verb, and why addresses are given back. */
export interface JournaledWork {
  readonly verb: string;
  readonly releaseReason: string;
}

/**
 * Runs work on an allocator that writes into the journal of this machine. Where no weftd has ever run there is no journal
 * that anybody would ask, and none is made. A journal that cannot be written is said in `note`, and does not stop the work.
 */
export async function whileJournaled<Result>(
  where: WhereOptions,
  ipam: Ipam,
  { releaseReason, verb }: JournaledWork,
  work: (ipam: Ipam) => Promise<Result>,
  note: (text: string) => void,
): Promise<Result> {
  const path = await journalPath(where);
  if (path === undefined || !existsSync(dirname(path))) return work(ipam);
  const { JournalFile, journaled } = await import('@weft/ipam');
  const record = (entries: Parameters<InstanceType<typeof JournalFile>['record']>[0]): void => {
    try {
      const file = new JournalFile({ path });
      file.record(entries);
      file.close();
    } catch (error) {
      note(`The journal ${path} was not written: ${error instanceof Error ? error.message : error}.`);
    }
  };
  const by = { program: 'weftctl', verb };
  return work(journaled(ipam, { journal: { record }, now: Date.now, by, releaseReason }));
}

async function journalPath(where: WhereOptions): Promise<string | undefined> {
  if (where.lab !== undefined) return journalPathOfLab(where.lab);
  if (process.env.WEFT_IPAM_JOURNAL) return process.env.WEFT_IPAM_JOURNAL;
  const { journalBeside } = await import('@weft/ipam');
  return journalBeside(await chooseDatastore(where));
}
