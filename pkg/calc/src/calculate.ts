/**
 * Resources and local facts in, the desired state of this node out. A function of the snapshot it is given: no memory of
 * an earlier one, no clock, no kernel.
 */
import { type Address, address } from '@weft/ip';
import type { BgpSettings } from '@weft/resources';
import type { ListenAddress, SpeakerConfig } from 'bgp-speaker-ts';
import { announcements } from './announcements.ts';
import { type BgpCluster, type BgpNode, bgpCluster, routerId } from './bgp-node.ts';
import type { DesiredSpeaker, DesiredState } from './desired-state.ts';
import { gatewayRoutes } from './gateway-route.ts';
import { type CalcInput, withoutRepeats } from './input.ts';
import { localRoutes } from './local-routes.ts';
import { desiredMasquerades, desiredNat, type Masquerade } from './nat.ts';
import { nextHopTable } from './next-hop.ts';
import { ownBlocks } from './own-blocks.ts';
import { peerGatewayRoutes } from './peer-gateways.ts';
import { policyMaker } from './policy.ts';
import { serviceRanges, wholeRanges } from './services/service.ts';
import { type Sessions, sessions } from './sessions/sessions.ts';
import type { WayToPeer } from './sessions/way-to-peer.ts';
import { selectedWorkloads } from './sessions/workload-peers.ts';
import { type WorkloadMtu, workloadMtu } from './tunnels/mtu.ts';
import { decideTunnels, type Tunnels } from './tunnels/tunnels.ts';

/** Computes the desired state: about 10 ms for 1,000 nodes. */
export function calculate(input: CalcInput): DesiredState {
  return createCalculator()(input);
}

/**
 * Gives a `calculate` that remembers its last decisions about BGP, tunnels, MTUs and masquerading, which are what costs time, and
 * takes them again while everything they were made from is the same object. A workload that comes or goes then costs what its own routes cost.
 */
export function createCalculator(): typeof calculate {
  const workloads = steady(selectedWorkloads);
  const decidedBgp = remembered(bgpInput, decideBgp);
  const bgp = (input: CalcInput): BgpDecision => decidedBgp({ ...input, endpoints: workloads(input) });
  const tunnels = remembered(tunnelInput, (input) =>
    decideTunnels(withoutRepeats(input), bgp(input).settings),
  );
  const mtu = remembered(mtuInput, (input) => workloadMtu(withoutRepeats(input)));
  const masquerades = remembered(masqueradeInput, (input) => desiredMasquerades(withoutRepeats(input)));
  return (input) =>
    assemble(input, bgp(input), {
      masquerades: masquerades(input),
      mtu: mtu(input),
      tunnels: tunnels(input),
    });
}

type InputKey = keyof CalcInput;

const masqueradeInput = ['felix', 'nodes', 'pools'] as const satisfies readonly InputKey[];
const mtuInput = [...masqueradeInput, 'facts', 'nodeName'] as const;
const tunnelInput = [...mtuInput, 'bgpConfigurations', 'places'] as const;
const bgpInput: readonly InputKey[] = [
  'bgpConfigurations',
  'bgpFilters',
  'bgpPeers',
  'blockAffinities',
  'endpoints',
  'felix',
  'linkRouters',
  'nodeName',
  'nodeNameDigest',
  'nodes',
  'pools',
  'secrets',
  'settings',
  'waysInUse',
];

/** Decides anew only when something of what it decides from is another object than the last time. */
function remembered<Decision>(
  keys: readonly InputKey[],
  decide: (input: CalcInput) => Decision,
): (input: CalcInput) => Decision {
  let last: { readonly input: CalcInput; readonly decision: Decision } | undefined;
  return (input) => {
    const former = last;
    if (former !== undefined && keys.every((key) => former.input[key] === input[key])) return former.decision;
    const decision = decide(input);
    last = { input, decision };
    return decision;
  };
}

/** Gives the same list for as long as the same objects are in it. */
function steady<T>(list: (input: CalcInput) => readonly T[]): (input: CalcInput) => readonly T[] {
  let last: readonly T[] = [];
  return (input) => {
    const next = list(input);
    if (next.length !== last.length || next.some((item, index) => item !== last[index])) last = next;
    return last;
  };
}

interface BgpDecision {
  readonly settings: BgpSettings;
  readonly nodeAddresses: readonly Address[];
  readonly speaker: DesiredSpeaker;
  readonly sessions: Sessions;
}

const NO_SESSIONS: Sessions = { peers: [], decisions: [], ways: [], interfaces: [], workloads: [] };

