/**
 * Locks two stores for a copy, as `calicoctl datastore migrate lock` does one: while `datastoreReady` of
 * ClusterInformation is false, Calico's and weft's writers wait.
 */
import { apiVersion, type Kind, type ResourceOf } from '@weft/resources';
import type { Datastore, OfKind, ResourceKey, WriteOutcome } from '../datastore.ts';
import { portable } from './comparable.ts';

const clusterInformation = 'ClusterInformation' as string as Kind;
const key: ResourceKey = { kind: clusterInformation, name: 'default' };

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
  const unlockSource = () => restore(source, sourceBefore, readyOf(sourceBefore));
  try {
    const targetBefore = await lock(target, sourceBefore);
    return {
      sourceHasInformation: sourceBefore !== undefined,
      unlockSource,
      unlockTarget: () =>
        sourceBefore === undefined
          ? restore(target, targetBefore, readyOf(targetBefore))
          : restore(target, sourceBefore, readyOf(sourceBefore)),
    };
  } catch (error) {
    await unlockSource();
    throw error;
  }
}

/** Says "not ready", and returns what was there; a store without the object gets one, after `model` if there is one. */
async function lock(store: Datastore, model?: ResourceOf<Kind>): Promise<ResourceOf<Kind> | undefined> {
  const fresh = { apiVersion, kind: clusterInformation, metadata: { name: key.name }, spec: {} };
  for (;;) {
    const before = await store.get(key);
    const locked = withReady(before ?? portable(model ?? (fresh as unknown as ResourceOf<Kind>)), false);
    if (isWritten(before ? await store.update(locked) : await store.create(locked))) return before;
  }
}

/** Gives the object its readiness back, or removes what `lock` had made. */
async function restore(
  store: Datastore,
  before: ResourceOf<Kind> | undefined,
  ready: unknown,
): Promise<void> {
  for (;;) {
    const current = await store.get(key);
    if (!current) return;
    const outcome = before
      ? await store.update(withReady(current, ready))
      : await store.delete(key, current.metadata.resourceVersion);
    if (isWritten(outcome)) return;
  }
}

function isWritten({ kind }: WriteOutcome<Kind>): boolean {
  return kind === 'written';
}

function readyOf(information: ResourceOf<Kind> | undefined): unknown {
  return (information?.spec as { readonly datastoreReady?: unknown } | undefined)?.datastoreReady;
}

function withReady(information: ResourceOf<Kind>, datastoreReady: unknown): OfKind<Kind> {
  const spec: object = { ...information.spec, datastoreReady };
  return { ...information, spec } as OfKind<Kind>;
}
