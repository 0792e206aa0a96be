/**
 * Inputs for tests, with the resources as users write them.
 */
import { address, prefix } from '@weft/ip';
import { describeIssue, type Kind, type Metadata, parseResource, type ResourceOf } from '@weft/resources';
import { DEFAULT_FELIX_SETTINGS } from '../src/felix-settings.ts';
import { type CalcInput, DEFAULT_SETTINGS, WEFT_DAEMON_ANNOTATION } from '../src/input.ts';
import type { LocalFacts } from '../src/local-facts.ts';

/** A resource out of what a user writes. Throws when it is not valid. */
export function resource<K extends Kind>(
  kind: K,
  name: string,
  spec: Record<string, unknown>,
  metadata: Partial<Metadata> = {},
): ResourceOf<K> {
  const parsed = parseResource({
    apiVersion: 'projectcalico.org/v3',
    kind,
    metadata: { ...metadata, name },
    spec,
  });
  if (parsed.ok) return parsed.resource as ResourceOf<K>;
  throw new Error(parsed.issues.map((issue) => describeIssue(`${kind} ${name}`, issue)).join('\n'));
}

/** What is special about a node. */
export interface NodeOptions {
  readonly ipv4?: string;
  readonly ipv6?: string;
  readonly asNumber?: number;
  readonly clusterId?: string;
  readonly labels?: Record<string, string>;
  /** Run by Calico instead of weftd. */
  readonly calico?: boolean;
}

/** A node; run by weftd unless told otherwise. */
export function node(
  name: string,
  { ipv4, ipv6, asNumber, clusterId, labels, calico }: NodeOptions,
): ResourceOf<'Node'> {
  const bgp = {
    ...(ipv4 && { ipv4Address: ipv4 }),
    ...(ipv6 && { ipv6Address: ipv6 }),
    ...(asNumber && { asNumber }),
    ...(clusterId && { routeReflectorClusterID: clusterId }),
  };
  return resource('Node', name, Object.keys(bgp).length === 0 ? {} : { bgp }, {
    labels: labels ?? {},
    annotations: calico ? {} : { [WEFT_DAEMON_ANNOTATION]: '0.1.0' },
  });
}

/** A pool. */
export function pool(name: string, cidr: string, spec: Record<string, unknown> = {}): ResourceOf<'IPPool'> {
  return resource('IPPool', name, { cidr, ...spec });
}

/** An affinity of a node, confirmed unless told otherwise. */
export function affinity(
  nodeName: string,
  cidr: string,
  spec: Record<string, unknown> = {},
): ResourceOf<'BlockAffinity'> {
  const name = `${nodeName}-${cidr.replaceAll(/[./:]/g, '-')}`;
  return resource('BlockAffinity', name, {
    node: nodeName,
    cidr,
    state: 'confirmed',
    deleted: false,
    ...spec,
  });
}

/** A workload of a node, as the CNI plugin leaves it. */
export function endpoint(
  nodeName: string,
  containerID: string,
  ...ipNetworks: readonly string[]
): ResourceOf<'WorkloadEndpoint'> {
  const spec = {
    node: nodeName,
    orchestrator: 'cni',
    containerID,
    endpoint: 'eth0',
    interfaceName: `cali${containerID}`,
    ipNetworks,
  };
  return resource('WorkloadEndpoint', `${nodeName.replaceAll('-', '--')}-cni-${containerID}-eth0`, spec, {
    namespace: 'default',
  });
}

/** eth0 with 10.0.0.1/24 and fd00::1/64, and a default route by 10.0.0.254. */
export const facts: LocalFacts = {
  interfaces: [
    {
      name: 'lo',
      leadsNowhere: true,
      up: true,
      running: true,
      mtuBytes: 65536,
      addresses: ['127.0.0.1/8', '::1/128'],
    },
    { name: 'eth0', up: true, running: true, mtuBytes: 1500, addresses: ['10.0.0.1/24', 'fd00::1/64'] },
  ],
  routes: [
    { destination: prefix('10.0.0.0/24'), interface: 'eth0', metric: 0 },
    { destination: prefix('fd00::/64'), interface: 'eth0', metric: 256 },
    { destination: prefix('0.0.0.0/0'), gateway: address('10.0.0.254'), interface: 'eth0', metric: 100 },
  ],
};

/** An input for node1 with nothing in it but what is given. */
export function inputOf(given: Partial<CalcInput> = {}): CalcInput {
  return {
    nodeName: 'node1',
    nodeNameDigest: new Uint8Array(32).fill(7),
    nodes: [],
    pools: [],
    bgpConfigurations: [],
    bgpPeers: [],
    bgpFilters: [],
    blockAffinities: [],
    places: [],
    services: [],
    endpoints: [],
    secrets: new Map(),
    settings: DEFAULT_SETTINGS,
    felix: DEFAULT_FELIX_SETTINGS,
    facts,
    ...given,
  };
}
