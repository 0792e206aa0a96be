/** Clusters and changes of them, with what is planned of each. */
import { type Kind, parseResource, type ResourceOf } from '@weft/resources';
import { type ClusterResources, type ClusterSurroundings, generateCluster, nodeName } from '@weft/simulation';
import { type Plan, planChange } from '../src/plan.ts';
import type { RiskRule } from '../src/risks.ts';

export const SURROUNDINGS: ClusterSurroundings = {
  digestOf: (name: string) => Uint8Array.from({ length: 32 }, (_, at) => name.charCodeAt(at % name.length)),
  secrets: new Map([['bgp/key', 'secret']]),
};
export const mesh: ClusterResources = generateCluster({ nodes: 4, topology: { kind: 'mesh' } });
const reflected = generateCluster({ nodes: 6, topology: { kind: 'reflectors', reflectors: 2 } });
export const TOR = '172.16.9.9';

export function make<K extends Kind>(
  kind: K,
  name: string,
  spec: object,
  metadata: object = {},
): ResourceOf<K> {
  const parsed = parseResource({
    apiVersion: 'projectcalico.org/v3',
    kind,
    metadata: { ...metadata, name },
    spec,
  });
  if (!parsed.ok) throw new Error(JSON.stringify(parsed.issues));
  return parsed.resource as ResourceOf<K>;
}

export const meshOff: ResourceOf<'BGPConfiguration'>[] = [
  make('BGPConfiguration', 'default', { nodeToNodeMeshEnabled: false }),
];
export const tor: ResourceOf<'BGPPeer'> = make('BGPPeer', 'tor', { peerIP: TOR, asNumber: 65_000 });
const secured = make('BGPPeer', 'tor', {
  peerIP: TOR,
  asNumber: 65_000,
  password: { secretKeyRef: { name: 'bgp', key: 'key' } },
});
const rejectAll = make('BGPFilter', 'none', { exportV4: [{ action: 'Reject' }] });
const filtered = make('BGPPeer', 'tor', { peerIP: TOR, asNumber: 65_000, filters: ['none'] });
export const workload: ResourceOf<'WorkloadEndpoint'> = make(
  'WorkloadEndpoint',
  'node--00001-cni-c1-eth0',
  {
    node: nodeName(1),
    orchestrator: 'cni',
    containerID: 'c1',
    endpoint: 'eth0',
    interfaceName: 'calic1',
    ipNetworks: ['10.0.0.65/32'],
  },
  { namespace: 'default' },
);
export const busy: ClusterResources = { ...mesh, endpoints: [workload] };
export const poolWith = (spec: object): ResourceOf<'IPPool'>[] => [
  make('IPPool', 'default', { cidr: '10.0.0.0/8', ...spec }),
];

export function planned(before: ClusterResources, change: Partial<ClusterResources>): Plan {
  const result = planChange(before, { ...before, ...change }, SURROUNDINGS);
  if (result.kind !== 'planned') throw new Error(result.kind);
  return result.plan;
}

export function kindsOf({ sessions, unchangedSessions }: Plan): Record<string, number> {
  const counts: Record<string, number> = unchangedSessions === 0 ? {} : { stays: unchangedSessions };
  for (const { kind } of sessions) counts[kind] = (counts[kind] ?? 0) + 1;
  return counts;
}

export function rulesOf({ risks }: Plan): RiskRule[] {
  return [...new Set(risks.map(({ rule }) => rule))];
}

export interface Row {
  readonly name: string;
  readonly before: ClusterResources;
  readonly change: Partial<ClusterResources>;
  readonly sessions: Record<string, number>;
  readonly risks: readonly RiskRule[];
}

