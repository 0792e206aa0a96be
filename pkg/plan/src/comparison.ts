/** Both sides of a change, and what was seen of them. */
import type { DesiredState } from '@weft/calc';
import type { Address, Prefix } from '@weft/ip';
import type { ClusterResources } from '@weft/simulation';
import type { AlikeNodes } from './alike.ts';
import type { SeenSpeaker } from './observation.ts';
import type { Outsider } from './outside.ts';

/** What a plan keeps of a node's desired state, which is large where there are many tunnels. */
export interface NodeState extends Pick<DesiredState, 'announcements' | 'sessions' | 'speaker'> {
  /** It hears what it is told. Of other nodes no more is looked at than their sessions with those that do, and with peers outside. */
  readonly isWhole: boolean;
  /** The routes that IPAM decides, with their ways; of a node that is whole. */
  readonly tunnelWays: ReadonlyMap<Prefix, string>;
}

/** One side of the change: the resources, and what they make of every node. */
export interface Side {
  readonly resources: ClusterResources;
  readonly states: ReadonlyMap<string, NodeState>;
  readonly seen: ReadonlyMap<string, SeenSpeaker>;
}

/** Both sides, and who is who. */
export interface Comparison {
  /** Nodes that others stand for; none where all are whole. */
  readonly alike: readonly AlikeNodes[];
  readonly before: Side;
  readonly after: Side;
  readonly outsiders: readonly Outsider[];
  /** The node at an address; before the change or after it. */
  readonly nodeAt: ReadonlyMap<Address, string>;
}
