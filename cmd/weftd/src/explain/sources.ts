/** Who is asked when this node explains itself: the rooms of a node, or what a route reflector has of them. */
import type { Announcement, DesiredState, RoutingContext, SessionDecision } from '@weft/calc';
import type { RouteStatus } from '@weft/control';
import type { Prefix } from '@weft/ip';
import type { Kernel } from '@weft/kernel';
import type { Node, WorkloadEndpoint } from '@weft/resources';
import type { Bgp } from '../bgp/bgp.ts';
import type { State } from '../state.ts';

/** What every daemon that speaks BGP can be asked. */
export interface SpeakerSources {
  readonly nodeName: string;
  readonly bgp: () => Bgp | undefined;
  /** Every possible peer with its reason. */
  readonly sessions: () => readonly SessionDecision[];
  readonly nodes: () => readonly Node[];
  /** The addresses by which it may be somebody's peer. */
  readonly addresses: () => readonly string[];
  /** Why the datastore is not read up to now. */
  readonly notCurrent: () => string | undefined;
}

/** And what a node can be asked besides. */
export interface NodeSources extends SpeakerSources {
  readonly state: State;
  readonly endpoints: () => readonly WorkloadEndpoint[];
  /** Weft's routes, wanted or in the kernel. */
  readonly routes: () => readonly RouteStatus[];
  readonly kernel: Kernel;
  /** Why the table of nftables is not as wanted. */
  readonly natFailure: () => string | undefined;
  /** As last decided; undefined before the first time. */
  readonly desired: () => DesiredState | undefined;
  /** What is announced, with what the fuse holds. */
  readonly announced: () => readonly Announcement[];
  readonly routing: () => RoutingContext | undefined;
  /** Best paths without a route in the kernel, and why. */
  readonly rejected: () => ReadonlyMap<Prefix, string>;
}

/** Why a picture of the datastore is not the present one, if it is not. */
export function notCurrent(isCurrent: boolean, storeAway: string | undefined): string | undefined {
  return isCurrent ? undefined : (storeAway ?? 'the datastore is not read yet');
}
