/**
 * A route reflector of its own (RFC 4456): no Node, no containers, no routes in a kernel. Every Node is its client, and opens
 * the session, since a BGPPeer with the reflector's address is all that the nodes know of it.
 *
 *     BGPPeer (peerIP: the reflector) ──▶ node ──opens──▶ reflector ◀── Nodes (addresses, AS numbers)
 *                                                                   ◀── that BGPPeer (password, ttlSecurity)
 */
import { type Address, address, containsAddress, type Prefix } from '@weft/ip';
import { type BGPConfiguration, type BGPPeer, type Node, parsePeerAddress } from '@weft/resources';
import type { PeerConfig, SpeakerConfig } from 'bgp-speaker-ts';
import { type BgpCluster, type BgpNode, bgpCluster, routerId } from './bgp-node.ts';
import type { CalcSettings } from './input.ts';
import { bfdIntervals, bfdRequest } from './sessions/bfd.ts';
import type { Candidate, CandidateOutcome, SessionOptions } from './sessions/candidate.ts';
import { explicitCandidates } from './sessions/explicit-peers.ts';
import { pairCandidates } from './sessions/node-pair.ts';
import { type Password, passwordOf } from './sessions/peer-config.ts';
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
  readonly bgpPeers: readonly BGPPeer[];
  /** Values by `secretName/key`. */
  readonly secrets: ReadonlyMap<string, string>;
  /** Addresses of its host, by which BGPPeers may name it. */
  readonly addresses: readonly Address[];
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
  const { bgpConfigurations, bgpPeers, listenPort, name, nameDigest, nodes, settings } = input;
  const cluster = bgpCluster({ bgpConfigurations, nodeName: name, nodes });
  const own = reflectorNode(input, cluster);
  const request = { ...REQUEST, options: bfdRequest(cluster.meshAnnotations) };
  const ends = bgpPeers.filter((peer) => isNamedBy(peer, input));
  const clients = cluster.nodes.flatMap((node) => {
    const asked = ends.length === 0 ? undefined : askedOf(node, cluster, ends, input.addresses);
    const password = passwordOf(asked?.password, input.secrets);
    return pairCandidates(own, node, request).map((candidate) =>
      clientOf(candidate, own, { subnets: input.subnets, password, ttlSecurity: asked?.ttlSecurity }),
    );
  });
  const peers = clients.flatMap(({ peer }) => peer ?? []);
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
    sessions: clients.map(({ decision }) => decision),
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

/** Where a BGPPeer says no port. */
const BGP_PORT = 179;

/** The reflector is the peer that a BGPPeer names, so far as its host knows its own addresses. */
function isNamedBy({ spec }: BGPPeer, { addresses, listenPort }: ReflectorInput): boolean {
  const named = parsePeerAddress(spec.peerIP ?? '');
  if (!named.ok) return false;
  const { address: at, port = BGP_PORT } = named.value;
  return port === listenPort && addresses.includes(at);
}

/** What a node's end of its session is made of: both have to suit. */
function askedOf(
  node: BgpNode,
  cluster: BgpCluster,
  ends: readonly BGPPeer[],
  addresses: readonly Address[],
): SessionOptions | undefined {
  const found = explicitCandidates(node, cluster, ends, []).find(
    (outcome) => outcome.kind === 'candidate' && addresses.includes(outcome.address),
  );
  return found?.kind === 'candidate' ? found.options : undefined;
}

/** A node as a client, and why it is one; without `peer` it is none. */
interface Client {
  readonly peer?: PeerConfig;
  readonly decision: SessionDecision;
}

interface ClientSurroundings {
  readonly subnets: readonly Prefix[];
  readonly password: Password;
  readonly ttlSecurity: SessionOptions['ttlSecurity'];
}

function clientOf(candidate: CandidateOutcome, own: BgpNode, given: ClientSurroundings): Client {
  const { type } = candidate;
  const leftOut = {
    kind: 'left-out',
    peer: candidate.kind === 'left-out' ? candidate.peer : candidate.address,
    type,
  } as const;
  if (candidate.kind === 'left-out')
    return { decision: { ...leftOut, reason: `${candidate.peer} has no BGP address` } };
  const { password } = given;
  if (password.kind === 'missing')
    return { decision: { ...leftOut, reason: password.reason, lacksPassword: true } };
  return { peer: clientAt(candidate, own, given, password.text), decision: decisionOf(candidate) };
}

function clientAt(
  { address: peer, asn, families, node, options }: Candidate,
  own: BgpNode,
  { subnets, ttlSecurity }: ClientSurroundings,
  password: string | undefined,
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
    ...(password !== undefined && { password }),
    ...(ttlSecurity ? { ttlSecurityHops: ttlSecurity } : { multihop: 64 }),
    ...(options.bfd && { bfd: { ...bfdIntervals(options.bfd), multihop } }),
    ...(node && { description: node.name }),
  };
}

function decisionOf({ address: peer, families, node, options, type }: Candidate): SessionDecision {
  const name = node?.name ?? peer;
  const reason = ['every node is a client', `${name} opens the connection`, ...options.notes].join('; ');
  return { kind: 'session', name, peer, node: name, type, passive: true, families, reason };
}
