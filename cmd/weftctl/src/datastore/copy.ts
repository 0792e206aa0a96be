/** `weftctl datastore copy`: everything of one datastore into another, of whatever kinds they are. */
import { existsSync } from 'node:fs';
import {
  CopyInterrupted,
  type CopyOptions,
  type CopyReport,
  type CopyTrouble,
  copyDatastore,
  createMemoryStore,
  type Datastore,
  type DatastoreChoice,
  DatastoreError,
  openDatastore,
} from '@weft/datastore';
import { CliError, type Failure, type Report, usageError } from '../failure.ts';
import { printTable } from '../print/table.ts';
import { objectName } from '../resource/kind-argument.ts';
import { readDatastore } from '../where.ts';

/** Options of the command. */
export interface CopyCommandOptions {
  readonly from: string;
  readonly to: string;
  readonly existing: 'refuse' | 'keep' | 'replace';
  readonly dryRun?: boolean;
  readonly lock?: boolean;
}

/** Copies, and fails when anything was not copied or differs afterwards. */
export async function copy(options: CopyCommandOptions): Promise<Report> {
  const from = await readDatastore('--from', options.from);
  const to = await readDatastore('--to', options.to);
  if (JSON.stringify(from) === JSON.stringify(to))
    throw usageError('Source and target are the same datastore', '--from and --to', 'Name two.');
  const source = await openDatastore(from);
  try {
    return await copyInto(source, to, options);
  } finally {
    await source.close();
  }
}

async function copyInto(
  source: Datastore,
  to: DatastoreChoice,
  options: CopyCommandOptions,
): Promise<Report> {
  const target = await openTarget(to, options.dryRun ?? false);
  try {
    return reportOf(await copyOrPart(source, target, settingsOf(options)), options);
  } finally {
    await target.close();
  }
}

/** A dry run into an embedded store whose file is not there yet makes none: it looks at an empty one in memory. */
async function openTarget(to: DatastoreChoice, dryRun: boolean): Promise<Datastore> {
  if (!dryRun || to.type !== 'embedded' || existsSync(to.path)) return openDatastore(to, { create: true });
  return createMemoryStore({ now: Date.now, uuid: () => crypto.randomUUID() });
}

function settingsOf({ existing, dryRun = false, lock = false }: CopyCommandOptions): CopyOptions {
  return {
    existing,
    dryRun,
    lock: lock && !dryRun,
    onProgress: (kind, objects) => console.error(`${kind}: ${objects}`),
  };
}

/** What was copied, and why it stopped halfway if it did. */
interface Outcome {
  readonly report: CopyReport;
  readonly interruption?: Failure;
}

async function copyOrPart(source: Datastore, target: Datastore, settings: CopyOptions): Promise<Outcome> {
  try {
    return { report: await copyDatastore(source, target, settings) };
  } catch (error) {
    if (error instanceof DatastoreError && error.code === 'invalid-resource')
      throw new CliError([
        { what: error.message, object: '', hint: 'That is --existing keep or --existing replace.' },
      ]);
    if (!(error instanceof CopyInterrupted)) throw error;
    const hint = 'What was copied stays. Copy again with --existing replace.';
    return { report: error.report, interruption: { what: error.message, object: '', hint } };
  }
}

function reportOf({ report, interruption }: Outcome, { dryRun = false }: CopyCommandOptions): Report {
  const verb = dryRun ? 'would not be copied' : 'was not copied';
  const failures = [
    ...report.failures.map((trouble) => describe(`This ${verb}, because ${trouble.reason}`, trouble)),
    ...report.differences.map((trouble) => describe(`The stores differ: ${trouble.reason}`, trouble)),
    ...(interruption ? [interruption] : []),
  ];
  const verdict = dryRun
    ? 'Nothing was written: this was a dry run.'
    : failures.length === 0
      ? 'Both stores were compared and agree.'
      : `${failures.length} thing(s) need attention.`;
  return { text: `${countsOf(report)}\n${verdict}`, failures };
}

function countsOf({ kinds }: CopyReport): string {
  const rows = kinds.map(({ kind, found, created, replaced, unchanged, kept, failed }) => [
    kind,
    ...[found, created, replaced, unchanged, kept, failed].map(String),
  ]);
  return printTable(['KIND', 'FOUND', 'CREATED', 'REPLACED', 'UNCHANGED', 'KEPT', 'FAILED'], rows);
}

function describe(what: string, { key }: CopyTrouble): Failure {
  return { what, object: objectName(key), hint: '' };
}
