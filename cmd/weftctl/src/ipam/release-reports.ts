/**
 * Releasing what reports of `ipam check` call unused: what all of them say, in this cluster, and still so.
 *
 * The rules are calicoctl's: the cluster must be the reports', one report must be of the present ClusterInformation (made
 * while the datastore was locked), and without --force the datastore is locked and the reports are of this version.
 * Beyond them, nothing is released that somebody uses at this moment.
 */
import { readFileSync } from 'node:fs';
import type { Datastore } from '@weft/datastore';
import type { Address } from '@weft/ip';
import type { Ipam } from '@weft/ipam';
import description from '../../package.json' with { type: 'json' };
import { isLocked } from '../datastore/cluster-information.ts';
import { CliError, type Report } from '../failure.ts';
import { type HandleRecord, type ReadReport, readReport, type UnusedAddress } from './check/report.ts';
import { readSnapshot, type Snapshot } from './check/snapshot.ts';
import { surveyOf } from './check/survey.ts';

/** A report and the file it was read from. */
export interface ReportFile extends ReadReport {
  readonly path: string;
}

/** Reads the files; any that is no report ends the command before the store is touched. */
export function readReports(paths: readonly string[]): ReportFile[] {
  return paths.map((path) => {
    const report = readReport(readText(path));
    if (typeof report === 'string')
      throw refusal(
        `This is no report of ipam check: it ${report}`,
        path,
        'Make one: weftctl ipam check -o FILE.',
      );
    return { ...report, path };
  });
}

function readText(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch (cause) {
    throw refusal('The report cannot be read', path, (cause as Error).message);
  }
}

/** Releases the addresses and handles that all reports call unused. */
export async function releaseReported(
  store: Datastore,
  ipam: Ipam,
  reports: readonly ReportFile[],
  force: boolean,
): Promise<Report> {
  const snapshot = await readSnapshot(store);
  const notes = checkReports(snapshot, reports, force);
  if (snapshot.unreadable.length > 0 && !force) throw cannotJudge(snapshot.unreadable.length);
  const addresses = await releaseAddresses(
    ipam,
    snapshot,
    common(
      reports.map(({ unused }) => unused),
      addressId,
    ),
  );
  const handles = await releaseHandles(
    store,
    ipam,
    common(
      reports.map(({ leakedHandles }) => leakedHandles),
      ({ ID, Revision }) => `${ID} ${Revision}`,
    ),
  );
  return {
    text: [...addresses, ...handles, 'You may now unlock the data store.'].join('\n'),
    failures: [],
    notes,
  };
}

function checkReports({ information }: Snapshot, reports: readonly ReportFile[], force: boolean): string[] {
  const spec = information?.spec;
  const foreign = reports.find(({ clusterGUID }) => clusterGUID === '' || clusterGUID !== spec?.clusterGUID);
  if (foreign)
    throw refusal(
      'The report is of another cluster (its cluster GUID is not that of the datastore)',
      foreign.path,
      'Make one of this cluster: weftctl ipam check -o FILE. If it has no identity yet, lock it once: weftctl datastore migrate lock.',
    );
  const stranger = reports.find(({ version }) => version !== description.version);
  if (stranger && !force)
    throw refusal(
      `The report was made by another version (${stranger.version || 'unknown'}, not ${description.version})`,
      stranger.path,
      'Make it anew, or use it all the same with --force.',
    );
  if (!reports.some((report) => report.clusterInformationRevision === information?.metadata.resourceVersion))
    throw refusal(
      'All reports are stale: the datastore was locked or unlocked since',
      reports.map(({ path }) => path).join(', '),
      'Make one while the datastore is locked: weftctl ipam check -o FILE.',
    );
  const locked = isLocked(information);
  if (!locked && !force)
    throw refusal(
      'The datastore is not locked',
      'ClusterInformation "default"',
      'Lock it (weftctl datastore migrate lock) and make the report anew, or go on with --force.',
    );
  return [
    ...(stranger ? ['Ignored because of --force: a report was made by another version.'] : []),
    ...(locked ? [] : ['Ignored because of --force: the datastore is not locked.']),
  ];
}

async function releaseAddresses(
  ipam: Ipam,
  snapshot: Snapshot,
  unused: readonly UnusedAddress[],
): Promise<string[]> {
  if (unused.length === 0) return ["Report didn't contain any leaked IPs to clean up."];
  const { used, young } = surveyOf(snapshot);
  const busy = new Set<Address>([...used, ...young].map(({ address }) => address));
  const wanted = unused.filter(({ address }) => !busy.has(address));
  const results = await ipam.releaseIps(wanted);
  const count = (kind: string) => results.filter((result) => result.kind === kind).length;
  const gone = count('not-assigned');
  const kept = results.filter(({ kind }) => kind === 'reassigned' || kind === 'contention');
  return [
    `Releasing ${unused.length} old IPs...`,
    `Released ${count('released')} IPs successfully`,
    ...(gone > 0 ? [`${gone} addresses marked as leaked in the report had already been cleaned up.`] : []),
    ...kept.map(({ message }) => message),
    ...unused
      .filter(({ address }) => busy.has(address))
      .map(({ address }) => `Kept ${address}: it is in use by now.`),
  ];
}

/** Settles the handles that are still as the reports saw them. */
async function releaseHandles(
  store: Datastore,
  ipam: Ipam,
  handles: readonly HandleRecord[],
): Promise<string[]> {
  if (handles.length === 0) return ["Report didn't contain any handles to clean up."];
  const stored = new Map(
    (await store.list('IPAMHandle')).items.map(({ metadata, spec }) => [
      spec.handleID,
      metadata.resourceVersion,
    ]),
  );
  const same = handles.filter(({ ID, Revision }) => stored.get(ID) === Revision);
  const released = await settle(
    ipam,
    same.map(({ ID }) => ID),
  );
  return [`Released ${released} handles; ${handles.length - released} skipped, missing or changed.`];
}

async function settle(ipam: Ipam, handles: readonly string[]): Promise<number> {
  const wanted = new Set(handles);
  const repaired = new Set<string>();
  for (const finding of await ipam.inspect()) {
    if (!('handle' in finding) || !wanted.has(finding.handle)) continue;
    if ((await ipam.repair(finding)).kind === 'repaired') repaired.add(finding.handle);
  }
  return repaired.size;
}

function addressId({ address, handle, sequenceNumber }: UnusedAddress): string {
  return `${address} ${handle} ${sequenceNumber}`;
}

/** What is in every list. */
function common<Item>(lists: readonly (readonly Item[])[], idOf: (item: Item) => string): Item[] {
  const [first = [], ...others] = lists;
  const sets = others.map((list) => new Set(list.map(idOf)));
  return first.filter((item) => sets.every((set) => set.has(idOf(item))));
}

/** Who cannot be read may use the address. */
export function cannotJudge(unreadable: number): CliError {
  return refusal(
    `Cannot tell who uses which address: ${unreadable} object(s) in the datastore cannot be read`,
    '',
    'weftctl ipam check names them. Mend them first, or go on with --force.',
  );
}

function refusal(what: string, object: string, hint: string): CliError {
  return new CliError([{ what, object, hint }]);
}
