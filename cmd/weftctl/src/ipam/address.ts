/** Who holds one address: `ipam show --ip`. Pure. */
import { type Address, containsAddress, type Prefix } from '@weft/ip';
import { allocationAt, type Cooldown, collectCooled, ordinalIn } from '@weft/ipam';
import type { IPAMBlock, IPReservation } from '@weft/resources';
import { printable } from '../print/table.ts';

/** What the store says about an address. */
export interface FoundAddress {
  readonly address: Address;
  readonly state: 'in-use' | 'cooling-down' | 'not-assigned';
  /** The block it lies in, if that was ever claimed. */
  readonly block?: { readonly cidr: string; readonly affinity: string | null };
  readonly handle?: string;
  readonly attributes: Readonly<Record<string, string>>;
  /** The other owner while a virtual machine moves. */
  readonly alternateAttributes: Readonly<Record<string, string>>;
  readonly sequenceNumber?: bigint;
  /** RFC 3339; only while it cools down. */
  readonly releasedAt?: string;
  /** The IPReservation that keeps it from automatic assignment. */
  readonly reservedBy?: string;
}

/** Looks the address up. */
export function findAddress(
  address: Address,
  blocks: readonly IPAMBlock[],
  reservations: readonly IPReservation[],
  cooldown: Cooldown,
): FoundAddress {
  const reservation = reservations.find(({ spec }) =>
    ((spec.reservedCIDRs ?? []) as Prefix[]).some((range) => containsAddress(range, address)),
  );
  const reserved = reservation && { reservedBy: reservation.metadata.name };
  const nothing = {
    address,
    state: 'not-assigned',
    attributes: {},
    alternateAttributes: {},
    ...reserved,
  } as const;
  const stored = blocks.find(
    ({ spec }) => !spec.deleted && containsAddress(spec.cidr as Prefix, address),
  )?.spec;
  if (!stored) return nothing;
  const spec = collectCooled(stored, cooldown);
  const block = { cidr: spec.cidr, affinity: spec.affinity ?? null };
  const ordinal = ordinalIn(spec, address) as number;
  const allocation = allocationAt(spec, ordinal);
  if (!allocation) return { ...nothing, block };
  const { handle, attributes, sequenceNumber, releasedAt } = allocation;
  const alternateAttributes = spec.attributes[spec.allocations[ordinal] as number]?.alternateOwnerAttrs ?? {};
  return {
    ...nothing,
    state: releasedAt === undefined ? 'in-use' : 'cooling-down',
    block,
    ...(handle !== undefined && { handle }),
    attributes,
    alternateAttributes,
    sequenceNumber,
    ...(releasedAt !== undefined && { releasedAt }),
  };
}

/** The finding for people, in calicoctl's words where it has them. */
export function describeAddress(found: FoundAddress): string {
  const { address, state, handle, attributes, alternateAttributes, block, reservedBy } = found;
  const reserved = reservedBy === undefined ? '' : ` (reserved by IPReservation ${printable(reservedBy)})`;
  if (state === 'not-assigned') return `${address} is not assigned${reserved}`;
  if (state === 'cooling-down')
    return `${address} is not assigned${reserved}; it was released at ${found.releasedAt} and cools down`;
  return [
    `IP ${address} is in use${reserved}`,
    `Handle ID: ${printable(handle ?? '<none>')}`,
    ...(describe('Active Owner Attributes', attributes) ?? ['No Active Owner attributes defined']),
    ...(describe('Alternate Owner Attributes', alternateAttributes) ?? []),
    `Block: ${block?.cidr} (affinity ${printable(block?.affinity ?? '<none>')})`,
  ].join('\n');
}

function describe(title: string, attributes: Readonly<Record<string, string>>): string[] | undefined {
  const names = Object.keys(attributes).sort();
  if (names.length === 0) return undefined;
  return [`${title}:`, ...names.map((name) => `  ${printable(`${name}: ${attributes[name]}`)}`)];
}
