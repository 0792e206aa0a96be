/** The paths of the API, written once for both sides. A change that old clients cannot read gets `/v2`. */
export const PATHS = {
  status: '/v1/status',
  bgpPeers: '/v1/bgp/peers',
  rib: '/v1/bgp/rib',
  routes: '/v1/routes',
  endpoints: '/v1/endpoints',
  addresses: '/v1/addresses',
  pools: '/v1/pools',
  cni: '/v1/cni',
  fuse: '/v1/fuse',
  ipamHistory: '/v1/ipam/history',
  explain: '/v1/explain',
  explainPeer: '/v1/explain/peer',
  metrics: '/metrics',
  liveness: '/liveness',
  readiness: '/readiness',
} as const;
