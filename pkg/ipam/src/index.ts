/**
 * The public API of @weft/ipam: the allocator, and the pure functions it decides with.
 */
export { createIpam, type Ipam } from './allocator.ts';
export { type AffinityState, blockOfAffinity, ownerOfAffinity, stateOf } from './core/affinity.ts';
export {
  type ServiceIdentity,
  serviceAttributes,
  serviceHandle,
  TUNNELS,
  type Tunnel,
  tunnelAttributes,
  tunnelHandle,
  type WorkloadIdentity,
  workloadAttributes,
  workloadHandle,
} from './core/attributes.ts';
export {
  type Allocation,
  addressAt,
  allocationAt,
  type BlockAttribute,
  type BlockSpec,
  coolingCount,
  countsByHandle,
  freeCount,
  isEmptyBlock,
  ordinalIn,
  ordinalsOfHandle,
  ownerOfBlock,
} from './core/block.ts';
export { checkBlock } from './core/block-check.ts';
export { type Cooldown, collectCooled } from './core/block-release.ts';
export { configOf, DEFAULT_COOLDOWN_SECONDS, DEFAULT_MAX_BLOCKS, type IpamConfig } from './core/config.ts';
export { findIdleBlocks, type IdleBlock } from './core/idle-blocks.ts';
export { findInconsistencies, type Inconsistency, type IpamSnapshot } from './core/inconsistencies.ts';
export {
  type AddressUser,
  DEFAULT_LEAK_GRACE_MS,
  findLeaks,
  type Leak,
  type LeakPolicy,
  type LeakReport,
  type LeakSnapshot,
  userOfEndpoint,
} from './core/leaks.ts';
export type {
  AssignedAddress,
  AssignReason,
  AutoAssignOutcome,
  Refusal,
  RefusalKind,
} from './core/outcome.ts';
export {
  affinityText,
  describeOwner,
  hostOwner,
  isSameOwner,
  LOAD_BALANCER,
  type Owner,
} from './core/owner.ts';
export {
  choosePools,
  type IntendedUse,
  type PoolChoice,
  type PoolLeftOut,
  type PoolQuery,
  type PoolSpace,
  poolSpace,
  whyNotEnabled,
} from './core/pool-choice.ts';
export {
  isStillLeaked,
  leaksById,
  NO_MEMORY,
  planReclaim,
  type ReclaimMemory,
  type ReclaimPlan,
  type ReclaimPolicy,
  type ReclaimSnapshot,
  type ReclaimStep,
} from './core/reclaim.ts';
export { type Reservations, reservationsOf } from './core/reservations.ts';
export { type TunnelSettings, tunnelAddressOf, tunnelPools } from './core/tunnels.ts';
export type {
  Journal,
  JournalAuthor,
  JournalEntry,
  JournalOperation,
  JournalWorkload,
} from './journal/entry.ts';
export { findUnjournaled, type JournalComparison } from './journal/find-unjournaled.ts';
export {
  DEFAULT_JOURNAL_PATH,
  DEFAULT_JOURNAL_ROWS,
  JournalFile,
  type JournalFileOptions,
  journalBeside,
} from './journal/journal-file.ts';
export { type Journaling, journaled } from './journal/journaled.ts';
export type { AssignIpOutcome, AssignIpRequest } from './loop/assign-ip.ts';
export type { Contention } from './loop/attempts.ts';
export type { AutoAssignRequest } from './loop/auto-assign.ts';
export type { AffinityClaim, AffinityClaimOutcome } from './loop/claim-affinity.ts';
export type { IpamOptions } from './loop/context.ts';
export {
  deletePool,
  POOL_DELETION_PAUSE_MS,
  type PoolDeletion,
  type PoolDeletionContext,
} from './loop/delete-pool.ts';
export type { TunnelResult, TunnelsOutcome } from './loop/ensure-tunnels.ts';
export type { CooledRelease } from './loop/free-cooled.ts';
export type { AffinityRelease, AffinityReleaseOutcome } from './loop/release-affinity.ts';
export type { HandleRelease } from './loop/release-by-handle.ts';
export type { HostRelease } from './loop/release-host.ts';
export type { ReleaseRequest, ReleaseResult } from './loop/release-ips.ts';
export type { RepairResult } from './loop/repair.ts';
export { type Answer, type IpamView, storeView } from './loop/view.ts';
