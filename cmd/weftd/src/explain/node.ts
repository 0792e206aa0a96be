/** `GET /v1/explain`: what this daemon knows of a destination, room by room. Nothing is decided here. */
import { type Masquerade, resolveNextHop } from '@weft/calc';
import type {
  ExplainedAnnouncement,
  ExplainedEndpoint,
  ExplainedNextHop,
  ExplainedPool,
  ExplainedPrefix,
  ExplainedSource,
  NodeExplanation,
  Refusal,
} from '@weft/control';
import { isRefusal } from '@weft/control';
import { address, containsAddress, containsPrefix, overlaps, type Prefix } from '@weft/ip';
import { poolStatuses } from '../endpoints/pool-status.ts';
import { type Destination, destinationOf } from './destination.ts';
import { kernelLookup } from './kernel-lookup.ts';
import { explainedPrefixes } from './paths.ts';
import { decidedSessions, toSession } from './sessions.ts';
import type { NodeSources, SpeakerSources } from './sources.ts';

/** Explains a destination as a node sees it. */
export function explainOnNode(sources: NodeSources, asked: string): NodeExplanation | Refusal {
  const destination = destinationOf(asked);
  if (isRefusal(destination)) return destination;
  const { desired, kernel, rejected, routes, state } = sources;
  const isAround = (prefix: string): boolean => containsPrefix(prefix as Prefix, destination.prefix);
  const prefixes = explainedPrefixes(sources.bgp(), destination, rejected());
  const speaker = desired()?.speaker;
  return {
    ...speakerPart(sources, prefixes),
    role: 'node',
    ...(speaker?.kind === 'no-bgp' && { noBgp: speaker.reason }),
    pools: poolsAround(sources, isAround),
    affinities: state
      .all('BlockAffinity')
      .filter(({ spec }) => !spec.deleted && isAround(spec.cidr))
      .map(({ spec }) => ({ block: spec.cidr, node: spec.node, state: spec.state })),
    endpoints: endpointsIn(sources, destination),
    announcements: announcementsAround(sources, isAround),
    nextHops: nextHopsOf(sources, prefixes),
    routes: routes().filter(({ prefix }) => isAround(prefix)),
    lookup: kernelLookup(kernel, destination),
    nat: natOf(sources, destination),
    allowedSources: allowedSourcesOf(sources, destination),
    natFailure: sources.natFailure(),
    unencapsulated: (desired()?.unencapsulated ?? []).filter(({ prefix }) => isAround(prefix)),
  };
}

/** Explains a destination as a route reflector sees it: paths and sessions. */
export function explainOnReflector(sources: SpeakerSources, asked: string): NodeExplanation | Refusal {
  const destination = destinationOf(asked);
  if (isRefusal(destination)) return destination;
  return speakerPart(sources, explainedPrefixes(sources.bgp(), destination, new Map()));
}

function speakerPart(sources: SpeakerSources, prefixes: readonly ExplainedPrefix[]): NodeExplanation {
  return {
    node: sources.nodeName,
    role: 'route-reflector',
    addresses: sources.addresses(),
    port: sources.bgp()?.config.listen?.[0]?.port ?? 179,
    notCurrent: sources.notCurrent(),
    pools: [],
    affinities: [],
    endpoints: [],
    announcements: [],
    prefixes,
    nextHops: [],
    routes: [],
    nat: [],
    sessions: decidedSessions(sources).map((decided) => toSession(decided, sources.bgp())),
  };
}

function poolsAround(
  { nodeName, nodes, state }: NodeSources,
  isAround: (prefix: string) => boolean,
): ExplainedPool[] {
  const own = nodes().find(({ metadata }) => metadata.name === nodeName);
  return poolStatuses(state.all('IPPool'), nodeName, own)
    .filter(({ cidr }) => isAround(cidr))
    .map(({ cidr, name, notAutomatic, unusable }) => ({ name, cidr, notAutomatic, unusable }));
}

function endpointsIn({ endpoints, nodeName }: NodeSources, { prefix }: Destination): ExplainedEndpoint[] {
  return endpoints()
    .filter(({ spec }) => spec.node === nodeName && spec.ipNetworks?.some((own) => overlaps(own, prefix)))
    .map(({ metadata, spec }) => ({
      name: `${metadata.namespace ?? 'default'}/${spec.pod ?? spec.workload ?? metadata.name}`,
      hostInterface: spec.interfaceName,
      addresses: spec.ipNetworks ?? [],
    }));
}

function announcementsAround(
  { announced, desired }: NodeSources,
  isAround: (prefix: string) => boolean,
): ExplainedAnnouncement[] {
  const { notAnnounced = [] } = desired() ?? {};
  return [
    ...announced().map(({ prefix, reason }) => ({ prefix, announced: true, reason })),
    ...notAnnounced.map(({ prefix, reason }) => ({ prefix, announced: false, reason })),
  ].filter(({ prefix }) => isAround(prefix));
}

function nextHopsOf({ routing }: NodeSources, prefixes: readonly ExplainedPrefix[]): ExplainedNextHop[] {
  const context = routing();
  if (context === undefined) return [];
  const hops = prefixes.flatMap(({ paths }) => paths.flatMap(({ nextHop }) => nextHop ?? []));
  return [...new Set(hops)].map((hop) => {
    const { reachable, reason } = resolveNextHop(address(hop), context);
    return { address: hop, reachable, reason };
  });
}

/** Packets from the destination to the outside, those to it where it is outside, and those to a port of the host that leads to it. */
function natOf({ desired }: NodeSources, { address: asked, family, prefix }: Destination): string[] {
  const { masquerades = [], portForwards = [] } = desired()?.nat ?? {};
  const lies = (prefixes: readonly Prefix[]): boolean => prefixes.some((one) => containsAddress(one, asked));
  return [
    ...masquerades
      .filter(({ sources }) => lies(sources))
      .map((masquerade) => `what it sends to the outside ${masqueraded(masquerade)}`),
    ...masquerades
      .filter((one) => one.family === family && !lies(one.sources) && !lies(one.exempt))
      .map((masquerade) => `what workloads of this node send to it ${masqueraded(masquerade)}`),
    ...portForwards.filter(({ to }) => containsAddress(prefix, to)).map(({ reason }) => reason),
  ];
}

function masqueraded({ address: given, outInterface, reason }: Masquerade): string {
  const by = outInterface === undefined ? '' : `, where it leaves by ${outInterface}`;
  return `gets ${given ?? 'the address of the interface it leaves by'}${by} (${reason})`;
}

/** Workloads that may send from the destination although it is not theirs. */
function allowedSourcesOf({ desired }: NodeSources, { prefix }: Destination): ExplainedSource[] {
  return (desired()?.nat.allowedSources ?? []).flatMap(({ hostInterface, prefixes }) =>
    prefixes
      .filter((allowed) => containsPrefix(allowed, prefix))
      .map((allowed) => ({ hostInterface, prefix: allowed })),
  );
}
