/** What the nodes have of peers outside now: a plan cannot know it from the resources. */
import { type ControlClient, type DaemonStatus, everyItem } from '@weft/control';
import { type Address, type Prefix, parseAddress, prefix } from '@weft/ip';
import type { Heard } from '@weft/plan';
import {
  type BGPConfiguration,
  type BGPPeer,
  effectiveBgpSettings,
  INTERFACE_ANNOTATION,
  type Node,
  nodeAddresses,
  parsePeerAddress,
} from '@weft/resources';
import { askAll } from '../explain/ask.ts';
import type { DaemonTarget } from '../where.ts';

/** What nodes say, and what could not be found out. */
export interface HeardNow {
  readonly heard: Heard;
  readonly notes: readonly string[];
}

/** What decides whom peers are asked about. */
export interface Cluster {
  readonly bgpConfigurations: readonly BGPConfiguration[];
  readonly bgpPeers: readonly BGPPeer[];
  readonly nodes: readonly Node[];
}

/** Routes of one node that are looked at: a peer may send all of the Internet. */
const MAX_ROUTES = 5000;

/** Nodes that a note names. */
const MAX_NAMES = 3;

/** In the order of the pages it is behind all of IPv4; the default route of IPv4 is the first of all. */
const DEFAULT_IPV6 = prefix('::/0');

interface NodeHeard {
  readonly node: string;
  /** It is of another cluster: it was asked for nothing more. */
  readonly isStranger?: boolean;
  readonly routes: readonly { readonly peer: Address; readonly prefix: Prefix }[];
  readonly cut: boolean;
}

/**
 * The peers that announce something of their own: those that BGPPeers name by address, are no nodes, and are in another AS than
 * some node. One in the AS of all of them is a route reflector.
 */
export function announcingPeers({ bgpConfigurations, bgpPeers, nodes }: Cluster): Set<Address> {
  const own = new Set(nodes.flatMap(nodeAddresses));
  const shared = bgpConfigurations.find(({ metadata }) => metadata.name === 'default');
  const { asNumber } = effectiveBgpSettings(shared, undefined);
  const asns = new Set(nodes.map(({ spec }) => spec.bgp?.asNumber ?? asNumber));
  return new Set(
    bgpPeers.flatMap(({ spec }) => {
      const parsed = parsePeerAddress(spec.peerIP ?? '');
      const locals = spec.localASNumber === undefined ? [...asns] : [spec.localASNumber];
      const isElsewhere = spec.asNumber !== undefined && locals.some((asn) => asn !== spec.asNumber);
      return parsed.ok && isElsewhere && !own.has(parsed.value.address) ? [parsed.value.address] : [];
    }),
  );
}

/** Asks the daemons within reach that are of the cluster what they have of these peers. */
export async function readHeard(
  targets: readonly DaemonTarget[],
  peers: ReadonlySet<Address>,
  nodes: readonly Node[],
): Promise<HeardNow> {
  const { answered, silent } = await askAll(targets, (client) => heardBy(client, peers, nodes));
  const all = [...answered.values()];
  const said = all.filter(({ isStranger }) => isStranger !== true);
  const heard = new Map([...peers].map((peer) => [peer, new Set<Prefix>()]));
  for (const { routes } of said)
    for (const { peer, prefix: announced } of routes) heard.get(peer)?.add(announced);
  const known = new Set([...said.map(({ node }) => node), ...silent.keys()]);
  const unasked = nodes.map(({ metadata }) => metadata.name).filter((name) => !known.has(name));
  return {
    heard: {
      routes: new Map(
        said.length === 0 ? [] : [...heard].map(([peer, routes]) => [peer, [...routes].sort()]),
      ),
      nodes: said.length,
    },
    notes: [
      ...all.filter(({ isStranger }) => isStranger).map(({ node }) => strangerText(node)),
      ...[...silent].map(
        ([node, reason]) => `What peers outside announce to ${node} is left out: ${reason}.`,
      ),
      ...(unasked.length === 0 ? [] : [unaskedText(unasked, nodes.length)]),
      ...said
        .filter(({ cut }) => cut)
        .map(
          ({ node }) =>
            `Of the routes of ${node} the first ${MAX_ROUTES} and default routes are planned with.`,
        ),
    ],
  };
}

/** That peers without an address are not in the plan: who they are, only the nodes hear. */
export function interfaceNotes(bgpPeers: readonly BGPPeer[]): string[] {
  return bgpPeers
    .filter(({ metadata }) => metadata.annotations?.[INTERFACE_ANNOTATION] !== undefined)
    .map(
      ({ metadata }) =>
        `BGPPeer ${metadata.name} names an interface: its sessions and what is announced there are not planned.`,
    );
}

function strangerText(node: string): string {
  return `The weftd that calls itself ${node} is not asked: the datastore has no Node of that name with its address.`;
}

function unaskedText(names: readonly string[], all: number): string {
  const shown = names.slice(0, MAX_NAMES).join(', ');
  const rest = names.length > MAX_NAMES ? ` and ${names.length - MAX_NAMES} more` : '';
  return (
    `What peers outside announce to ${names.length} of ${all} nodes is left out: ${shown}${rest} could not be asked. ` +
    'With --client-certificate those are that have weft.dev/control-address.'
  );
}

/** A daemon goes by a Node of the cluster, and by an address of it once it has chosen one. */
function isOfCluster({ addresses, node }: DaemonStatus, nodes: readonly Node[]): boolean {
  const own = nodes.find(({ metadata }) => metadata.name === node);
  const chosen = addresses.flatMap(({ address = '' }) => {
    const parsed = parseAddress(address.split('/')[0] ?? '');
    return parsed.ok ? [parsed.value] : [];
  });
  if (own === undefined || chosen.length === 0) return own !== undefined;
  return nodeAddresses(own).some((address) => chosen.includes(address));
}

async function heardBy(
  client: ControlClient,
  peers: ReadonlySet<Address>,
  nodes: readonly Node[],
): Promise<NodeHeard> {
  const status = await client.status();
  const { node } = status;
  if (!isOfCluster(status, nodes)) return { node, isStranger: true, routes: [], cut: false };
  const routes: { readonly peer: Address; readonly prefix: Prefix }[] = [];
  const take = (announced: string, senders: readonly (string | undefined)[]): void => {
    for (const sender of new Set(senders)) {
      const parsed = parseAddress(sender ?? '');
      if (parsed.ok && peers.has(parsed.value))
        routes.push({ peer: parsed.value, prefix: prefix(announced) });
    }
  };
  let looked = 0;
  for await (const route of everyItem((query) => client.rib(query))) {
    if (looked === MAX_ROUTES) {
      const { prefixes } = await client.explain(DEFAULT_IPV6);
      const found = prefixes.find((one) => one.prefix === DEFAULT_IPV6);
      take(DEFAULT_IPV6, found?.paths.map(({ peer }) => peer) ?? []);
      return { node, routes, cut: true };
    }
    looked += 1;
    // An older daemon names the sender of the best path alone.
    take(route.prefix, route.senders ?? [route.best.peer]);
  }
  return { node, routes, cut: false };
}
