/** What the nodes have of peers outside now: a plan cannot know it from the resources. */
import { type ControlClient, everyItem } from '@weft/control';
import { type Address, type Prefix, parseAddress, prefix } from '@weft/ip';
import {
  type BGPConfiguration,
  type BGPPeer,
  effectiveBgpSettings,
  type Node,
  nodeAddresses,
  parsePeerAddress,
} from '@weft/resources';
import { askAll } from '../explain/ask.ts';
import type { DaemonTarget } from '../where.ts';

/** Routes of peers outside by their addresses, and what could not be found out. */
export interface Heard {
  readonly heard: ReadonlyMap<Address, readonly Prefix[]>;
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

/** In the order of the pages it is behind all of IPv4; the default route of IPv4 is the first of all. */
const DEFAULT_IPV6 = prefix('::/0');

interface NodeHeard {
  readonly node: string;
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

/** Asks all daemons within reach what they have of these peers. */
export async function readHeard(
  targets: readonly DaemonTarget[],
  peers: ReadonlySet<Address>,
): Promise<Heard> {
  const { answered, silent } = await askAll(targets, (client) => heardBy(client, peers));
  const heard = new Map<Address, Set<Prefix>>();
  for (const { routes } of answered.values())
    for (const { peer, prefix: announced } of routes)
      heard.set(peer, (heard.get(peer) ?? new Set()).add(announced));
  return {
    heard: new Map([...heard].map(([peer, routes]) => [peer, [...routes].sort()])),
    notes: [
      ...[...silent].map(
        ([node, reason]) => `What peers outside announce to ${node} is left out: ${reason}.`,
      ),
      ...[...answered.values()]
        .filter(({ cut }) => cut)
        .map(
          ({ node }) =>
            `Of the routes of ${node} the first ${MAX_ROUTES} and default routes are planned with.`,
        ),
    ],
  };
}

async function heardBy(client: ControlClient, peers: ReadonlySet<Address>): Promise<NodeHeard> {
  const { node } = await client.status();
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
