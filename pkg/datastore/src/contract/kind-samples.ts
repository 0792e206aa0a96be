/**
 * One object of every kind, with a field that nobody knows at every depth where the kind has an object of its own. Maps
 * (labels, owners of addresses, a handle's blocks) and unions hold none: there a strange key would be an entry.
 */
import type { Kind, ResourceOf } from '@weft/resources';

/** What another version may add anywhere: text that needs escaping, empty things, null, a big number. */
const fromTheFuture = {
  list: [1, null, { deep: 'é\u2028"\\' }],
  empty: {},
  none: [],
  flag: false,
  text: '',
  count: 1787380400123456789n,
};

const unknown = { fromTheFuture } as const;

/** The spec of every kind, and the name where it says something. */
const specs: { readonly [K in Kind]: { readonly name?: string; readonly spec: object } } = {
  BGPConfiguration: {
    name: 'default',
    spec: {
      asNumber: 64513,
      serviceClusterIPs: [{ cidr: '10.96.0.0/12', ...unknown }],
      communities: [{ name: 'far', value: '65000:1', ...unknown }],
      prefixAdvertisements: [{ cidr: '10.0.0.0/16', communities: ['far'], ...unknown }],
      nodeMeshPassword: { secretKeyRef: { name: 's', key: 'k', ...unknown }, ...unknown },
    },
  },
  BGPFilter: {
    spec: {
      exportV4: [
        {
          cidr: '10.0.0.0/16',
          matchOperator: 'In',
          prefixLength: { min: 24, max: 32, ...unknown },
          action: 'Accept',
          operations: [{ addCommunity: { value: '65000:1', ...unknown } }],
          ...unknown,
        },
      ],
    },
  },
  BGPPeer: {
    spec: {
      peerIP: '10.1.0.1',
      asNumber: 64514,
      filters: ['f'],
      password: { secretKeyRef: { name: 's', key: 'k', ...unknown }, ...unknown },
    },
  },
  BlockAffinity: {
    name: 'n1-10-0-0-0-26',
    spec: { state: 'pending', node: 'n1', type: 'host', cidr: '10.0.0.0/26', deleted: false },
  },
  CalicoNodeStatus: { spec: { node: 'n1', classes: ['BGP'], updatePeriodSeconds: 10 } },
  ClusterInformation: { name: 'default', spec: { clusterGUID: 'f'.repeat(32), datastoreReady: true } },
  FelixConfiguration: { name: 'default', spec: { routeTableRanges: [{ min: 1, max: 250, ...unknown }] } },
  IPAMBlock: {
    name: '10-0-0-0-26',
    spec: {
      cidr: '10.0.0.0/26',
      affinity: 'host:n1',
      allocations: Array.from({ length: 64 }, (_, ordinal) => (ordinal < 2 ? ordinal : null)),
      unallocated: Array.from({ length: 62 }, (_, index) => index + 2),
      attributes: [
        { handle_id: 'h', secondary: { node: 'n1', pod: 'p' }, ...unknown },
        { handle_id: 'i', releasedAt: '2026-01-02T03:04:05Z' },
      ],
      sequenceNumber: 1787380400123456789n,
      sequenceNumberForAllocation: { 0: 1787380400123456788n, 1: 7n },
      deleted: false,
      strictAffinity: false,
    },
  },
  IPAMConfiguration: {
    name: 'default',
    spec: { strictAffinity: true, autoAllocateBlocks: true, maxBlocksPerHost: 4 },
  },
  IPAMHandle: { name: 'h', spec: { handleID: 'h', block: { '10.0.0.0/26': 2 }, deleted: false } },
  IPPool: { spec: { cidr: '10.0.0.0/16', vxlanMode: 'CrossSubnet', natOutgoing: true } },
  IPReservation: { spec: { reservedCIDRs: ['10.0.1.0/24'] } },
  Node: {
    name: 'n1',
    spec: {
      bgp: { ipv4Address: '10.1.0.1/24', ...unknown },
      orchRefs: [{ nodeName: 'n1', orchestrator: 'k8s', ...unknown }],
      addresses: [{ address: '10.1.0.1', type: 'InternalIP', ...unknown }],
    },
  },
  WorkloadEndpoint: {
    name: 'n1-cni-c1-eth0',
    spec: {
      node: 'n1',
      orchestrator: 'cni',
      containerID: 'c1',
      endpoint: 'eth0',
      ipNetworks: ['10.0.0.1/32'],
      ipNATs: [{ internalIP: '10.0.0.1', externalIP: '192.0.2.1', ...unknown }],
    },
  },
};

/** An object of the kind. */
export function sampleOf<K extends Kind>(kind: K): ResourceOf<K> {
  const { name = 'a', spec } = specs[kind];
  const namespaced = kind === 'WorkloadEndpoint' ? { namespace: 'one' } : {};
  return {
    apiVersion: 'projectcalico.org/v3',
    kind,
    metadata: { name, ...namespaced },
    spec: { ...spec, ...unknown },
  } as unknown as ResourceOf<K>;
}
