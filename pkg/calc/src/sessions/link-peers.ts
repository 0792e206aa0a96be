/**
 * Peers that a BGPPeer names by an interface of the node instead of an address: whoever is heard there as a router
 * (`linkRouters`) is the peer, by its link-local address.
 *
 * Calico has nothing like it, so the interface is an annotation. Both ends open: neither is a node the other knows of.
 */
import { type BGPPeer, INTERFACE_ANNOTATION, REMOTE_AS_ANNOTATION } from '@weft/resources';
import type { BgpNode } from '../bgp-node.ts';
import type { LinkRouter } from '../local-facts.ts';
import type { Candidate, CandidateOutcome, SessionOptions, SessionType } from './candidate.ts';
import { familiesOf } from './node-pair.ts';

/** What a BGPPeer says about its sessions. */
interface Origin {
  readonly type: SessionType;
  readonly askedBy: string;
  readonly options: SessionOptions;
}

/** The interface a BGPPeer names, if it does so. */
export function interfaceOf({ metadata }: BGPPeer): string | undefined {
  return metadata.annotations?.[INTERFACE_ANNOTATION];
}

/** The peer on an interface, or that nobody has been heard there yet. */
export function linkCandidate(
  own: BgpNode,
  routers: readonly LinkRouter[],
  name: string,
  bgpPeer: BGPPeer,
  origin: Origin,
): CandidateOutcome {
  const { type, askedBy } = origin;
  const router = routers.find((candidate) => candidate.interface === name);
  if (router === undefined) {
    const reason = `no router has been heard on ${name} yet`;
    return { kind: 'left-out', peer: name, interface: name, type, askedBy, reason };
  }
  return {
    kind: 'candidate',
    address: router.address,
    interface: name,
    asn: asnOf(bgpPeer, own),
    node: undefined,
    families: familiesOf(own),
    ...origin,
    options: { ...origin.options, notes: [...origin.options.notes, ...othersOf(router)] },
  };
}

/** That the link has more than one router, which somebody may not know. */
function othersOf({ interface: name, others = [] }: LinkRouter): string[] {
  return others.map((other) => `${other} is a router on ${name} too and no peer: one a link`);
}

/** A number where there is one, else inside or outside; our own AS without either, as for any BGPPeer. */
function asnOf({ metadata, spec }: BGPPeer, own: BgpNode): Candidate['asn'] {
  const word = metadata.annotations?.[REMOTE_AS_ANNOTATION];
  return spec.asNumber ?? (word === 'internal' || word === 'external' ? word : own.asn);
}
