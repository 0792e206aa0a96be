/** Where the addresses of a block are. */
import type { Place } from '@weft/calc';
import { hostPrefix } from '@weft/ip';
import { addressAt, allocationAt, ownerOfBlock } from '@weft/ipam';
import type { IPAMBlock } from '@weft/resources';

/** The block at its owner, and each address that another node has borrowed from it there. Source: Felix. */
export function placesOfBlock({ spec }: IPAMBlock): readonly Place[] {
  if (spec.deleted) return [];
  const owner = ownerOfBlock(spec);
  const nodeName = owner?.type === 'host' ? owner.name : undefined;
  const whole = nodeName === undefined ? [] : [{ prefix: spec.cidr, nodeName }];
  const isElsewhere = spec.attributes.some(({ secondary }) => (secondary?.node ?? nodeName) !== nodeName);
  return isElsewhere ? [...whole, ...borrowed(spec, nodeName)] : whole;
}

function borrowed(spec: IPAMBlock['spec'], nodeName: string | undefined): Place[] {
  return spec.allocations.flatMap((_, ordinal) => {
    const allocation = allocationAt(spec, ordinal);
    const borrower = allocation?.attributes.node;
    if (borrower === undefined || borrower === nodeName || allocation?.releasedAt !== undefined) return [];
    return [{ prefix: hostPrefix(addressAt(spec, ordinal)), nodeName: borrower }];
  });
}
