/**
 * The sessions that BGPPeers ask for with workloads of this node (`localWorkloadSelector`): one for each family a selected
 * workload has an address of, carrying that family.
 *
 * The workload opens, to an address that is the same on every node (BGPConfiguration `localWorkloadPeeringIPV4` and `IPV6`)
 * and that the host has on the workload's interface while the session is wanted. There is no way back: the workload is no
 * node, and what it peers with is its own affair.
 *
 * Source: Calico 3.30 (Felix pairs, confd renders). Of several BGPPeers that select a workload the first by name counts.
 */
import { type Family, familyOf, networkAddress } from '@weft/ip';
import {
  type BGPPeer,
  type BgpSettings,
  type Labels,
  matchesSelector,
  parseSelector,
  type Selector,
  type WorkloadEndpoint,
} from '@weft/resources';
import { type BgpCluster, type BgpNode, FAMILY_NUMBERS } from '../bgp-node.ts';
import { NO_IPV6 } from '../felix-settings.ts';
import type { CalcInput } from '../input.ts';
import type { CandidateOutcome, SessionOptions } from './candidate.ts';
import { addressOptions, selects } from './explicit-peers.ts';
import { familyNames } from './node-pair.ts';

/** Where a BGPConfiguration says which address workloads of a family peer with. */
const PEERING_FIELDS = { 4: 'localWorkloadPeeringIPV4', 6: 'localWorkloadPeeringIPV6' } as const;

type Selecting = Pick<CalcInput, 'bgpPeers' | 'endpoints' | 'nodeName' | 'nodes'>;

/** Whether some BGPPeer selects workloads of this node by their labels, so that those are to be followed. */
export function needsWorkloadLabels(input: Omit<Selecting, 'endpoints'>): boolean {
  return selectorsHere(input).length > 0;
}

/**
 * The workloads of this node that some BGPPeer for this node selects: all that sessions depend on of the endpoints.
 * In the order of their names.
 */
export function selectedWorkloads(input: Selecting): readonly WorkloadEndpoint[] {
  const selectors = selectorsHere(input);
  if (selectors.length === 0) return [];
  return input.endpoints
    .filter(({ spec }) => spec.node === input.nodeName)
    .filter((endpoint) => selectors.some((selector) => matchesSelector(selector, labelsOf(endpoint))))
    .sort((left, right) => (nameOf(left) < nameOf(right) ? -1 : 1));
}

/** The AS numbers of workloads, of whatever node they are. */
export function workloadAsns({ bgpPeers }: Pick<CalcInput, 'bgpPeers'>): ReadonlySet<number> {
  return new Set(workloadPeers(bgpPeers).flatMap(({ spec }) => spec.asNumber ?? []));
}

/** What the BGPPeers that are for this node select workloads by; one that cannot be read selects nobody. */
function selectorsHere({ bgpPeers, nodeName, nodes }: Omit<Selecting, 'endpoints'>): Selector[] {
  const selecting = workloadPeers(bgpPeers);
  const node = selecting.length > 0 ? nodes.find(({ metadata }) => metadata.name === nodeName) : undefined;
  if (node === undefined) return [];
  const own = { name: nodeName, labels: node.metadata.labels ?? {} };
  return selecting.flatMap(({ spec }) => {
    const parsed = parseSelector(spec.localWorkloadSelector ?? '');
    return parsed.ok && selects(own, spec.node, spec.nodeSelector).holds ? [parsed.value] : [];
  });
}

/** The sessions all BGPPeers ask this node for with its workloads, the ones that count first in front. */
export function workloadCandidates(
  own: BgpNode,
  { settings }: BgpCluster,
  input: Selecting & Pick<CalcInput, 'felix'>,
): CandidateOutcome[] {
  const workloads = selectedWorkloads(input);
  const { ipv6Support } = input.felix;
  return workloadPeers(input.bgpPeers)
    .sort((left, right) => (left.metadata.name < right.metadata.name ? -1 : 1))
    .flatMap((bgpPeer) => candidatesOf(own, { settings, ipv6Support }, bgpPeer, workloads));
}