function decideBgp(given: CalcInput): BgpDecision {
  const input = withoutRepeats(given);
  const cluster = bgpCluster(input);
  const { settings } = cluster;
  const nodeAddresses = [...cluster.nodeOfAddress.keys()].sort();
  const own = ownNode(input, cluster);
  if (own.kind === 'no-bgp') return { settings, nodeAddresses, speaker: own, sessions: NO_SESSIONS };
  const decided = sessions(
    input,
    own.node,
    cluster,
    policyMaker(input, ownBlocks(input), settings, own.node.clusterId !== undefined),
  );
  return {
    settings,
    nodeAddresses,
    speaker: { kind: 'bgp', config: speakerConfig(input, own.node, settings, decided) },
    sessions: decided,
  };
}

/** What is decided from nodes, pools and facts, but from no workload. */
interface Surroundings {
  readonly masquerades: readonly Masquerade[];
  readonly mtu: WorkloadMtu;
  readonly tunnels: Tunnels;
}

function assemble(
  given: CalcInput,
  decision: BgpDecision,
  { masquerades, mtu, tunnels }: Surroundings,
): DesiredState {
  const { nodeAddresses, settings, speaker, sessions: decided } = decision;
  const input = withoutRepeats(given);
  const blocks = ownBlocks(input);
  const { announced, notAnnounced } = announcements(input, blocks, settings);
  const peerRoutes = peerGatewayRoutes(decided.ways, nextHopTable(input.facts), settings);
  return {
    speaker,
    announcements: announced,
    notAnnounced,
    routes: [
      ...localRoutes(input, blocks, settings),
      ...gatewayRoutes(input),
      ...peerRoutes,
      ...tunnels.routes,
    ],
    serviceRanges: wholeRanges(serviceRanges(settings)),
    nat: desiredNat(input, masquerades, tunnels),
    nodeAddresses,
    tunnels: tunnels.devices,
    unencapsulated: tunnels.leftOut,
    mtu,
    sessions: decided.decisions,
    interfaces: decided.interfaces,
    waysToPeers: decided.ways,
    peeringWorkloads: decided.workloads,
  };
}

const WITHOUT_BGP = 'CALICO_NETWORKING_BACKEND is vxlan on this node: tunnels alone carry its pods';

type OwnNode =
  | { readonly kind: 'node'; readonly node: BgpNode }
  | Extract<DesiredSpeaker, { kind: 'no-bgp' }>;

function ownNode({ nodeName, settings }: CalcInput, { own }: BgpCluster): OwnNode {
  if (settings.withoutBgp) return { kind: 'no-bgp', reason: WITHOUT_BGP, isChosen: true };
  if (own === undefined)
    return {
      kind: 'no-bgp',
      reason: `there is no Node ${nodeName}; create it, or check the name of this node`,
    };
  if (own.addresses[4] === undefined && own.addresses[6] === undefined)
    return {
      kind: 'no-bgp',
      reason: `Node ${nodeName} has no BGP address; set spec.bgp.ipv4Address or spec.bgp.ipv6Address`,
    };
  return { kind: 'node', node: own };
}

function speakerConfig(
  { nodeNameDigest, settings }: CalcInput,
  own: BgpNode,
  { bindMode }: BgpSettings,
  { peers, ways }: Sessions,
): SpeakerConfig {
  const { holdTimeSeconds, gracefulRestartTimeSeconds } = settings;
  return {
    asn: own.asn,
    identifier: routerId(settings.routerId, nodeNameDigest, own.addresses[4]),
    listen: listenAddresses(own, bindMode, ways),
    holdTimeSeconds,
    gracefulRestart: { restartTimeSeconds: gracefulRestartTimeSeconds },
    peers,
  };
}

const anyAddress = { 4: address('0.0.0.0'), 6: address('::') };

/** One for each family the node has an address of. */
function listenAddresses(
  { addresses, port }: BgpNode,
  bindMode: BgpSettings['bindMode'],
  ways: readonly WayToPeer[],
): ListenAddress[] {
  const isUnnumbered = ways.some((way) => 'interface' in way);
  return ([4, 6] as const).flatMap((family) => {
    const own = addresses[family];
    // A peer on an interface may open, too, and it does so by IPv6.
    if (own === undefined) return family === 6 && isUnnumbered ? [{ address: anyAddress[6], port }] : [];
    return [{ address: bindMode === 'NodeIP' ? own : anyAddress[family], port }];
  });
}
