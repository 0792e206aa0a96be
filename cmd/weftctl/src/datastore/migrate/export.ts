/** `weftctl datastore migrate export`: all but the workloads as one file on standard output, in calicoctl's format. */
import type { Datastore } from '@weft/datastore';
import type { Kind, Resource } from '@weft/resources';
import { CliError, type Report } from '../../failure.ts';
import type { WhereOptions } from '../../options.ts';
import { readAll } from '../../read-all.ts';
import { withStore } from '../../where.ts';
import { readClusterInformation, requireLock } from '../cluster-information.ts';
import { writeMigration } from './file-format.ts';
import { IPAM_MEMBERS, LISTED_KINDS } from './kind-order.ts';
import { nodeNamesOf, renameNodes } from './node-names.ts';

/** Exports a locked datastore. */
export function exportMigration(where: WhereOptions): Promise<Report> {
  return withStore(where, false, async (store) => {
    await requireLock(store, 'export it');
    const resources = await readMigrated(store);
    const nodes = resources.filter((resource) => resource.kind === 'Node');
    const { renamed, unknown } = nodeNamesOf(nodes);
    const text = await writeMigration({
      information: await readClusterInformation(store),
      resources: resources.map((resource) => renameNodes(resource, renamed)),
    });
    return { text: text.trimEnd(), failures: [], notes: notesOf(renamed, unknown) };
  });
}

async function readMigrated(store: Datastore): Promise<Resource[]> {
  const kinds: Kind[] = [...LISTED_KINDS, ...(Object.keys(IPAM_MEMBERS) as Kind[]), 'IPAMConfiguration'];
  const resources: Resource[] = [];
  for (const kind of kinds) {
    const { items, unreadable } = await readAll(store, kind);
    if (unreadable.length > 0)
      throw new CliError(
        unreadable.map(({ key, reason }) => ({
          what: 'An object cannot be read, so that an export would lose it',
          object: `${key.kind} "${key.name}"`,
          hint: `${reason}. Correct it, or delete it.`,
        })),
      );
    resources.push(...(items as Resource[]));
  }
  return resources;
}

function notesOf(renamed: ReadonlyMap<string, string>, unknown: readonly string[]): string[] {
  return [
    ...[...renamed].map(([from, to]) => `Node ${from} is named ${to} in the file, as Kubernetes knows it.`),
    ...(unknown.length === 0
      ? []
      : [
          `Kubernetes is not known to run on ${unknown.join(', ')} (no orchRef "k8s"): an import into Kubernetes leaves such nodes out.`,
        ]),
  ];
}