function workloadPeers(bgpPeers: readonly BGPPeer[]): BGPPeer[] {
  return bgpPeers.filter(({ spec }) => spec.localWorkloadSelector !== undefined);
}

/** What holds on this node. */
interface OnThisNode {
  readonly settings: BgpSettings;
  readonly ipv6Support: boolean;
}

function candidatesOf(
  own: BgpNode,
  here: OnThisNode,
  bgpPeer: BGPPeer,
  workloads: readonly WorkloadEndpoint[],
): CandidateOutcome[] {
  const { metadata, spec } = bgpPeer;
  const text = spec.localWorkloadSelector ?? '';
  const leftOut = (reason: string): CandidateOutcome[] => [
    { kind: 'left-out', peer: text, type: 'local workload', askedBy: `BGPPeer ${metadata.name}`, reason },
  ];
  const applies = selects(own, spec.node, spec.nodeSelector);
  if (applies.kind === 'broken') return leftOut(applies.reason);
  if (!applies.holds) return leftOut(`it is for ${spec.node ?? `nodes with ${spec.nodeSelector}`}`);
  const selector = parseSelector(text);
  if (!selector.ok) return leftOut(selector.reason);
  const chosen = workloads.filter((endpoint) => matchesSelector(selector.value, labelsOf(endpoint)));
  if (chosen.length === 0) return leftOut(`no workload of this node has ${text}`);
  return chosen.flatMap((endpoint) =>
    FAMILY_NUMBERS.flatMap((family) => candidateOf(here, bgpPeer, endpoint, family)),
  );
}

/** The session with a workload's first address of a family, if it has one. */
function candidateOf(
  { ipv6Support, settings }: OnThisNode,
  bgpPeer: BGPPeer,
  endpoint: WorkloadEndpoint,
  family: Family,
): CandidateOutcome[] {
  const { asNumber } = bgpPeer.spec;
  const { interfaceName, ipNetworks = [] } = endpoint.spec;
  const workload = ipNetworks.map(networkAddress).find((address) => familyOf(address) === family);
  if (workload === undefined) return [];
  const origin = {
    type: 'local workload',
    askedBy: `BGPPeer ${bgpPeer.metadata.name}, which selects ${nameOf(endpoint)},`,
  } as const;
  const leftOut = (reason: string): CandidateOutcome[] => [
    { kind: 'left-out', peer: workload, reason, ...origin },
  ];
  if (family === 6 && !ipv6Support) return leftOut(NO_IPV6);
  const field = PEERING_FIELDS[family];
  const host = settings[field];
  if (host === undefined)
    return leftOut(`the BGPConfiguration says no ${field}, the address that workloads peer with; set it`);
  if (settings.bindMode === 'NodeIP')
    return leftOut(`with bindMode NodeIP nobody listens on ${host}; set bindMode to None`);
  if (asNumber === undefined) return leftOut('it has no asNumber; set that of the workloads');
  if (interfaceName === undefined) return leftOut('its interface is not known yet');
  return [
    {
      kind: 'candidate',
      address: workload,
      asn: asNumber,
      node: undefined,
      workload: { interface: interfaceName, workload, host },
      families: [familyNames[family]],
      options: optionsOf(bgpPeer),
      ...origin,
    },
  ];
}

/** The workload comes to whatever address it was told; and it has no BFD, since who watches it is its node, by its veth. */
function optionsOf(bgpPeer: BGPPeer): SessionOptions {
  const { bfd, notes, ...options } = addressOptions(bgpPeer);
  const withoutBfd = bfd === undefined ? [] : ['without BFD, which is not for workloads'];
  return { ...options, sourceAddress: 'None', notes: [...notes, ...withoutBfd] };
}

/** What selectors see. Calico writes the two of its own into the endpoint; weft's endpoints may come without. */
function labelsOf({ metadata, spec }: WorkloadEndpoint): Labels {
  return {
    ...metadata.labels,
    'projectcalico.org/namespace': metadata.namespace ?? '',
    'projectcalico.org/orchestrator': spec.orchestrator ?? '',
  };
}

function nameOf({ metadata }: WorkloadEndpoint): string {
  return metadata.namespace === undefined ? metadata.name : `${metadata.namespace}/${metadata.name}`;
}
