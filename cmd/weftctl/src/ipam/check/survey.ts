/**
 * What `ipam check` finds in a snapshot: the sections of calicoctl's check, and what they miss. Pure.
 *
 * Where calicoctl calls every address without a user leaked, here `findLeaks` of @weft/ipam judges: an address that was
 * taken a moment ago may belong to a workload that is just starting, and one that names no workload cannot be judged.
 */
import { keyText } from '@weft/datastore';
import { type Address, containsAddress, type Prefix } from '@weft/ip';
import {
  checkBlock,
  collectCooled,
  configOf,
  countsByHandle,
  DEFAULT_LEAK_GRACE_MS,
  findInconsistencies,
  findLeaks,
  type Inconsistency,
  type Leak,
  type LeakReport,
  userOfEndpoint,
} from '@weft/ipam';
import type { IPAMHandle } from '@weft/resources';
import { allocationsOf, type DescribedAllocation, LOAD_BALANCER_USER } from './allocations.ts';
import { nodeOwners, type Owner, ownersByAddress, workloadOwners } from './owners.ts';
import type { Snapshot } from './snapshot.ts';

/** Something that is not as it should be. */
export interface Problem {
  readonly kind: ProblemKind;
  /** Names the same problem in another survey. */
  readonly id: string;
  /** What is wrong, with which object, what to do next. */
  readonly message: string;
  /** What a repair works on; absent where there is no safe repair. */
  readonly repair?: { readonly leak: Leak } | { readonly findings: readonly Inconsistency[] };
}

/** What can be wrong. */
export type ProblemKind =
  | 'leaked'
  | 'unused'
  | 'outside-pools'
  | 'not-allocated'
  | 'shared'
  | 'unreadable'
  | Inconsistency['kind'];

/** An address and who uses it. */
export interface UsedAddress {
  readonly address: Address;
  readonly owners: readonly string[];
}

/** All that was found. */
export interface Survey {
  readonly blocks: readonly { readonly cidr: string; readonly affinity: string | null }[];
  readonly pools: readonly Prefix[];
  readonly allocations: readonly DescribedAllocation[];
  readonly nodeOwners: readonly Owner[];
  readonly workloadOwners: readonly Owner[];
  /** Addresses in use, whether allocated or not. */
  readonly used: readonly UsedAddress[];
  /** Nodes and how many allocations each has, most first. */
  readonly nodes: readonly (readonly [node: string, count: number])[];
  /** Unused for so short a time that their workloads may be just starting; no problem yet. */
  readonly young: readonly Leak[];
  /** How many addresses are held for Services. */
  readonly loadBalancers: number;
  readonly handlesWithoutAddress: readonly IPAMHandle[];
  readonly handlesWithAddress: number;
  readonly missingHandles: readonly string[];
  /** How many objects cannot be read. With any, nothing is repaired: they may be what makes the others look wrong. */
  readonly unreadable: number;
  readonly problems: readonly Problem[];
}

/** Looks at everything. */
export function surveyOf(snapshot: Snapshot): Survey {
  const cooldown = { seconds: configOf(snapshot.configuration).cooldownSeconds, now: snapshot.now };
  const live = snapshot.blocks.filter(({ spec }) => !spec.deleted);
  // A block that contradicts itself says nothing one could rely on; it is a finding of its own.
  const sound = live
    .filter(({ spec }) => checkBlock(spec).length === 0)
    .map((block) => ({ ...block, spec: collectCooled(block.spec, cooldown) }));
  const ofNodes = nodeOwners(snapshot.nodes);
  const ofWorkloads = workloadOwners(snapshot.workloads);
  const owners = ownersByAddress([...ofNodes, ...ofWorkloads]);
  const allocations = allocationsOf(
    sound.map(({ spec }) => spec),
    owners,
  );
  const pools = snapshot.pools.filter(({ spec }) => !spec.disabled).map(({ spec }) => spec.cidr);
  const used = [...owners].map(([address, names]) => ({ address, owners: names }));
  const leaks = leaksIn(snapshot, sound, ofNodes);
  return {
    blocks: live.map(({ spec }) => ({ cidr: spec.cidr, affinity: spec.affinity ?? null })),
    pools,
    allocations,
    nodeOwners: ofNodes,
    workloadOwners: ofWorkloads,
    used,
    nodes: countByNode(allocations),
    young: leaks.candidates,
    loadBalancers: allocations.filter(({ record }) => record.owners.includes(LOAD_BALANCER_USER)).length,
    ...judgeHandles(snapshot.handles, sound),
    unreadable: snapshot.unreadable.length,
    problems: [
      ...unreadableProblems(snapshot),
      ...[
        ...unusedProblems(allocations, leaks),
        ...userProblems(used, allocations, pools),
        ...inconsistencyProblems(findInconsistencies(snapshot, cooldown)),
      ].map(snapshot.unreadable.length === 0 ? (one) => one : withoutRepair),
    ],
  };
}

