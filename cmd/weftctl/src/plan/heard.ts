/** What the nodes have of peers outside now: a plan cannot know it from the resources. */
import { type ControlClient, everyItem, type RibRoute } from '@weft/control';
import { type Address, type Prefix, parseAddress, prefix } from '@weft/ip';
import { type BGPPeer, type Node, nodeAddresses, parsePeerAddress } from '@weft/resources';
import { askAll } from '../explain/ask.ts';
import type { DaemonTarget } from '../where.ts';

/** Routes of peers outside by their addresses, and what could not be found out. */
export interface Heard {
  readonly heard: ReadonlyMap<Address, readonly Prefix[]>;
  readonly notes: readonly string[];
}

/** Routes of one node that are looked at: a peer may send all of the Internet. */
const MAX_ROUTES = 5000;

interface NodeHeard {
  readonly node: string;
  readonly routes: readonly { readonly peer: Address; readonly prefix: Prefix }[];
  readonly cut: boolean;
}

/** Whether some BGPPeer names a peer that is no node. */
export function hasPeersOutside(peers: readonly BGPPeer[], nodes: readonly Node[]): boolean {
  const own = new Set(nodes.flatMap(nodeAddresses));
  return peers.some(({ spec }) => {
    const parsed = parsePeerAddress(spec.peerIP ?? '');
    return parsed.ok && !own.has(parsed.value.address);
  });
}

/** Asks all daemons within reach. */
export async function readHeard(targets: readonly DaemonTarget[], nodes: readonly Node[]): Promise<Heard> {
  const own = new Set(nodes.flatMap(nodeAddresses));
  const { answered, silent } = await askAll(targets, (client) => heardBy(client, own));
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
        .map(({ node }) => `Of the routes of ${node} the first ${MAX_ROUTES} are planned with.`),
    ],
  };
}

async function heardBy(client: ControlClient, nodes: ReadonlySet<Address>): Promise<NodeHeard> {
  const { node } = await client.status();
  const routes: { readonly peer: Address; readonly prefix: Prefix }[] = [];
  let looked = 0;
  for await (const route of everyItem((query) => client.rib(query))) {
    if (looked === MAX_ROUTES) return { node, routes, cut: true };
    looked += 1;
    const senders = await sendersOf(client, route, nodes);
    routes.push(...senders.map((peer) => ({ peer, prefix: prefix(route.prefix) })));
  }
  return { node, routes, cut: false };
}

/** The peers outside that have sent a prefix. Where the best path is of one, others may have sent it, too. */
async function sendersOf(
  client: ControlClient,
  { best, paths, prefix: announced }: RibRoute,
  nodes: ReadonlySet<Address>,
): Promise<Address[]> {
  const outside = (peers: readonly (string | undefined)[]): Address[] =>
    peers.flatMap((peer) => {
      const parsed = parseAddress(peer ?? '');
      return parsed.ok && !nodes.has(parsed.value) ? [parsed.value] : [];
    });
  const [first] = outside([best.peer]);
  if (first === undefined || paths === 1) return outside([best.peer]);
  const { prefixes } = await client.explain(announced);
  const known = prefixes.find((one) => one.prefix === announced);
  return [...new Set(outside(known?.paths.map(({ peer }) => peer) ?? []))];
}
