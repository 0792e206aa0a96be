/** Both sides of a change, and what was seen of them. */
import type { DesiredState } from '@weft/calc';
import type { Address } from '@weft/ip';
import type { ClusterResources } from '@weft/simulation';
import type { SeenSpeaker } from './observation.ts';
import type { Outsider } from './outside.ts';

/** One side of the change: the resources, and what they make of every node. */
export interface Side {
  readonly resources: ClusterResources;
  readonly states: ReadonlyMap<string, DesiredState>;
  readonly seen: ReadonlyMap<string, SeenSpeaker>;
}

/** Both sides, and who is who. */
export interface Comparison {
  readonly before: Side;
  readonly after: Side;
  readonly outsiders: readonly Outsider[];
  /** The node at an address; before the change or after it. */
  readonly nodeAt: ReadonlyMap<Address, string>;
}
