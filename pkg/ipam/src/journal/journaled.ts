/**
 * An allocator that writes down what it did. Only what has happened is written: a request that was refused left nothing
 * behind, and one that failed is found by `findUnjournaled` if it did.
 */
import type { Address } from '@weft/ip';
import type { Ipam } from '../allocator.ts';
import type { Inconsistency } from '../core/inconsistencies.ts';
import type { AssignedAddress } from '../core/outcome.ts';
import type { RequestOrigin } from '../loop/request.ts';
import type { Journal, JournalAuthor, JournalEntry, JournalWorkload } from './entry.ts';

/** Who journals, and what it can say about an operation beyond the operation itself. */
export interface Journaling {
  readonly journal: Journal;
  /** Milliseconds since the epoch. */
  readonly now: () => number;
  readonly by: JournalAuthor;
  /** Why addresses are given back. */
  readonly releaseReason: string;
  /** The endpoint that a handle stands for, where the handle tells. */
  readonly containerOf?: (handle: string) => string | undefined;
}

/** The allocator with a journal. Several of them may share one allocator, each for what it is used for. */
export function journaled(ipam: Ipam, journaling: Journaling): Ipam {
  const { by, containerOf = () => undefined, journal, now, releaseReason } = journaling;
  type Fact = Omit<JournalEntry, 'time' | 'by'>;
  const write = (facts: readonly Fact[]): void => {
    if (facts.length > 0) journal.record(facts.map((fact) => ({ time: now(), ...fact, by })));
  };
  const assigned = (origin: RequestOrigin, addresses: readonly AssignedAddress[]): void => {
    const workload = workloadOf(origin, containerOf(origin.handle));
    write(addresses.map((taken) => assignment(origin, taken, workload)));
  };
  const released = (addresses: readonly Address[], handle: string | undefined): void =>
    write(
      addresses.map((address) => ({
        operation: 'release',
        address,
        ...(handle === undefined ? {} : { handle }),
        reason: releaseReason,
      })),
    );
  return {
    ...ipam,
    autoAssign: async (request) => {
      const outcome = await ipam.autoAssign(request);
      if (outcome.kind === 'assigned') assigned(request, outcome.addresses);
      return outcome;
    },
    assignIp: async (request) => {
      const outcome = await ipam.assignIp(request);
      if (outcome.kind === 'assigned') assigned(request, outcome.addresses);
      return outcome;
    },
    releaseIps: async (requests) => {
      const results = await ipam.releaseIps(requests);
      for (const [index, { address, kind }] of results.entries())
        if (kind === 'released') released([address], requests[index]?.handle);
      return results;
    },
    releaseByHandle: async (handle) => {
      const outcome = await ipam.releaseByHandle(handle);
      if (outcome.kind !== 'unknown-handle') released(outcome.addresses, handle);
      return outcome;
    },
    claimAffinity: async (wanted) => {
      const outcome = await ipam.claimAffinity(wanted);
      if (outcome.kind === 'claimed')
        write([{ operation: 'claim-block', block: wanted.cidr, node: wanted.owner.name, reason: by.verb }]);
      return outcome;
    },
    releaseAffinity: async (wanted) => {
      const outcome = await ipam.releaseAffinity(wanted);
      if (outcome.kind === 'released')
        write([
          { operation: 'release-block', block: wanted.cidr, node: wanted.owner.name, reason: releaseReason },
        ]);
      return outcome;
    },
    releaseHost: async (node) => {
      const outcome = await ipam.releaseHost(node);
      write(
        outcome.blocks.map((block) => ({ operation: 'release-block', block, node, reason: releaseReason })),
      );
      return outcome;
    },
    repair: async (finding) => {
      const result = await ipam.repair(finding);
      if (result.kind === 'repaired') write([{ operation: 'repair', ...subjectOf(finding) }]);
      return result;
    },
  };
}

function assignment(
  { handle, intendedUse, node }: RequestOrigin,
  { address, block, pool, reason, sequenceNumber }: AssignedAddress,
  workload: JournalWorkload | undefined,
): Omit<JournalEntry, 'time' | 'by'> {
  return {
    operation: 'assign',
    address,
    block,
    pool,
    handle,
    ...(intendedUse === 'LoadBalancer' ? {} : { node }),
    ...(workload === undefined ? {} : { workload }),
    reason,
    sequenceNumber: String(sequenceNumber),
  };
}

function workloadOf(
  { attributes = {} }: RequestOrigin,
  container: string | undefined,
): JournalWorkload | undefined {
  return workloadOfAttributes(attributes, container);
}

/** The workload that an allocation's attributes name: a pod, another workload, or the use of a tunnel's address. */
export function workloadOfAttributes(
  { namespace, pod, service, type, workload }: Readonly<Record<string, string>>,
  container?: string,
): JournalWorkload | undefined {
  const name = pod ?? workload ?? service ?? type;
  if (name === undefined && container === undefined) return undefined;
  return {
    ...(namespace === undefined ? {} : { namespace }),
    ...(name === undefined ? {} : { name }),
    ...(container === undefined ? {} : { container }),
  };
}

function subjectOf(finding: Inconsistency): Pick<JournalEntry, 'block' | 'handle' | 'node' | 'reason'> {
  return {
    reason: finding.kind,
    ...('block' in finding ? { block: finding.block } : {}),
    ...('handle' in finding ? { handle: finding.handle } : {}),
    ...('owner' in finding ? { node: finding.owner.name } : {}),
  };
}
