/**
 * `weftctl datastore migrate import`: a migration file into an empty datastore. The whole file is read and checked first;
 * what a run that was cut off has written is recognised, so that the same command finishes it.
 */
import { readFileSync } from 'node:fs';
import {
  type CopyReport,
  copyDatastore,
  createMemoryStore,
  type Datastore,
  type OfKind,
} from '@weft/datastore';
import type { ClusterInformation, Kind } from '@weft/resources';
import { CliError, type Failure, type Report, usageError } from '../../failure.ts';
import type { WhereOptions } from '../../options.ts';
import { readAll } from '../../read-all.ts';
import { objectName } from '../../resource/kind-argument.ts';
import { withStore } from '../../where.ts';
import { readClusterInformation, setDatastoreReady } from '../cluster-information.ts';
import { type Migration, readMigration } from './file-format.ts';
import { IPAM_MEMBERS, LISTED_KINDS } from './kind-order.ts';

/** Options of the command. */
export interface ImportOptions extends WhereOptions {
  /** `-` is standard input. */
  readonly filename: string;
  readonly skipUnsupported?: boolean;
}

const IPAM_KINDS: readonly Kind[] = [...(Object.keys(IPAM_MEMBERS) as Kind[]), 'IPAMConfiguration'];
const ALL_KINDS: readonly Kind[] = [...LISTED_KINDS, ...IPAM_KINDS];

/** Problems that are shown of a file; one mistake often makes many. */
const MOST_PROBLEMS = 20;

/** Imports, and leaves the datastore locked. */
export async function importMigration(options: ImportOptions): Promise<Report> {
  const { migration, notes } = readFile(options);
  return withStore(options, true, (target) => importInto(target, migration, notes));
}

/** The file's objects as a datastore, so that they can be compared with another and copied. */
async function storeOf({ resources }: Migration): Promise<Datastore> {
  const store = createMemoryStore({ now: Date.now, uuid: () => crypto.randomUUID() });
  for (const resource of resources) {
    const { kind } = await store.create(resource as OfKind<Kind>);
    const object = objectName({ kind: resource.kind, ...resource.metadata });
    if (kind !== 'written')
      throw refusal('The file holds two objects of one name', object, 'Nothing was changed.');
  }
  return store;
}

/** Imports what `source` holds. Exported for tests, which cut it off. */
export async function importInto(
  target: Datastore,
  migration: Migration,
  notes: readonly string[] = [],
): Promise<Report> {
  const source = await storeOf(migration);
  await requireEmpty(target, source);
  await setDatastoreReady(target, false);
  // What is there is the same, but for the Nodes that Kubernetes has made: those get what the file says of them.
  const report = await copyDatastore(source, target, { existing: 'replace' });
  const { lost, failures } = troublesOf(report, target);
  if (failures.length > 0) return { text: '', failures, notes: [...notes, ...lost] };
  await takeIdentity(target, migration.information);
  return { text: describe(report), failures: [], notes: [...notes, ...lost] };
}

function readFile({ filename, skipUnsupported = false }: ImportOptions): {
  migration: Migration;
  notes: string[];
} {
  const read = readMigration(readText(filename));
  if (!read.ok)
    throw new CliError(read.problems.slice(0, MOST_PROBLEMS).map((one) => problemOf(filename, one)));
  const { migration, unsupported } = read;
  if (unsupported.length > 0 && !skipUnsupported)
    throw refusal(
      `The file holds ${unsupported.length} object(s) of kinds that weft does not know`,
      summary(unsupported),
      'Leave them out with --skip-unsupported. Nothing was changed.',
    );
  return { migration, notes: unsupported.length > 0 ? [`Left out: ${summary(unsupported)}.`] : [] };
}

function readText(filename: string): string {
  try {
    return readFileSync(filename === '-' ? 0 : filename, 'utf8');
  } catch (cause) {
    throw usageError('The file cannot be read', filename, (cause as Error).message);
  }
}

function problemOf(filename: string, { object, reason }: { object: string; reason: string }): Failure {
  return { what: `${filename}: ${object} ${reason}`, object: '', hint: 'Nothing was changed.' };
}

function summary(objects: readonly string[]): string {
  const shown = objects.slice(0, 10).join(', ');
  return objects.length > 10 ? `${shown} and ${objects.length - 10} more` : shown;
}

/** Whatever the target holds must be in the file, with the same content; what others put there does not count. */
async function requireEmpty(target: Datastore, source: Datastore): Promise<void> {
  const { kinds } = await copyDatastore(source, target, { existing: 'keep', dryRun: true });
  const same = new Map(kinds.map(({ kind, unchanged }) => [kind, unchanged]));
  for (const kind of ALL_KINDS.filter((kind) => !target.ownedElsewhere?.has(kind))) {
    const { items, unreadable } = await readAll(target, kind);
    const strangers = items.length + unreadable.length - (same.get(kind) ?? 0);
    if (strangers > 0)
      throw refusal(
        `The datastore is not empty: it holds ${strangers} ${kind}(s) that are not those of the file`,
        '',
        'Import into an empty one. Nothing was changed.',
      );
  }
}

/**
 * A Node that Kubernetes does not have is no reason to stop: calicoctl, too, leaves it out with a warning. And one that it
 * has keeps labels and annotations of its own, so that it is never quite what the file says.
 */
function troublesOf(
  { failures, differences }: CopyReport,
  { ownedElsewhere }: Datastore,
): { lost: string[]; failures: Failure[] } {
  const isTheirs = ({ key }: CopyReport['failures'][number]) => ownedElsewhere?.has(key.kind) ?? false;
  const ours = [...failures, ...differences].filter((trouble) => !isTheirs(trouble));
  return {
    lost: failures
      .filter(isTheirs)
      .map(({ key, reason }) => `Left out: ${objectName(key)}, because ${reason}.`),
    failures: ours.map(({ key, reason }) => ({
      what: `This was not imported: ${reason}`,
      object: objectName(key),
      hint: 'Run the same command again when that is mended: it goes on from here.',
    })),
  };
}

/** The cluster stays the one it was; it is locked until its operator unlocks it. */
async function takeIdentity(target: Datastore, information: ClusterInformation | undefined): Promise<void> {
  const current = await readClusterInformation(target);
  if (!current || !information) return;
  const clusterType = current.spec.clusterType ?? information.spec.clusterType;
  const spec = {
    ...current.spec,
    ...information.spec,
    ...(clusterType && { clusterType }),
    datastoreReady: false,
  };
  const { kind } = await target.update({ ...current, spec } as OfKind<'ClusterInformation'>);
  if (kind !== 'written')
    throw refusal(
      'Somebody else changed the object meanwhile',
      'ClusterInformation "default"',
      'Run the command again.',
    );
}

function describe({ kinds }: CopyReport): string {
  const count = (wanted: readonly Kind[]) =>
    kinds
      .filter(({ kind }) => wanted.includes(kind))
      .reduce((sum, { created, replaced, unchanged }) => sum + created + replaced + unchanged, 0);
  return [
    `Successfully applied ${count(LISTED_KINDS)} resource(s)`,
    `Successfully applied ${count(IPAM_KINDS)} IPAM resource(s)`,
    'Datastore information successfully imported. The datastore is locked; unlock it when all nodes use it: weftctl datastore migrate unlock.',
  ].join('\n');
}

function refusal(what: string, object: string, hint: string): CliError {
  return new CliError([{ what, object, hint }]);
}
