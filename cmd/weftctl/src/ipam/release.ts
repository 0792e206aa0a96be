/** `weftctl ipam release`: takes addresses from their holders, by name or as reports of `ipam check` list them. */
import type { Datastore } from '@weft/datastore';
import type { Address } from '@weft/ip';
import type { Ipam } from '@weft/ipam';
import { type Failure, type Report, usageError } from '../failure.ts';
import type { WhereOptions } from '../options.ts';
import { withStore } from '../where.ts';
import type { AllocationRecord } from './check/allocations.ts';
import { readSnapshot } from './check/snapshot.ts';
import { surveyOf } from './check/survey.ts';
import { withJournal } from './journal.ts';
import { readAddress } from './read-address.ts';
import { cannotJudge, readReports, releaseReported } from './release-reports.ts';

/** Options of the command; exactly one of the first two. */
export interface ReleaseOptions extends WhereOptions {
  readonly ip?: readonly string[];
  readonly fromReport?: readonly string[];
  readonly force?: boolean;
}

/** Releases. */
export function release(options: ReleaseOptions): Promise<Report> {
  const { ip, fromReport, force = false } = options;
  if (fromReport !== undefined) {
    const reports = readReports(fromReport);
    const work = { verb: 'ipam release', releaseReason: 'a report says that nobody uses it' };
    return withStore(options, false, (store) =>
      withJournal(options, store, work, (ipam) => releaseReported(store, ipam, reports, force)),
    );
  }
  if (ip === undefined)
    throw usageError('Nothing to release is named', '', 'Give --ip ADDRESS or --from-report FILE.');
  const addresses = [...new Set(ip.map(readAddress))];
  const work = { verb: 'ipam release', releaseReason: 'somebody released it by hand' };
  return withStore(options, false, (store) =>
    withJournal(options, store, work, (ipam) => releaseNamed(store, ipam, addresses, force)),
  );
}

/** Each address by itself: one that is refused does not keep the others. */
async function releaseNamed(
  store: Datastore,
  ipam: Ipam,
  addresses: readonly Address[],
  force: boolean,
): Promise<Report> {
  const { allocations, unreadable } = surveyOf(await readSnapshot(store));
  if (unreadable > 0 && !force) throw cannotJudge(unreadable);
  const records = new Map(allocations.map(({ record }) => [record.ip, record]));
  const judged = addresses.map((address) => ({
    address,
    refusal: whyNot(address, records.get(address), force),
  }));
  const results = await ipam.releaseIps(
    judged.flatMap(({ address, refusal }) =>
      refusal ? [] : [guarded(records.get(address) as AllocationRecord)],
    ),
  );
  const released = results.filter(({ kind }) => kind === 'released');
  const lost = results.filter(({ kind }) => kind !== 'released');
  return {
    text: released.map(({ address }) => `Successfully released IP address ${address}`).join('\n'),
    failures: [
      ...judged.flatMap(({ refusal }) => refusal ?? []),
      ...lost.map(({ message }) => ({ what: message, object: '', hint: '' })),
    ],
  };
}

/** What the release must find for it to be this allocation, and not the address's next one. */
function guarded({ ip, handle, sequenceNumber }: AllocationRecord): {
  address: Address;
  handle?: string;
  sequenceNumber: bigint;
} {
  return { address: ip, sequenceNumber, ...(handle !== undefined && { handle }) };
}

function whyNot(address: Address, record: AllocationRecord | undefined, force: boolean): Failure | undefined {
  if (!record || record.coolingDown) {
    const hint = record ? 'It was released already and cools down.' : 'There is nothing to release.';
    return { what: 'IP address is not assigned', object: address, hint };
  }
  if (record.owners.length === 0 || force) return undefined;
  return {
    what: `IP address is in use by ${record.owners.join(', ')}`,
    object: address,
    hint: 'Remove that first. With --force the address is released all the same, and can then be given out a second time.',
  };
}
