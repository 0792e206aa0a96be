/**
 * Leaked addresses: held in a block, but nobody there who could use them. The other side of `findInconsistencies`, which
 * compares what IPAM says with itself; this compares it with who is there.
 *
 * Freeing an address that is in use is far worse than keeping one that is not. So when in doubt an address is kept:
 *
 *  1. an address that any workload has is in use, whatever the allocation says of its pod or node;
 *  2. an allocation that names no workload cannot be judged, nor one for a virtual machine, which outlives its pods; a
 *     workload whose node or addresses are not known yet may have it;
 *  3. a leak is confirmed when it was one for the grace period, at once only when its node is gone;
 *  4. what one handle holds is one: if a single address of it is in doubt, none is a leak;
 *  5. a tunnel's address goes when its node is gone and nothing else on that node is in doubt or in use.
 *
 * Source: Calico kube-controllers, node controller (ipam.go).
 */
import { type Address, networkAddress, type Prefix } from '@weft/ip';
import type { IPAMBlock, WorkloadEndpoint } from '@weft/resources';
import { isTunnelType } from './attributes.ts';
import { type Allocation, addressAt, allocationAt, type BlockSpec } from './block.ts';
import { parseGoTime } from './time-text.ts';

/** Somebody who uses addresses. */
export interface AddressUser {
  /** "namespace/pod"; outside Kubernetes the name of the workload. */
  readonly name: string;
  /** Empty while none is chosen. */
  readonly node: string;
  /** Absent while nobody knows them. */
  readonly addresses?: readonly Address[] | undefined;
  /** It has ended for good, and uses nothing any more: told for the reason's sake. */
  readonly hasEnded?: boolean;
}

/** The user an endpoint stands for. */
export function userOfEndpoint({ metadata, spec }: WorkloadEndpoint): AddressUser {
  const { pod, workload, containerID, node = '', ipNetworks = [] } = spec;
  const name = pod === undefined ? (workload ?? containerID ?? '') : `${metadata.namespace}/${pod}`;
  return { name, node, addresses: ipNetworks.map(networkAddress) };
}

/** What there is, at about one moment. */
export interface LeakSnapshot {
  readonly blocks: readonly IPAMBlock[];
  /** The names of all nodes. */
  readonly nodes: ReadonlySet<string>;
  /** Every workload; those that have ended may be left out. */
  readonly users: readonly AddressUser[];
  /** The users are Pods alone: what is held for other workloads cannot be judged. */
  readonly arePods?: boolean;
}

/** An address that nobody seems to use. */
export interface Leak {
  readonly address: Address;
  readonly block: Prefix;
  readonly handle: string | undefined;
  /** Release it with this and the handle, and no later allocation is hit. */
  readonly sequenceNumber: bigint;
  /** The workload or the kind of tunnel. */
  readonly heldFor: string;
  /** Where it was assigned; undefined when the allocation does not say. */
  readonly node: string | undefined;
  readonly reason:
    | 'workload-gone'
    | 'workload-ended'
    | 'workload-moved'
    | 'workload-has-others'
    | 'node-gone';
  /** What is wrong, with which address, what to do next. */
  readonly message: string;
}

/** When a leak is confirmed. */
export interface LeakPolicy {
  /** Milliseconds since the epoch. */
  readonly now: number;
  /** For how long an address has to look leaked; 0 believes the first look. */
  readonly graceMs: number;
  /**
   * `candidatesSince` of the look before. Without an earlier look the age of the allocation counts in its place: a
   * command that looks once must not take an address whose workload is just being made.
   */
  readonly earlier?: LeakReport['candidatesSince'];
}

/** What a look found. */
export interface LeakReport {
  readonly confirmed: readonly Leak[];
  /** Not yet for as long as the grace period. */
  readonly candidates: readonly Leak[];
  /** Since when each of either looks leaked, in milliseconds since the epoch; for the next look. */
  readonly candidatesSince: ReadonlyMap<string, number>;
}

/** Calico's `leakGracePeriod`: 15 minutes. */
export const DEFAULT_LEAK_GRACE_MS = 900_000;

/** Finds the addresses that nobody uses. */
export function findLeaks(snapshot: LeakSnapshot, policy: LeakPolicy): LeakReport {
  const held = snapshot.blocks.filter(({ spec }) => !spec.deleted).flatMap(({ spec }) => heldIn(spec));
  const verdicts = withTunnels(held, judgeWorkloads(held, snapshot), snapshot.nodes);
  const leaks = [...Map.groupBy(held, ({ handle, id }) => handle ?? id).values()]
    .filter((together) => together.every(({ id }) => verdicts.get(id) !== 'keep'))
    .flat();
  const candidatesSince = new Map(leaks.map((one) => [one.id, sinceWhen(one, policy)]));
  const isDue = (one: Held) =>
    verdicts.get(one.id) === 'node-gone' ||
    policy.now - (candidatesSince.get(one.id) as number) >= policy.graceMs;
  const due = Map.groupBy(leaks, ({ handle, id }) => handle ?? id);
  const [confirmed, candidates] = [true, false].map((wanted) =>
    [...due.values()]
      .filter((together) => together.every(isDue) === wanted)
      .flat()
      .map((one) => leakOf(one, verdicts.get(one.id) as Leak['reason'])),
  ) as [Leak[], Leak[]];
  return { confirmed, candidates, candidatesSince };
}

