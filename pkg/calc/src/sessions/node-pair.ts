/**
 * The sessions between two nodes: one for both families between nodes of weft that have IPv4, one for each family
 * with a node of Calico, whose two daemons know nothing of each other.
 */
import type { Address, Family as FamilyNumber } from '@weft/ip';
import type { Family } from 'bgp-speaker-ts';
import { type BgpNode, FAMILY_NUMBERS } from '../bgp-node.ts';
import type { CandidateOutcome, SessionOptions, SessionType } from './candidate.ts';

/** The families, as the speaker names them. */
export const familyNames: Readonly<Record<FamilyNumber, Family>> = { 4: 'ipv4-unicast', 6: 'ipv6-unicast' };

/** The families a node has an address of. */
export function familiesOf(node: BgpNode): Family[] {
  return FAMILY_NUMBERS.filter((family) => node.addresses[family] !== undefined).map(
    (family) => familyNames[family],
  );
}

/**
 * The families a session between two nodes carries over an address of `family`. Both ends come to the same answer,
 * because it depends only on what both see.
 */
export function sessionFamilies(own: BgpNode, other: BgpNode, family: FamilyNumber): Family[] {
  if (!own.isWeft || !other.isWeft) return [familyNames[family]];
  const theirs = familiesOf(other);
  return familiesOf(own).filter((name) => theirs.includes(name));
}

/** What asks for the sessions of a pair. */
export interface PairRequest {
  readonly type: SessionType;
  readonly options: SessionOptions;
  readonly askedBy: string;
  /** Only a session over this family. */
  readonly family?: FamilyNumber;
}

/** The sessions this node has with another. */
export function pairCandidates(own: BgpNode, other: BgpNode, request: PairRequest): CandidateOutcome[] {
  const { type, options, askedBy } = request;
  const common = commonAddresses(own, other).filter(([family]) => (request.family ?? family) === family);
  if (common.length === 0) {
    const reason = `${own.name} and ${other.name} have no address of one family`;
    return [{ kind: 'left-out', peer: other.name, type, askedBy, reason }];
  }
  // Over IPv4 where there is a choice, as a router id is an IPv4 address too.
  const joint = own.isWeft && other.isWeft;
  return common.slice(0, joint ? 1 : common.length).map(([family, address]) => ({
    kind: 'candidate',
    address,
    port: other.port,
    asn: other.asn,
    node: other,
    families: sessionFamilies(own, other, family),
    type,
    options,
    askedBy,
  }));
}

/** The other's addresses of the families both have. */
function commonAddresses(own: BgpNode, other: BgpNode): [FamilyNumber, Address][] {
  return FAMILY_NUMBERS.flatMap((family): [FamilyNumber, Address][] => {
    const address = other.addresses[family];
    return address === undefined || own.addresses[family] === undefined ? [] : [[family, address]];
  });
}
