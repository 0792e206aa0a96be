/** Carries out what `fix-plan.ts` says, and tells what became of each step. */
import type { Datastore } from '@weft/datastore';
import type { Inconsistency, Ipam, Leak } from '@weft/ipam';
import type { FixStep } from './fix-plan.ts';
import { readSnapshot } from './snapshot.ts';
import { surveyOf } from './survey.ts';

/** How many addresses are released between two looks at who uses them. */
const ADDRESSES_AT_ONCE = 2000;

/** Applies the steps that have an action; the lines say what became of each. Throws DatastoreError; repeatable. */
export async function applyFix(store: Datastore, ipam: Ipam, steps: readonly FixStep[]): Promise<string[]> {
  const repairs = steps.flatMap(({ problem }) => problem.repair ?? []);
  const leaks = repairs.flatMap((repair) => ('leak' in repair ? [repair.leak] : []));
  const findings = repairs.flatMap((repair) => ('findings' in repair ? repair.findings : []));
  const lines: string[] = [];
  for (let start = 0; start < leaks.length; start += ADDRESSES_AT_ONCE)
    lines.push(...(await releaseLeaks(store, ipam, leaks.slice(start, start + ADDRESSES_AT_ONCE))));
  for (const finding of findings) lines.push(await repairOne(ipam, finding));
  return lines;
}

/** Releases those that still are leaks at a look taken now. */
async function releaseLeaks(store: Datastore, ipam: Ipam, leaks: readonly Leak[]): Promise<string[]> {
  const { problems } = surveyOf(await readSnapshot(store));
  const now = new Set(
    problems.flatMap(({ repair }) => (repair && 'leak' in repair ? [idOf(repair.leak)] : [])),
  );
  const still = leaks.filter((leak) => now.has(idOf(leak)));
  const results = await ipam.releaseIps(
    still.map(({ address, handle, sequenceNumber }) => ({
      address,
      sequenceNumber,
      ...(handle !== undefined && { handle }),
    })),
  );
  const kept = leaks.filter((leak) => !still.includes(leak));
  return [
    ...results.map(({ message }) => message),
    ...kept.map(({ address }) => `Kept ${address}: it is no longer a leak.`),
  ];
}

function idOf({ address, sequenceNumber }: Leak): string {
  return `${address} ${sequenceNumber}`;
}

async function repairOne(ipam: Ipam, finding: Inconsistency): Promise<string> {
  const { kind } = await ipam.repair(finding);
  const subject = 'handle' in finding ? `handle ${finding.handle}` : `block ${finding.block}`;
  return kind === 'repaired'
    ? `Repaired ${subject} (${finding.kind}).`
    : `Did not repair ${subject} (${finding.kind}): ${kind === 'contention' ? 'other writers changed it every time. Try again.' : 'no repair is known.'}`;
}