/** One address that somebody holds, according to its block. */
interface Held extends Allocation {
  /** Names this allocation for all time. */
  readonly id: string;
  readonly address: Address;
  readonly block: Prefix;
}

type Verdict = 'keep' | Leak['reason'];

function heldIn(block: BlockSpec): Held[] {
  return block.allocations.flatMap((_, ordinal) => {
    const allocation = allocationAt(block, ordinal);
    if (!allocation || allocation.releasedAt !== undefined) return [];
    const address = addressAt(block, ordinal);
    return [{ ...allocation, id: `${address} ${allocation.sequenceNumber}`, address, block: block.cidr }];
  });
}

function judgeWorkloads(
  held: readonly Held[],
  { users, nodes, arePods = false }: LeakSnapshot,
): Map<string, Verdict> {
  const byName = Map.groupBy(users, ({ name }) => name);
  const used = new Set(users.flatMap(({ addresses = [], hasEnded }) => (hasEnded ? [] : addresses)));
  return new Map(
    held.map((one) => {
      const name = workloadOf(one);
      const cannotTell = name === undefined || isForMachine(one) || (arePods && !isForPod(one));
      const verdict = cannotTell || used.has(one.address) ? 'keep' : judge(one, byName.get(name) ?? []);
      const { node } = one.attributes;
      const isNodeGone = node !== undefined && !nodes.has(node);
      return [one.id, verdict !== 'keep' && isNodeGone ? 'node-gone' : verdict];
    }),
  );
}

/** @param named the workloads of the allocation's own name; several while a pod is being replaced */
function judge({ attributes }: Held, named: readonly AddressUser[]): Verdict {
  if (named.length === 0) return 'workload-gone';
  const lasting = named.filter(({ hasEnded }) => !hasEnded);
  if (lasting.length === 0) return 'workload-ended';
  const here = lasting.filter(
    ({ node }) => node === '' || attributes.node === undefined || node === attributes.node,
  );
  if (here.length === 0) return 'workload-moved';
  return here.some(({ addresses }) => !addresses || addresses.length === 0) ? 'keep' : 'workload-has-others';
}

/** Whom the allocation was made for; undefined when it does not say. */
function workloadOf(one: Held): string | undefined {
  const { pod, namespace, workload } = one.attributes;
  return isForPod(one) ? `${namespace}/${pod}` : workload;
}

function isForPod({ attributes: { pod, namespace } }: Held): boolean {
  return pod !== undefined && namespace !== undefined;
}

/** True for the address of a KubeVirt machine, which keeps it from one pod to the next. */
function isForMachine({ attributes }: Held): boolean {
  return ['vm-uid', 'vmi-name', 'vmi-uid'].some((name) => name in attributes);
}

/** Tunnels' addresses name no workload; they go last, with a node that is gone. */
function withTunnels(
  held: readonly Held[],
  verdicts: ReadonlyMap<string, Verdict>,
  nodes: ReadonlySet<string>,
): Map<string, Verdict> {
  const isTunnel = ({ attributes }: Held) => isTunnelType(attributes.type);
  const tunnels = held.filter(isTunnel);
  const others = held.filter((one) => verdicts.get(one.id) === 'keep' && !isTunnel(one));
  const stillUsed = new Set(others.map(({ attributes }) => attributes.node));
  const gone = tunnels.filter(
    ({ attributes: { node } }) => node !== undefined && !nodes.has(node) && !stillUsed.has(node),
  );
  return new Map([...verdicts, ...gone.map(({ id }) => [id, 'node-gone'] as const)]);
}

function sinceWhen({ id, attributes }: Held, { earlier, now }: LeakPolicy): number {
  return earlier ? (earlier.get(id) ?? now) : (parseGoTime(attributes.timestamp ?? '') ?? 0);
}

function leakOf(one: Held, reason: Leak['reason']): Leak {
  const { address, block, handle, sequenceNumber, attributes } = one;
  const { node } = attributes;
  const heldFor = workloadOf(one) ?? attributes.type ?? 'something';
  const why = {
    'workload-gone': 'which is gone',
    'workload-ended': 'which has ended',
    'workload-moved': `which no longer runs on node ${node}`,
    'workload-has-others': 'which has other addresses',
    'node-gone': `on node ${node}, which is gone`,
  }[reason];
  const message = `${address} is held for ${heldFor}, ${why}. Release it: weftctl ipam check --fix.`;
  return { address, block, handle, sequenceNumber, heldFor, node, reason, message };
}
