/** Addresses that a node took from a block of another, or of nobody. Pure. */
import type { Address } from '@weft/ip';
import { addressAt, allocationAt, ownerOfBlock } from '@weft/ipam';
import type { IPAMBlock } from '@weft/resources';

/** An address whose node is not the owner of its block. */
export interface BorrowedAddress {
  readonly ip: Address;
  readonly borrowingNode: string;
  readonly block: string;
  /** Empty when nobody owns the block. */
  readonly blockOwner: string;
  /** `vmi`, `pod`, or the type of a tunnel's address; empty when the allocation does not say. */
  readonly type: string;
  /** `NAMESPACE/NAME`, or the workload; empty for tunnels. */
  readonly allocatedTo: string;
}

/** All borrowed addresses, and how many allocations do not say which node holds them. */
export interface Borrowing {
  readonly borrowed: readonly BorrowedAddress[];
  readonly withoutNode: number;
}

/** Finds them. Addresses that cool down belong to nobody and do not count. */
export function findBorrowed(blocks: readonly IPAMBlock[]): Borrowing {
  const found = blocks.filter(({ spec }) => !spec.deleted).flatMap(inBlock);
  return {
    borrowed: found.filter(
      ({ borrowingNode, blockOwner }) => borrowingNode !== '' && borrowingNode !== blockOwner,
    ),
    withoutNode: found.filter(({ borrowingNode }) => borrowingNode === '').length,
  };
}

function inBlock({ spec }: IPAMBlock): BorrowedAddress[] {
  return spec.allocations.flatMap((_, ordinal) => {
    const allocation = allocationAt(spec, ordinal);
    if (!allocation || allocation.releasedAt !== undefined) return [];
    const { attributes } = allocation;
    return [
      {
        ip: addressAt(spec, ordinal),
        borrowingNode: attributes.node ?? '',
        block: spec.cidr,
        blockOwner: ownerOfBlock(spec)?.name ?? '',
        ...holderOf(attributes),
      },
    ];
  });
}

function holderOf(
  attributes: Readonly<Record<string, string>>,
): Pick<BorrowedAddress, 'type' | 'allocatedTo'> {
  const { namespace = '', pod, workload, type = '' } = attributes;
  const machine = attributes['vmi-name'];
  if (machine !== undefined) return { type: 'vmi', allocatedTo: `${namespace}/${machine}` };
  if (pod !== undefined) return { type: 'pod', allocatedTo: `${namespace}/${pod}` };
  return workload === undefined ? { type, allocatedTo: '' } : { type: 'workload', allocatedTo: workload };
}
