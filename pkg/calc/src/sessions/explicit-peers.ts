/**
 * The sessions BGPPeers ask for: of this node with the peers they name, and back, where this node is the peer that
 * another node's BGPPeer names.
 *
 * Source: Calico. Peers for all nodes come before peers for some nodes, those before the ways back; of several that lead
 * to one address the first counts.
 */
import { familyOf } from '@weft/ip';
import {
  type BGPPeer,
  type BGPPeerSpec,
  matchesSelector,
  type PeerAddress,
  parsePeerAddress,
  parseSelector,
} from '@weft/resources';
import type { BgpCluster, BgpNode } from '../bgp-node.ts';
import type { LinkRouter } from '../local-facts.ts';
import {
  type CandidateOutcome,
  optionsOf,
  optionsOfWayBack,
  type SessionOptions,
  type SessionType,
} from './candidate.ts';
import { interfaceOf, linkCandidate } from './link-peers.ts';
import { familiesOf, pairCandidates, sessionFamilies } from './node-pair.ts';

/** The sessions all BGPPeers but those with workloads ask this node for, the ones that count first in front. */
export function explicitCandidates(
  own: BgpNode,
  cluster: BgpCluster,
  bgpPeers: readonly BGPPeer[],
  routers: readonly LinkRouter[],
): CandidateOutcome[] {
  const sorted = bgpPeers
    .filter(({ spec }) => spec.localWorkloadSelector === undefined)
    .sort((left, right) => (left.metadata.name < right.metadata.name ? -1 : 1));
  const [global, scoped] = [true, false].map((wanted) =>
    sorted.filter(({ spec }) => isGlobal(spec) === wanted),
  );
  return [
    ...[...(global ?? []), ...(scoped ?? [])].flatMap((peer) => forward(own, cluster, peer, routers)),
    ...sorted.flatMap((peer) => backward(own, cluster, peer)),
  ];
}

function isGlobal({ node, nodeSelector }: BGPPeerSpec): boolean {
  return node === undefined && nodeSelector === undefined;
}

/** From this node to whom the BGPPeer names. */
function forward(
  own: BgpNode,
  cluster: BgpCluster,
  bgpPeer: BGPPeer,
  routers: readonly LinkRouter[],
): CandidateOutcome[] {
  const { metadata, spec } = bgpPeer;
  const link = interfaceOf(bgpPeer);
  const type: SessionType = isGlobal(spec) ? 'global' : 'node specific';
  const askedBy = `BGPPeer ${metadata.name}`;
  const leftOut = (reason: string): CandidateOutcome[] => [
    {
      kind: 'left-out',
      peer: link ?? spec.peerIP ?? spec.peerSelector ?? metadata.name,
      type,
      askedBy,
      reason,
    },
  ];
  const applies = selects(own, spec.node, spec.nodeSelector);
  if (applies.kind === 'broken') return leftOut(applies.reason);
  if (!applies.holds) return leftOut(`it is for ${spec.node ?? `nodes with ${spec.nodeSelector}`}`);
  if (link !== undefined) {
    const options = addressOptions(bgpPeer);
    return [linkCandidate(own, routers, link, bgpPeer, { type, askedBy, options })];
  }
  if (spec.peerSelector !== undefined) {
    const chosen = selectedNodes(cluster, undefined, spec.peerSelector);
    if (chosen.kind === 'broken') return leftOut(chosen.reason);
    const request = { type, askedBy, options: optionsOf(bgpPeer) };
    const others = chosen.nodes.filter(({ name }) => name !== own.name);
    if (others.length === 0) return leftOut(`no other node has ${spec.peerSelector}`);
    return others.flatMap((other) => pairCandidates(own, other, request));
  }
  const parsed = parsePeerAddress(spec.peerIP ?? '');
  if (!parsed.ok) return leftOut(`it names no peer: ${parsed.reason}`);
  return [addressCandidate(own, cluster, bgpPeer, parsed.value, { type, askedBy })];
}

/** A peer that is named by its address, whether it is a node or not. */
function addressCandidate(
  own: BgpNode,
  cluster: BgpCluster,
  bgpPeer: BGPPeer,
  peer: PeerAddress,
  origin: { readonly type: SessionType; readonly askedBy: string },
): CandidateOutcome {
  const { address } = peer;
  const { spec } = bgpPeer;
  const node = nodeAt(cluster, peer);
  const asn = spec.asNumber ?? node?.asn ?? own.asn;
  const port = peer.port ?? (node?.asn === asn ? node.port : undefined);
  return {
    kind: 'candidate',
    address,
    ...(port !== undefined && { port }),
    asn,
    node,
    // What a stranger can do, its capabilities tell.
    families: node === undefined ? familiesOf(own) : sessionFamilies(own, node, familyOf(address)),
    options: addressOptions(bgpPeer),
    ...origin,
  };
}

