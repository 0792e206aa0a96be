/**
 * Peers that are no nodes: routers of the data centre, route reflectors of their own. What they are configured with is not in the
 * resources, so it is assumed: each answers whoever peers with it as that one expects, announces what the nodes are known to have of
 * it and no node announces itself, and is not changed with the cluster. One in the AS of the nodes is taken for a route reflector, and announces nothing itself:
 * what it sends is what others have told it.
 */
import type { DesiredState } from '@weft/calc';
import { type Address, address, familyOf, type Prefix } from '@weft/ip';
import type { PeerConfig, SpeakerConfig } from 'bgp-speaker-ts';

/** A peer outside the cluster, as it is assumed to be. */
export interface Outsider {
  readonly address: Address;
  readonly config: SpeakerConfig;
  readonly isReflector: boolean;
  /** What it announces. */
  readonly routes: readonly Prefix[];
  /** Nodes that have said what they have of it; 0 when none was asked. */
  readonly heardBy: number;
}

/** What nodes say they have of peers outside. */
export interface Heard {
  /** By the address of the peer; those that nobody was asked about are absent. */
  readonly routes: ReadonlyMap<Address, readonly Prefix[]>;
  /** How many nodes have said so. */
  readonly nodes: number;
}

interface Asker {
  readonly node: Address;
  readonly speaker: SpeakerConfig;
  readonly peer: PeerConfig;
}

type State = Pick<DesiredState, 'announcements' | 'speaker'>;

/** Finds the peers outside; of what both states ask for, the earlier counts. */
export function outsiders(
  before: Iterable<State>,
  after: Iterable<State>,
  nodeAddresses: ReadonlySet<Address>,
  heard: Heard,
): Outsider[] {
  const states = [...before, ...after];
  // What a peer passes on from node to node it would not have without them.
  const passedOn = new Set(states.flatMap(({ announcements }) => announcements.map(({ prefix }) => prefix)));
  const heardOf = (peer: Address) => ({
    routes: (heard.routes.get(peer) ?? []).filter((prefix) => !passedOn.has(prefix)),
    heardBy: heard.routes.has(peer) ? heard.nodes : 0,
  });
  const askers = new Map<Address, Map<Address, Asker>>();
  for (const state of states) {
    if (state.speaker.kind === 'no-bgp') continue;
    for (const asker of outwardPeers(state.speaker.config, nodeAddresses)) {
      const peer = asker.peer.address as Address;
      const known = askers.get(peer) ?? new Map<Address, Asker>();
      askers.set(peer, known);
      if (!known.has(asker.node)) known.set(asker.node, asker);
    }
  }
  return [...askers].map(([peer, known], index) =>
    outsider(peer, [...known.values()], {
      identifier: familyOf(peer) === 6 || nodeAddresses.has(peer) ? madeUpIdentifier(index) : peer,
      ...heardOf(peer),
    }),
  );
}

function outwardPeers(speaker: SpeakerConfig, nodeAddresses: ReadonlySet<Address>): Asker[] {
  return speaker.peers.flatMap((peer) => {
    const own = peer.address as Address;
    const node = peer.localAddress ?? ownAddress(speaker, own);
    const isNode = nodeAddresses.has(own) && !speaksElsewhere(speaker, peer);
    return isNode || node === undefined ? [] : [{ node, speaker, peer }];
  });
}

/**
 * One that no node has: beside a node the address is that node's identifier, and a reflector of weft makes its own of its name
 * (`calculateReflector`), which the resources do not tell.
 */
function madeUpIdentifier(index: number): Address {
  return address(`240.${index >> 16}.${(index >> 8) & 255}.${index & 255}`);
}

/** A node's address with a port that nodes do not listen on: another speaker on that host. */
function speaksElsewhere({ listen }: SpeakerConfig, { port }: PeerConfig): boolean {
  return port !== undefined && listen.every((listener) => listener.port !== port);
}

function ownAddress({ peers }: SpeakerConfig, peer: Address): Address | undefined {
  const { nextHopAddresses } = peers.find((item) => item.address === peer) ?? {};
  return familyOf(peer) === 4 ? nextHopAddresses?.ipv4 : nextHopAddresses?.ipv6;
}

function outsider(
  own: Address,
  askers: readonly Asker[],
  { heardBy, identifier, routes }: Pick<Outsider, 'heardBy' | 'routes'> & Pick<SpeakerConfig, 'identifier'>,
): Outsider {
  const [first] = askers;
  const asn = typeof first?.peer.asn === 'number' ? first.peer.asn : (first?.speaker.asn ?? 0);
  const isReflector = askers.every(({ peer, speaker }) => peer.asn === (peer.localAsn ?? speaker.asn));
  return {
    address: own,
    isReflector,
    routes: isReflector ? [] : routes,
    heardBy,
    config: {
      asn,
      identifier,
      listen: [{ address: own, port: first?.peer.port ?? 179 }],
      holdTimeSeconds: 90,
      offPath: true,
      gracefulRestart: { restartTimeSeconds: 120 },
      peers: askers.map((asker) => answerTo(asker, isReflector)),
    },
  };
}

function answerTo({ node, peer, speaker }: Asker, isReflector: boolean): PeerConfig {
  const { families, password } = peer;
  const { port } = speaker.listen[0] ?? {};
  return {
    address: node,
    ...(port !== undefined && { port }),
    asn: peer.localAsn ?? speaker.asn,
    passive: !peer.passive,
    families,
    nextHop: 'keep',
    nextHopAddresses: {},
    ...(isReflector && { routeReflectorClient: true }),
    ...(password !== undefined && { password }),
    importPolicy: [],
    exportPolicy: [],
  };
}
