/**
 * BFD of a session: whether somebody asks for it, and over one hop or over several.
 *
 * Both ends must come to the same answer, since sessions over one hop and over several use different ports (RFC 5881 §4,
 * RFC 5883 §5). Between nodes it depends on what both see: one hop where each is in the other's subnet. A peer that is no
 * node is a neighbour when it is in the subnet of this node.
 */
import { type Address, containsAddress, familyOf, type Prefix, parseInterfaceAddress } from '@weft/ip';
import { BFD_ANNOTATION, type BfdTimers, parseBfdTimers } from '@weft/resources';
import type { BfdConfig } from 'bgp-speaker-ts';
import type { BgpNode } from '../bgp-node.ts';
import type { Candidate } from './candidate.ts';

/** What an annotation asks for; a text that makes no sense leaves BFD out and becomes a note. */
export interface BfdRequest {
  readonly bfd?: BfdTimers;
  readonly notes: readonly string[];
}

/** Reads the annotation of whatever asks for sessions. */
export function bfdRequest(annotations: Readonly<Record<string, string>> = {}): BfdRequest {
  const text = annotations[BFD_ANNOTATION];
  if (text === undefined) return { notes: [] };
  const parsed = parseBfdTimers(text);
  if (parsed.ok) return { bfd: parsed.value, notes: [] };
  return { notes: [`without BFD, as ${BFD_ANNOTATION} ${parsed.reason}`] };
}

/** BFD with a peer, if somebody asks for it. */
export function bfdConfig(candidate: Candidate, own: BgpNode): { readonly bfd?: BfdConfig } {
  const { bfd, ttlSecurity } = candidate.options;
  if (bfd === undefined) return {};
  const direct = candidate.interface !== undefined || isNeighbour(candidate, own);
  const multihop = ttlSecurity ? ttlSecurity > 1 : !direct;
  return { bfd: { ...bfdIntervals(bfd), multihop } };
}

/** The timers as the speaker takes them: both directions ask for the same. */
export function bfdIntervals({ intervalMs, multiplier }: BfdTimers): BfdConfig {
  return { minTransmitIntervalMs: intervalMs, minReceiveIntervalMs: intervalMs, multiplier };
}

function isNeighbour({ address, node }: Candidate, own: BgpNode): boolean {
  const localAddress = own.addresses[familyOf(address)];
  const isHere = isInSubnetOf(own, address);
  return isHere && (node === undefined || localAddress === undefined || isInSubnetOf(node, localAddress));
}

function isInSubnetOf(node: BgpNode, address: Address): boolean {
  const subnet = subnetOf(node.interfaceAddresses[familyOf(address)]);
  return subnet !== undefined && containsAddress(subnet, address);
}

/** A Node may name its address without the length of the subnet; then it has no neighbours. */
function subnetOf(text: string | undefined): Prefix | undefined {
  const parsed = parseInterfaceAddress(text ?? '');
  return parsed.ok ? parsed.value.prefix : undefined;
}