export const tunneled: ClusterResources = { ...busy, pools: poolWith({ vxlanMode: 'Always' }) };
const withTor: ClusterResources = { ...mesh, bgpPeers: [tor] };
export const rows: readonly Row[] = [
  { name: 'nothing', before: mesh, change: {}, sessions: { stays: 6 }, risks: [] },
  {
    name: 'the mesh goes, with no reflector',
    before: busy,
    change: { bgpConfigurations: meshOff },
    sessions: { closes: 6 },
    risks: ['no-session', 'most-routes-lost', 'blocks-not-announced', 'addresses-unreachable'],
  },
  {
    name: 'the mesh goes, and VXLAN carries all blocks',
    before: tunneled,
    change: { bgpConfigurations: meshOff },
    sessions: { closes: 6 },
    risks: [],
  },
  {
    name: 'sessions with nodes and with a peer outside go, and VXLAN carries all blocks',
    before: { ...tunneled, bgpPeers: [tor] },
    change: { bgpConfigurations: meshOff, bgpPeers: [] },
    sessions: { closes: 10 },
    risks: ['no-session', 'blocks-not-announced', 'peer-loses-all'],
  },
  {
    name: 'a node less, with VXLAN',
    before: tunneled,
    change: { nodes: tunneled.nodes.slice(1) },
    sessions: { stays: 3, closes: 3 },
    // The node that is deleted: its daemon goes on, without any way to others.
    risks: ['no-session', 'most-routes-lost', 'addresses-unreachable'],
  },
  {
    name: 'a pool gets VXLAN',
    before: busy,
    change: { pools: tunneled.pools },
    sessions: { stays: 6 },
    risks: ['encapsulation-changes'],
  },
  {
    name: 'a pool goes from VXLAN to IPIP',
    before: tunneled,
    change: { pools: poolWith({ ipipMode: 'CrossSubnet' }) },
    sessions: { stays: 6 },
    risks: ['encapsulation-changes'],
  },
  {
    name: 'from mesh to reflectors',
    before: {
      ...reflected,
      bgpPeers: [],
      bgpConfigurations: [make('BGPConfiguration', 'default', { nodeToNodeMeshEnabled: true })],
      nodes: reflected.nodes.map((node) =>
        make(
          'Node',
          node.metadata.name,
          { bgp: { ipv4Address: node.spec.bgp?.ipv4Address } },
          { annotations: node.metadata.annotations },
        ),
      ),
    },
    change: { bgpPeers: reflected.bgpPeers, bgpConfigurations: meshOff, nodes: reflected.nodes },
    sessions: { changes: 9, closes: 6 },
    risks: [],
  },
  {
    name: 'another AS number of the cluster',
    before: mesh,
    change: { bgpConfigurations: [make('BGPConfiguration', 'default', { asNumber: 64_999 })] },
    sessions: { resets: 6 },
    risks: ['all-sessions-reset'],
  },
  {
    name: 'another AS number, and a peer outside that does not know',
    before: withTor,
    change: { bgpConfigurations: [make('BGPConfiguration', 'default', { asNumber: 64_999 })] },
    sessions: { resets: 6, breaks: 4 },
    risks: ['peer-loses-all', 'session-does-not-come-up', 'all-sessions-reset'],
  },
  {
    name: 'a peer outside',
    before: mesh,
    change: { bgpPeers: [tor] },
    sessions: { stays: 6, opens: 4 },
    risks: [],
  },
  {
    name: 'a password that the peer outside has not',
    before: withTor,
    change: { bgpPeers: [secured] },
    sessions: { stays: 6, breaks: 4 },
    risks: ['peer-loses-all', 'session-does-not-come-up'],
  },
  {
    name: 'a filter that rejects all own blocks',
    before: withTor,
    change: { bgpPeers: [filtered], bgpFilters: [rejectAll] },
    sessions: { stays: 6, changes: 4 },
    risks: ['peer-loses-all'],
  },
  {
    name: 'a pool disabled with addresses in use',
    before: busy,
    change: { pools: poolWith({ disabled: true }) },
    sessions: { stays: 6 },
    risks: ['pool-disabled-in-use'],
  },
  {
    name: 'a pool not exported any more, with addresses in use',
    before: busy,
    change: { pools: poolWith({ disableBGPExport: true }) },
    sessions: { changes: 6 },
    risks: ['most-routes-lost', 'blocks-not-announced', 'addresses-unreachable', 'pool-not-exported-in-use'],
  },
  {
    name: 'a node less',
    before: mesh,
    change: { nodes: mesh.nodes.slice(1) },
    sessions: { stays: 3, closes: 3 },
    risks: ['no-session', 'most-routes-lost'],
  },
];
