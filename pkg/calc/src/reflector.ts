/**
 * A route reflector of its own (RFC 4456): no Node, no containers, no routes in a kernel. Every Node is its client, and opens
 * the session, since a BGPPeer with the reflector's address is all that the nodes know of it.
 *
 *     BGPPeer (peerIP: the reflector) ──▶ node ──opens──▶ reflector ◀── Nodes (addresses, AS numbers)
 */
import { address, containsAddress, type Prefix } from '@weft/ip';
import type { BGPConfiguration, Node } from '@weft/resources';
import type { PeerConfig, SpeakerConfig } from 'bgp-speaker-ts';
import { type BgpCluster, type BgpNode, bgpCluster, routerId } from './bgp-node.ts';
import type { CalcSettings } from './input.ts';
import { bfdIntervals, bfdRequest } from './sessions/bfd.ts';
import type { Candidate, CandidateOutcome } from './sessions/candidate.ts';
import { pairCandidates } from './sessions/node-pair.ts';
import type { SessionDecision } from './sessions/sessions.ts';

/** A snapshot: resources, and how this reflector was started. */
export interface ReflectorInput {
  /** Its name; unlike those of Nodes and of other reflectors. */
  readonly name: string;
  /** SHA-256 of the name: unless told, the BGP Identifier is made of it, for the host's addresses may be those of a node's speaker. */
  readonly nameDigest: Uint8Array;
  readonly listenPort: number;
  readonly nodes: readonly Node[];
  readonly bgpConfigurations: readonly BGPConfiguration[];
  /** Subnets of its host: nodes in them are one hop away. */
  readonly subnets: readonly Prefix[];
  readonly settings: Pick<CalcSettings, 'holdTimeSeconds' | 'gracefulRestartTimeSeconds' | 'routerId'>;
}

/** What a reflector is to do. */
export interface DesiredReflector {
  readonly config: SpeakerConfig;
  readonly sessions: readonly SessionDecision[];
}

const anyIpv4 = address('0.0.0.0');
const anyIpv6 = address('::');

/** Decides all sessions of a reflector, sorted by the names of the nodes; of two nodes at one address the first counts. */
export function calculateReflector(input: ReflectorInput): DesiredReflector {
  const { bgpConfigurations, listenPort, name, nameDigest, nodes, settings } = input;
  const cluster = bgpCluster({ bgpConfigurations, nodeName: name, nodes });
  const own = reflectorNode(input, cluster);
  const request = { ...REQUEST, options: bfdRequest(cluster.meshAnnotations) };
  const candidates = cluster.nodes.flatMap((node) => pairCandidates(own, node, request));
  const peers = candidates.flatMap((candidate) =>
    candidate.kind === 'candidate' ? [clientAt(candidate, own, input.subnets)] : [],
  );
  return {
    config: {
      asn: own.asn,
      identifier: routerId(settings.routerId, nameDigest, undefined),
      listen: [anyIpv4, anyIpv6].map((any) => ({ address: any, port: listenPort })),
      holdTimeSeconds: settings.holdTimeSeconds,
      gracefulRestart: { restartTimeSeconds: settings.gracefulRestartTimeSeconds },
      offPath: true,
      peers: [...new Map(peers.toReversed().map((peer) => [peer.address, peer])).values()].reverse(),
    },
    sessions: candidates.map(decisionOf),
  };
}

const REQUEST = { type: 'global', askedBy: 'the reflector' } as const;

/** The reflector as an end of sessions: of weft, and with both families on one session. */
function reflectorNode({ name, listenPort }: ReflectorInput, { settings }: BgpCluster): BgpNode {
  return {
    name,
    labels: {},
    addresses: { 4: anyIpv4, 6: anyIpv6 },
    interfaceAddresses: {},
    asn: settings.asNumber,
    clusterId: undefined,
    port: listenPort,
    isWeft: true,
  };
}

function clientAt(
  { address: peer, asn, families, node, options }: Candidate,
  own: BgpNode,
  subnets: readonly Prefix[],
): PeerConfig {
  const multihop = !subnets.some((subnet) => containsAddress(subnet, peer));
  return {
    address: peer,
    asn,
    passive: true,
    families,
    addPath: 'both',
    // Routes go on as they came: what a node announces is what all others get.
    nextHop: 'keep',
    nextHopAddresses: {},
    importPolicy: [],
    exportPolicy: [],
    routeReflectorClient: asn === own.asn,
    multihop: 64,
    ...(options.bfd && { bfd: { ...bfdIntervals(options.bfd), multihop } }),
    ...(node && { description: node.name }),
  };
}

function decisionOf(candidate: CandidateOutcome): SessionDecision {
  const { type } = candidate;
  if (candidate.kind === 'left-out')
    return { kind: 'left-out', peer: candidate.peer, type, reason: `${candidate.peer} has no BGP address` };
  const { address: peer, families, node, options } = candidate;
  const name = node?.name ?? peer;
  const reason = ['every node is a client', `${name} opens the connection`, ...options.notes].join('; ');
  return { kind: 'session', name, peer, node: name, type, passive: true, families, reason };
}
