/**
 * The allocator: every operation of IPAM on one datastore. Several allocators, in several processes, may work on one
 * store at a time; what they decide rests on compare-and-swap alone.
 */
import type { Prefix } from '@weft/ip';
import type { Inconsistency } from './core/inconsistencies.ts';
import type { AutoAssignOutcome } from './core/outcome.ts';
import type { TunnelSettings } from './core/tunnels.ts';
import { type AssignIpOutcome, type AssignIpRequest, assignIp } from './loop/assign-ip.ts';
import type { Contention } from './loop/attempts.ts';
import { type AutoAssignRequest, autoAssign } from './loop/auto-assign.ts';
import { type AffinityClaim, type AffinityClaimOutcome, claimAffinity } from './loop/claim-affinity.ts';
import { createContext, type IpamOptions } from './loop/context.ts';
import { ensureTunnels, type TunnelsOutcome } from './loop/ensure-tunnels.ts';
import { type CooledRelease, freeCooled } from './loop/free-cooled.ts';
import { inspect } from './loop/inspect.ts';
import {
  type AffinityRelease,
  type AffinityReleaseOutcome,
  releaseAffinity,
} from './loop/release-affinity.ts';
import { type HandleRelease, releaseByHandle } from './loop/release-by-handle.ts';
import { type HostRelease, releaseHost } from './loop/release-host.ts';
import { type ReleaseRequest, type ReleaseResult, releaseIps } from './loop/release-ips.ts';
import { type RepairResult, repair } from './loop/repair.ts';

/** The operations of IPAM. All of them throw DatastoreError when the store fails, and can be repeated then. */
export interface Ipam {
  /** Assigns addresses of either family, all that were asked for or none. */
  autoAssign(request: AutoAssignRequest): Promise<AutoAssignOutcome>;
  /** Assigns one address by name. */
  assignIp(request: AssignIpRequest): Promise<AssignIpOutcome>;
  /** Releases addresses one by one. */
  releaseIps(requests: readonly ReleaseRequest[]): Promise<ReleaseResult[]>;
  /** Releases everything a handle holds. */
  releaseByHandle(handle: string): Promise<HandleRelease>;
  /** Makes somebody own a block of a pool before it is needed. */
  claimAffinity(wanted: AffinityClaim): Promise<AffinityClaimOutcome>;
  /** Takes a block from its owner. */
  releaseAffinity(wanted: AffinityRelease): Promise<AffinityReleaseOutcome>;
  /** Gives the tunnels of a node the addresses they should have, takes back the others, and writes it into the Node. */
  ensureTunnels(node: string, settings: TunnelSettings): Promise<TunnelsOutcome>;
  /** Takes everything from a node that is gone: tunnels' addresses and blocks. */
  releaseHost(node: string): Promise<HostRelease>;
  /** Frees the addresses of a block whose cooldown is over. */
  freeCooled(block: Prefix): Promise<CooledRelease | Contention>;
  /** Finds what a crash left behind. */
  inspect(): Promise<Inconsistency[]>;
  /** Settles one finding of `inspect`. */
  repair(finding: Inconsistency): Promise<RepairResult>;
}

/** Makes an allocator on a datastore. */
export function createIpam(options: IpamOptions): Ipam {
  const context = createContext(options);
  return {
    autoAssign: (request) => autoAssign(context, request),
    assignIp: (request) => assignIp(context, request),
    releaseIps: (requests) => releaseIps(context, requests),
    releaseByHandle: (handle) => releaseByHandle(context, handle),
    claimAffinity: (wanted) => claimAffinity(context, wanted),
    releaseAffinity: (wanted) => releaseAffinity(context, wanted),
    ensureTunnels: (node, settings) => ensureTunnels(context, node, settings),
    releaseHost: (node) => releaseHost(context, node),
    freeCooled: (block) => freeCooled(context, block),
    inspect: () => inspect(context),
    repair: (finding) => repair(context, finding),
  };
}
