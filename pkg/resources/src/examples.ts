/**
 * One object of each kind as a file holds it, for the reference. A test applies the rules to all of them.
 */
import type { Kind } from './generated/types.ts';

const head = (kind: Kind, name: string, more = '') => `apiVersion: projectcalico.org/v3
kind: ${kind}
metadata:
  name: ${name}
${more}`;

/** The text of a file for each kind. */
export const examples: Readonly<Record<Kind, string>> = {
  BGPConfiguration: `${head('BGPConfiguration', 'default')}spec:
  asNumber: 64512
  nodeToNodeMeshEnabled: true
  communities:
    - name: datacenter
      value: 64512:100
  prefixAdvertisements:
    - cidr: 10.244.0.0/16
      communities: [datacenter]
`,
  BGPFilter: `${head('BGPFilter', 'only-pods')}spec:
  exportV4:
    - cidr: 10.244.0.0/16
      matchOperator: In
      prefixLength:
        max: 26
      action: Accept
      operations:
        - addCommunity:
            value: 64512:200
    - action: Reject
`,
  BGPPeer: `${head('BGPPeer', 'rack-1')}spec:
  nodeSelector: rack == "1"
  peerIP: 192.0.2.1
  asNumber: 64601
  filters: [only-pods]
`,
  BlockAffinity: `${head('BlockAffinity', 'node-1-10-244-0-0-26')}spec:
  node: node-1
  cidr: 10.244.0.0/26
  state: confirmed
`,
  CalicoNodeStatus: `${head('CalicoNodeStatus', 'node-1')}spec:
  node: node-1
  classes: [Agent, BGP, Routes]
  updatePeriodSeconds: 10
`,
  ClusterInformation: `${head('ClusterInformation', 'default')}spec:
  clusterGUID: 8b1d2f3a4c5e60718293a4b5c6d7e8f9
  clusterType: k8s,bgp
  datastoreReady: true
`,
  FelixConfiguration: `${head('FelixConfiguration', 'default')}spec:
  routeRefreshInterval: 60s
  deviceRouteSourceAddress: 192.0.2.10
`,
  IPAMBlock: `${head('IPAMBlock', '10-244-0-0-30')}spec:
  cidr: 10.244.0.0/30
  affinity: host:node-1
  allocations: [0, null, null, null]
  unallocated: [1, 2, 3]
  attributes:
    - handle_id: k8s-pod-network.3f1c
      secondary:
        node: node-1
        namespace: default
        pod: web-0
`,
  IPAMConfiguration: `${head('IPAMConfiguration', 'default')}spec:
  strictAffinity: true
  maxBlocksPerHost: 4
`,
  IPAMHandle: `${head('IPAMHandle', 'k8s-pod-network.3f1c')}spec:
  handleID: k8s-pod-network.3f1c
  block:
    10.244.0.0/26: 1
`,
  IPPool: `${head('IPPool', 'pods')}spec:
  cidr: 10.244.0.0/16
  blockSize: 26
  nodeSelector: "!has(gpu)"
`,
  IPReservation: `${head('IPReservation', 'printers')}spec:
  reservedCIDRs:
    - 10.244.0.0/28
    - 10.244.7.1
`,
  Node: `${head('Node', 'node-1', '  labels:\n    rack: "1"\n')}spec:
  bgp:
    ipv4Address: 192.0.2.10/24
    asNumber: 64512
`,
  WorkloadEndpoint: `${head('WorkloadEndpoint', 'node--1-k8s-web--0-eth0', '  namespace: default\n')}spec:
  node: node-1
  orchestrator: k8s
  pod: web-0
  endpoint: eth0
  interfaceName: cali0123456789a
  ipNetworks:
    - 10.244.0.1/32
`,
};