/** The node at an address. A port that is not its own is another speaker on its host, as a route reflector may be. */
function nodeAt({ nodeOfAddress }: BgpCluster, { address, port }: PeerAddress): BgpNode | undefined {
  const node = nodeOfAddress.get(address);
  return port === undefined || port === node?.port ? node : undefined;
}

/** The options of a peer that is no other node. */
export function addressOptions(bgpPeer: BGPPeer): SessionOptions {
  const { localASNumber, numAllowedLocalASNumbers } = bgpPeer.spec;
  return {
    ...optionsOf(bgpPeer),
    ...(localASNumber !== undefined && { localASNumber }),
    ...(numAllowedLocalASNumbers !== undefined && { numAllowedLocalASNumbers }),
  };
}

/** From this node, as the peer a BGPPeer names, back to the nodes the BGPPeer is for. */
function backward(own: BgpNode, cluster: BgpCluster, bgpPeer: BGPPeer): CandidateOutcome[] {
  const { metadata, spec } = bgpPeer;
  if (spec.reversePeering === 'Manual' || interfaceOf(bgpPeer) !== undefined) return [];
  const named = spec.peerIP === undefined ? undefined : parsePeerAddress(spec.peerIP);
  const isNamed =
    named === undefined
      ? selects(own, undefined, spec.peerSelector).holds
      : named.ok && isAtAddress(own, named.value, spec.asNumber);
  if (!isNamed) return [];
  const sources = selectedNodes(cluster, spec.node, spec.nodeSelector);
  const request = {
    type: 'node specific' as const,
    askedBy: `BGPPeer ${metadata.name}, the way back`,
    options: optionsOfWayBack(bgpPeer),
    ...(named?.ok && { family: familyOf(named.value.address) }),
  };
  return sources.nodes
    .filter(({ name }) => name !== own.name)
    .flatMap((other) => pairCandidates(own, other, request));
}

/** A BGPPeer by address means this node only if the AS number and the port, where it names them, are this node's. */
function isAtAddress(own: BgpNode, { address, port }: PeerAddress, asNumber: number | undefined): boolean {
  const isHere = own.addresses[familyOf(address)] === address;
  return isHere && (asNumber ?? own.asn) === own.asn && (port ?? own.port) === own.port;
}

type Selection =
  | { readonly kind: 'chosen'; readonly holds: boolean }
  | { readonly kind: 'broken'; readonly holds: false; readonly reason: string };

/** What of a node a BGPPeer looks at. */
type NamedAndLabelled = Pick<BgpNode, 'name' | 'labels'>;

/** Whether a BGPPeer is for a node. */
export function selects(
  node: NamedAndLabelled,
  name: string | undefined,
  selector: string | undefined,
): Selection {
  const chosen = matcher(name, selector);
  return chosen.kind === 'broken'
    ? { ...chosen, holds: false }
    : { kind: 'chosen', holds: chosen.matches(node) };
}

type ChosenNodes =
  | { readonly kind: 'chosen'; readonly nodes: readonly BgpNode[] }
  | { readonly kind: 'broken'; readonly nodes: readonly []; readonly reason: string };

function selectedNodes(
  { nodes }: BgpCluster,
  name: string | undefined,
  selector: string | undefined,
): ChosenNodes {
  const chosen = matcher(name, selector);
  return chosen.kind === 'broken'
    ? { ...chosen, nodes: [] }
    : { kind: 'chosen', nodes: nodes.filter(chosen.matches) };
}

type Matcher =
  | { readonly kind: 'matcher'; readonly matches: (node: NamedAndLabelled) => boolean }
  | { readonly kind: 'broken'; readonly reason: string };

/** By name, else by selector; every node where there is neither. */
function matcher(name: string | undefined, selector: string | undefined): Matcher {
  if (name !== undefined) return { kind: 'matcher', matches: (node) => node.name === name };
  if (selector === undefined) return { kind: 'matcher', matches: () => true };
  const parsed = parseSelector(selector);
  if (!parsed.ok) return { kind: 'broken', reason: parsed.reason };
  return { kind: 'matcher', matches: (node) => matchesSelector(parsed.value, node.labels) };
}
