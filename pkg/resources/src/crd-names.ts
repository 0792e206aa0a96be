/**
 * What the two API groups that may hold Calico's objects in Kubernetes call them.
 *
 * `v1` is crd.projectcalico.org/v1, which Calico's components use themselves; `v3` is projectcalico.org/v3 as plain CRDs,
 * without Calico's API server in between.
 */
import type { Kind } from './generated/types.ts';
import type { KindDefinition } from './kind-definition.ts';
import { kinds } from './kinds.ts';

/** Which of the two groups, by its version. */
export type CrdGroup = 'v1' | 'v3';

/** A custom resource: where the API server serves it. */
export interface CrdNames {
  readonly group: string;
  readonly version: CrdGroup;
  readonly kind: string;
  readonly plural: string;
}

const groups: Readonly<Record<CrdGroup, string>> = {
  v1: 'crd.projectcalico.org',
  v3: 'projectcalico.org',
};

/** The names of a kind in a group; undefined for kinds that Kubernetes keeps elsewhere (Node, WorkloadEndpoint). */
export function crdNames(kind: Kind, version: CrdGroup): CrdNames | undefined {
  const definition = kinds[kind] as unknown as KindDefinition;
  const { crd } = definition;
  if (crd === false) return undefined;
  const names = version === 'v1' && crd !== true ? crd : definition;
  return { group: groups[version], version, kind: names.kind, plural: names.plural };
}
