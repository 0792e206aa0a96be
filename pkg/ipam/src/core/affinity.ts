/**
 * The affinity: a node's claim to a block, on its way from announced to proven and away again.
 *
 *     none ──create──▶ pending ──block names us──▶ confirmed ──give up──▶ pendingDeletion ──▶ none
 *                         ▲                                                     │
 *                         └──────────────── claimed again ──────────────────────┘
 *
 * Only a confirmed affinity counts for routing. A pending one may have lost its race, and one in pendingDeletion may
 * already have lost its block.
 *
 * Source: Calico BlockAffinity.
 */
import { familyOf, type Prefix } from '@weft/ip';
import { affinityName, type BlockAffinity } from '@weft/resources';
import type { Owner } from './owner.ts';

/** Where a claim stands. */
export type AffinityState = 'pending' | 'confirmed' | 'pendingDeletion';

/** A claim that proves nothing yet. */
export function newAffinity(owner: Owner, cidr: Prefix): BlockAffinity {
  return {
    apiVersion: 'projectcalico.org/v3',
    kind: 'BlockAffinity',
    metadata: { name: affinityName(owner.name, cidr) },
    spec: { state: 'pending', node: owner.name, type: owner.type, cidr, deleted: false },
  };
}

/** The same claim in another state. */
export function withState(affinity: BlockAffinity, state: AffinityState): BlockAffinity {
  return { ...affinity, spec: { ...affinity.spec, state } };
}

/** Where the claim stands; old data without a state is confirmed. */
export function stateOf(affinity: BlockAffinity): AffinityState {
  return affinity.spec.state || 'confirmed';
}

/** Whose claim it is; old data without a type is a host's. */
export function ownerOfAffinity({ spec }: BlockAffinity): Owner {
  return { type: spec.type === 'virtual' ? 'virtual' : 'host', name: spec.node };
}

/** The block that is claimed. */
export function blockOfAffinity(affinity: BlockAffinity): Prefix {
  return affinity.spec.cidr as Prefix;
}

/** True for a claim of this family. */
export function isOfFamily(affinity: BlockAffinity, family: 4 | 6): boolean {
  return familyOf(blockOfAffinity(affinity)) === family;
}
