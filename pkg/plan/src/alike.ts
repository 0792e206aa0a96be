/**
 * Which nodes of a large cluster are looked at whole.
 *
 * Nodes are alike where nothing in the resources tells them apart but their names and addresses, before the change and after it. Who
 * has a session with one of them, has the same with every other. So two of them stand for all: each sees the other as a third
 * would. Route reflectors stand for nobody: what each of them passes on is what others have.
 */
import { effectiveFelixSettings, WEFT_DAEMON_ANNOTATION } from '@weft/calc';
import type { Family } from '@weft/ip';
import {
  effectiveBgpSettings,
  matchesSelector,
  type Node,
  nodeAddress,
  nodeAddresses,
  parsePeerAddress,
  parseSelector,
} from '@weft/resources';
import type { ClusterResources } from '@weft/simulation';

/** Nodes that do alike, sorted by name. */
export interface AlikeNodes {
  /** Those that are looked at whole. */
  readonly lookedAt: readonly string[];
  /** Those they stand for. */
  readonly others: readonly string[];
}

/** Finds the nodes that others can stand for. */
export function alikeNodes(before: ClusterResources, after: ClusterResources): AlikeNodes[] {
  const [was, is] = [marks(before), marks(after)];
  const names = [...new Set([...was.keys(), ...is.keys()])].sort();
  const groups = Map.groupBy(names, (name) => markOfBoth(was.get(name), is.get(name)));
  return [...groups.values()].flatMap((group) => {
    const [first, ...others] = group;
    const last = others.pop();
    return first === undefined || last === undefined || others.length === 0
      ? []
      : [{ lookedAt: [first, last], others }];
  });
}

/** What tells a node from others. */
interface Mark {
  readonly text: string;
  readonly addresses: string;
}

/** A node whose address changes is unlike one that keeps its own. */
function markOfBoth(was: Mark | undefined, is: Mark | undefined): string {
  return [was?.text, is?.text, was?.addresses === is?.addresses].join(' ');
}

/** By name. */
function marks(resources: ClusterResources): Map<string, Mark> {
  const facts = [bgpFields(resources), selectorAnswers(resources), ownPeers(resources), settings(resources)];
  return new Map(
    resources.nodes.map((node) => [
      node.metadata.name,
      { text: JSON.stringify(facts.map((of) => of(node))), addresses: nodeAddresses(node).join() },
    ]),
  );
}

type FactOf = (node: Node) => unknown;

/** Of a Node all that BGP looks at, beside its labels; a reflector, and one that a BGPPeer has by its address, is like no other. */
function bgpFields({ bgpPeers }: ClusterResources): FactOf {
  const addressed = new Set<string>(
    bgpPeers.flatMap(({ spec }) => {
      const parsed = parsePeerAddress(spec.peerIP ?? '');
      return parsed.ok ? [parsed.value.address] : [];
    }),
  );
  return (node) => {
    const { metadata, spec } = node;
    const { asNumber, routeReflectorClusterID } = spec.bgp ?? {};
    const isUnique =
      routeReflectorClusterID !== undefined || nodeAddresses(node).some((own) => addressed.has(own));
    return [
      isUnique && metadata.name,
      asNumber,
      [4, 6].map((family) => nodeAddress(node, family as Family) !== undefined),
      metadata.annotations?.[WEFT_DAEMON_ANNOTATION] !== undefined,
    ];
  };
}

/** What the selectors of BGPPeers say of its labels; one that cannot be read chooses nobody. */
function selectorAnswers({ bgpPeers }: ClusterResources): FactOf {
  const texts = new Set(
    bgpPeers.flatMap(({ spec }) => [spec.nodeSelector ?? [], spec.peerSelector ?? []].flat()),
  );
  const selectors = [...texts].flatMap((text) => {
    const parsed = parseSelector(text);
    return parsed.ok ? [parsed.value] : [];
  });
  return ({ metadata }) => selectors.map((selector) => matchesSelector(selector, metadata.labels ?? {}));
}

/** The BGPPeers for it alone. */
function ownPeers({ bgpPeers }: ClusterResources): FactOf {
  const byNode = Map.groupBy(bgpPeers, ({ spec }) => spec.node);
  return ({ metadata }) =>
    byNode.get(metadata.name)?.map((peer) => [peer.metadata.annotations, { ...peer.spec, node: undefined }]);
}

function settings({ bgpConfigurations, felixConfigurations: configurations }: ClusterResources): FactOf {
  const byName = new Map(bgpConfigurations.map((item) => [item.metadata.name, item]));
  return (node) => {
    const nodeName = node.metadata.name;
    return [
      effectiveBgpSettings(byName.get('default'), byName.get(`node.${nodeName}`)),
      effectiveFelixSettings({ nodeName, node, configurations, environment: {} }).settings,
    ];
  };
}
