/** ClusterInformation as the commands need it: which cluster this is, and whether its datastore is locked. */
import type { Datastore, OfKind } from '@weft/datastore';
import type { ClusterInformation } from '@weft/resources';
import { CliError } from '../failure.ts';

const KEY = { kind: 'ClusterInformation', name: 'default' } as const;

/** How often a change is tried against other writers. */
const ATTEMPTS = 5;

/** The cluster's object, if it has one. */
export function readClusterInformation(store: Datastore): Promise<ClusterInformation | undefined> {
  return store.get(KEY);
}

/** True only when somebody said that the datastore is not ready: that is how Calico locks it. */
export function isLocked(information: ClusterInformation | undefined): boolean {
  return information?.spec.datastoreReady === false;
}

/** Refuses to go on unless the datastore is locked; `purpose` ends the sentence "… before you …". */
export async function requireLock(store: Datastore, purpose: string): Promise<void> {
  if (isLocked(await readClusterInformation(store))) return;
  throw new CliError([
    {
      what: 'The datastore is not locked',
      object: 'ClusterInformation "default"',
      hint: `Lock it before you ${purpose}: weftctl datastore migrate lock.`,
    },
  ]);
}

/** Locks or unlocks the datastore. A cluster that has no ClusterInformation yet gets one, with an identity. */
export async function setDatastoreReady(store: Datastore, datastoreReady: boolean): Promise<void> {
  for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
    const current = await readClusterInformation(store);
    const { kind } = await (current
      ? store.update({
          ...current,
          spec: { ...current.spec, datastoreReady },
        } as OfKind<'ClusterInformation'>)
      : store.create(newInformation(datastoreReady)));
    if (kind === 'written') return;
  }
  throw new CliError([
    {
      what: 'Other writers changed the object every time',
      object: 'ClusterInformation "default"',
      hint: 'Nothing was changed. Try again.',
    },
  ]);
}

/** As Calico initialises a datastore: with 32 random hexadecimal digits as the cluster's identity. */
function newInformation(datastoreReady: boolean): OfKind<'ClusterInformation'> {
  return {
    apiVersion: 'projectcalico.org/v3',
    kind: 'ClusterInformation',
    metadata: { name: KEY.name },
    spec: { clusterGUID: crypto.randomUUID().replaceAll('-', ''), datastoreReady },
  };
}