/** A node uses the addresses of its tunnels as a workload uses its own. */
function leaksIn(snapshot: Snapshot, blocks: Snapshot['blocks'], ofNodes: readonly Owner[]): LeakReport {
  const nodes = new Set(snapshot.nodes.map(({ metadata }) => metadata.name));
  const tunnels = ofNodes.map(({ name, address }) => ({ name, node: '', addresses: [address] }));
  const users = [...snapshot.workloads.map(userOfEndpoint), ...tunnels];
  const arePods = snapshot.workloadsArePods;
  return findLeaks({ blocks, nodes, users, arePods }, { now: snapshot.now, graceMs: DEFAULT_LEAK_GRACE_MS });
}

function countByNode(allocations: readonly DescribedAllocation[]): [string, number][] {
  const grouped = Map.groupBy(allocations, ({ record }) => record.node ?? '');
  return [...grouped]
    .map(([node, group]): [string, number] => [node, group.length])
    .sort((a, b) => b[1] - a[1]);
}

function judgeHandles(
  resources: readonly IPAMHandle[],
  blocks: Snapshot['blocks'],
): Pick<Survey, 'handlesWithoutAddress' | 'handlesWithAddress' | 'missingHandles'> {
  const handles = resources.filter(({ spec }) => !spec.deleted);
  const known = new Set(handles.map(({ spec }) => spec.handleID));
  const holding = new Set(blocks.flatMap(({ spec }) => [...countsByHandle(spec).keys()]));
  const idle = handles.filter(({ spec }) => !holding.has(spec.handleID));
  return {
    handlesWithoutAddress: idle,
    handlesWithAddress: handles.length - idle.length,
    missingHandles: [...holding].filter((handle) => !known.has(handle)),
  };
}

function unreadableProblems({ unreadable }: Snapshot): Problem[] {
  return unreadable.map(({ key, reason }) => {
    const object = `${key.kind} "${keyText(key)}"`;
    return problem('unreadable', object, `${object} cannot be read: ${reason}. Correct it, or delete it.`);
  });
}

function withoutRepair({ kind, id, message }: Problem): Problem {
  return { kind, id, message };
}

function unusedProblems(allocations: readonly DescribedAllocation[], leaks: LeakReport): Problem[] {
  const judged = new Set([...leaks.confirmed, ...leaks.candidates].map(({ address }) => address));
  const unused = allocations.filter(({ record }) => !record.inUse && !record.coolingDown);
  return [
    ...leaks.confirmed.map((leak) =>
      problem('leaked', `${leak.address} ${leak.sequenceNumber}`, leak.message, { leak }),
    ),
    ...unused
      .filter(({ record }) => !judged.has(record.ip))
      .map(({ record: { ip, sequenceNumber }, attributes }) =>
        problem(
          'unused',
          `${ip} ${sequenceNumber}`,
          `${ip} is allocated (${attributes}) and nobody uses it, but weft cannot tell whether it is leaked. If you know that it is, release it: weftctl ipam release --ip ${ip}.`,
        ),
      ),
  ];
}

function userProblems(
  used: readonly UsedAddress[],
  allocations: readonly DescribedAllocation[],
  pools: readonly Prefix[],
): Problem[] {
  const allocated = new Set(allocations.map(({ record }) => record.ip));
  const unaccounted = used.filter(({ address }) => !allocated.has(address));
  const inPool = ({ address }: UsedAddress) => pools.some((pool) => containsAddress(pool, address));
  return [
    ...used
      .filter(({ owners }) => owners.length > 1)
      .map((one) => userProblem('shared', one, 'at once. Make all but one of them anew')),
    ...unaccounted
      .filter((one) => !inPool(one))
      .map((one) =>
        userProblem(
          'outside-pools',
          one,
          'and lies in no active IP pool. Restore the pool, or make the workload anew',
        ),
      ),
    ...unaccounted
      .filter(inPool)
      .map((one) =>
        userProblem(
          'not-allocated',
          one,
          'and has no allocation, so it can be given out a second time. Make the workload anew',
        ),
      ),
  ];
}

function userProblem(kind: ProblemKind, { address, owners }: UsedAddress, what: string): Problem {
  return problem(kind, address, `${address} is in use by ${owners.join(', ')} ${what}.`);
}

/** One problem for all that is wrong with one handle. */
function inconsistencyProblems(findings: readonly Inconsistency[]): Problem[] {
  const subject = (finding: Inconsistency) => ('handle' in finding ? finding.handle : finding.message);
  return [...Map.groupBy(findings, subject)].map(([id, [first, ...rest]]) => {
    const { kind, message } = first as Inconsistency;
    const repair = kind === 'block-invalid' ? undefined : { findings: [first as Inconsistency, ...rest] };
    return problem(kind, id, [message, ...rest.map((finding) => finding.message)].join(' '), repair);
  });
}

function problem(kind: ProblemKind, id: string, message: string, repair?: Problem['repair']): Problem {
  return { kind, id: `${kind} ${id}`, message, ...(repair && { repair }) };
}

/** The names of all problems, by which they are found again in a later survey. */
export function problemIds({ problems }: Survey): ReadonlySet<string> {
  return new Set(problems.map(({ id }) => id));
}

/** The survey with those problems only that an earlier one had too: the others were operations under way. */
export function confirmedBy(earlier: ReadonlySet<string>, later: Survey): Survey {
  return { ...later, problems: later.problems.filter(({ id }) => earlier.has(id)) };
}
