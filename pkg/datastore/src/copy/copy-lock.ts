/**
 * Locks two stores for a copy, as `calicoctl datastore migrate lock` does one: while `datastoreReady` of
 * ClusterInformation is false, Calico's and weft's writers wait.
 */
import { apiVersion } from '@weft/resources';
import type { Datastore, OfKind } from '../datastore.ts';
import { portable } from './comparable.ts';

const key = { kind: 'ClusterInformation', name: 'default' } as const;

type Information = OfKind<'ClusterInformation'>;

/** Two stores that say they are not ready. */
export interface LockedStores {
  /** Whether the source has a ClusterInformation of its own, not one that only says "locked". */
  readonly sourceHasInformation: boolean;
  /** Gives the source its value back. */
  unlockSource(): Promise<void>;
  /** Gives the target the value that the source had; without one there, the target's own. */
  unlockTarget(): Promise<void>;
}

/** Locks the source, then the target. When the target cannot be locked the source is as before. */
export async function lockStores(source: Datastore, target: Datastore): Promise<LockedStores> {
  const sourceBefore = await lock(source);
  const unlockSource = () => restore(source, sourceBefore);
  try {
    const targetBefore = await lock(target, sourceBefore);
    return {
      sourceHasInformation: sourceBefore !== undefined,
      unlockSource,
      unlockTarget: () => restore(target, sourceBefore ?? targetBefore),
    };
  } catch (error) {
    await unlockSource();
    throw error;
  }
}

/** Says "not ready", and returns what was there; a store without the object gets one, after `model` if there is one. */
async function lock(store: Datastore, model?: Information): Promise<Information | undefined> {
  for (;;) {
    const before = await store.get(key);
    const locked = withReady(before ?? portable(model ?? emptyInformation), false);
    const { kind } = await (before ? store.update(locked) : store.create(locked));
    if (kind === 'written') return before;
  }
}

/** Gives the object the readiness of `before`; without that, removes what `lock` had made. */
async function restore(store: Datastore, before: Information | undefined): Promise<void> {
  for (;;) {
    const current = await store.get(key);
    if (!current) return;
    const { kind } = await (before
      ? store.update(withReady(current, before.spec.datastoreReady))
      : store.delete(key, current.metadata.resourceVersion));
    if (kind === 'written') return;
  }
}

const emptyInformation: Information = {
  apiVersion,
  kind: key.kind,
  metadata: { name: key.name },
  spec: {},
};

function withReady(information: Information, ready: boolean | undefined): Information {
  const { datastoreReady: _, ...spec } = information.spec;
  return { ...information, spec: ready === undefined ? spec : { ...spec, datastoreReady: ready } };
}
