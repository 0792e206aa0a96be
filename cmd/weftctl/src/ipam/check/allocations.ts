/** What the blocks say is allocated, as calicoctl's report describes it. Pure. */
import { type Address, compareAddresses } from '@weft/ip';
import { addressAt, allocationAt, type BlockSpec } from '@weft/ipam';

/** One allocated address; the fields are those of calicoctl's report. */
export interface AllocationRecord {
  readonly ip: Address;
  readonly handle?: string;
  readonly sequenceNumber: bigint;
  readonly pod?: string;
  readonly namespace?: string;
  readonly node?: string;
  readonly type?: string;
  readonly creationTimestamp?: string;
  readonly inUse: boolean;
  readonly borrowed?: true;
  readonly coolingDown?: true;
  /** Who uses it. */
  readonly owners: readonly string[];
}

/** Handle and attributes of an allocation on one line, for a listing. */
export interface DescribedAllocation {
  readonly record: AllocationRecord;
  readonly attributes: string;
}

const WINDOWS_HANDLE = 'windows-reserved-ipam-handle';

/** Every allocation of sound blocks, by address. */
export function allocationsOf(
  blocks: readonly BlockSpec[],
  owners: ReadonlyMap<Address, readonly string[]>,
): DescribedAllocation[] {
  return blocks
    .flatMap((block) => inBlock(block, owners))
    .sort((a, b) => compareAddresses(a.record.ip, b.record.ip));
}

function inBlock(block: BlockSpec, owners: ReadonlyMap<Address, readonly string[]>): DescribedAllocation[] {
  return block.allocations.flatMap((_, ordinal) => {
    const allocation = allocationAt(block, ordinal);
    if (!allocation) return [];
    const ip = addressAt(block, ordinal);
    const { handle, attributes, sequenceNumber, releasedAt } = allocation;
    const users = [...(owners.get(ip) ?? []), ...unseenUsers(block, handle)];
    const { pod, namespace, type, timestamp } = attributes;
    const host = /^host:(.*)$/.exec(block.affinity ?? '')?.[1] ?? '';
    const node = attributes.node || host;
    const record: AllocationRecord = {
      ip,
      ...(handle && { handle }),
      sequenceNumber,
      ...(pod && { pod }),
      ...(namespace && { namespace }),
      ...(node && { node }),
      ...(type && { type }),
      ...(timestamp && { creationTimestamp: timestamp }),
      inUse: users.length > 0,
      ...(node !== host && { borrowed: true as const }),
      ...(releasedAt !== undefined && { coolingDown: true as const }),
      owners: users,
    };
    return [{ record, attributes: describe(handle, attributes) }];
  });
}

/**
 * Users that no workload and no node tells of. Services are not in this datastore, so what is held for them counts as
 * in use: releasing it would take a Service's address away.
 */
function unseenUsers(block: BlockSpec, handle: string | undefined): string[] {
  if (handle?.toLowerCase() === WINDOWS_HANDLE) return ['Reserved for Windows'];
  return block.affinity === 'virtual:load-balancer' ? [LOAD_BALANCER_USER] : [];
}

/** Who holds the addresses of LoadBalancer blocks. */
export const LOAD_BALANCER_USER = 'LoadBalancer service (not checked)';

function describe(handle: string | undefined, attributes: Readonly<Record<string, string>>): string {
  const pairs = Object.keys(attributes)
    .sort()
    .map((name) => `${name}=${attributes[name]}`);
  return `Main:${handle ?? '<none>'} Extra:${pairs.join(',')}`;
}
