/**
 * Every metric weft exposes. This file is API: dashboards and alerts match these names, so a name is never reused
 * for another meaning.
 *
 * Calico's names begin with `felix_`; ours with `weft_`, and the rest of the name follows Calico's where the meaning is the
 * same. Where the number is the same it is exposed under Calico's name too (`calicoName`, and those that begin with
 * `felix_`): what Calico has as a summary is a histogram here, with the same `_sum` and `_count`. `ipam_*` are Calico's
 * own. `process_*` and `nodejs_*` are the names every Prometheus client library uses.
 */

/** The definitions, by topic. Label values are listed in the help line where they are a fixed set. */
export const METRICS = {
  buildInfo: {
    kind: 'gauge',
    name: 'weft_build_info',
    help: 'Always 1; the labels tell which program runs.',
    labels: ['version', 'node_version', 'role'],
  },
  ready: {
    kind: 'gauge',
    name: 'weft_ready',
    help: '1 when the node forwards what it announces, else 0; /readiness says why.',
    labels: [],
  },

  datastoreInSync: {
    kind: 'gauge',
    name: 'weft_datastore_in_sync',
    help: '1 when a complete snapshot of every kind is held and the watches run.',
    labels: [],
  },
  calicoResyncState: {
    kind: 'gauge',
    name: 'felix_resync_state',
    help: '3 when the datastore is in sync, else 2; weft_datastore_in_sync says the same.',
    labels: [],
  },
  clusterHosts: {
    kind: 'gauge',
    name: 'felix_cluster_num_hosts',
    help: 'Nodes in the datastore.',
    labels: [],
  },
  datastoreEvents: {
    kind: 'counter',
    name: 'weft_datastore_events_total',
    help: 'Changes received from the datastore.',
    labels: ['kind'],
  },

  calcSeconds: {
    kind: 'histogram',
    name: 'weft_calc_update_seconds',
    calicoName: 'felix_calc_graph_update_time_seconds',
    help: 'Time to derive the desired state of the node from its resources and facts.',
    labels: [],
    buckets: 'kernel',
  },

  bgpPeerUp: {
    kind: 'gauge',
    name: 'weft_bgp_peer_up',
    help: '1 while the session is Established; the type says who asks for it, as weftctl node status shows it.',
    labels: ['peer', 'type'],
  },
  bgpSessionsEstablished: {
    kind: 'counter',
    name: 'weft_bgp_sessions_established_total',
    help: 'How often the session with this peer became Established; the type is that of weft_bgp_peer_up.',
    labels: ['peer', 'type'],
  },
  bgpUpdatesReceived: {
    kind: 'counter',
    name: 'weft_bgp_updates_received_total',
    help: 'UPDATE messages received.',
    labels: ['peer'],
  },
  bgpPrefixes: {
    kind: 'gauge',
    name: 'weft_bgp_prefixes',
    help: 'Prefixes held, by table (adj-rib-in, adj-rib-out) and family.',
    labels: ['peer', 'table', 'family'],
  },

  bfdUp: {
    kind: 'gauge',
    name: 'weft_bfd_up',
    help: '1 while BFD with this peer is Up; no series without BFD.',
    labels: ['peer'],
  },
  bfdUps: {
    kind: 'counter',
    name: 'weft_bfd_ups_total',
    help: 'How often BFD with this peer came Up.',
    labels: ['peer'],
  },

  routes: {
    kind: 'gauge',
    name: 'weft_route_table_routes',
    help: 'Routes by state: wanted, and in-kernel (those of protocol weft that are there).',
    labels: ['state'],
  },
  calicoRoutes: {
    kind: 'gauge',
    name: 'felix_route_table_num_routes',
    help: 'Routes of protocol weft in the kernel, by table; weft_route_table_routes says more.',
    labels: ['table'],
  },
  routeRepairs: {
    kind: 'counter',
    name: 'weft_route_table_repairs_total',
    help: 'Routes somebody else removed or changed and weft put back.',
    labels: ['family'],
  },
  routeResyncSeconds: {
    kind: 'histogram',
    name: 'weft_route_table_resync_seconds',
    calicoName: 'felix_route_table_resync_seconds',
    help: 'Time to read the whole route table and compare it.',
    labels: [],
    buckets: 'kernel',
  },
  routeFailures: {
    kind: 'counter',
    name: 'weft_route_table_failures_total',
    calicoName: 'felix_int_dataplane_failures',
    help: 'Routes the kernel refused, by errno name.',
    labels: ['errno'],
  },

  fuseHeldRoutes: {
    kind: 'gauge',
    name: 'weft_fuse_held_routes',
    help: 'Routes of a mass withdrawal that is held, by table (learned, encapsulated, announced, left-over).',
    labels: ['table'],
  },

  natInSync: {
    kind: 'gauge',
    name: 'weft_nat_in_sync',
    help: '1 while masquerading, published ports and the check of sources are in the kernel as wanted.',
    labels: [],
  },
  tunnelInSync: {
    kind: 'gauge',
    name: 'weft_tunnel_in_sync',
    help: '1 while the tunnel device is in the kernel as wanted.',
    labels: ['device'],
  },
  spoofedPackets: {
    kind: 'counter',
    name: 'weft_spoofed_packets_total',
    help: 'Packets of containers that were dropped, because their source was an address of somebody else.',
    labels: [],
  },
  foreignVxlanPackets: {
    kind: 'counter',
    name: 'weft_foreign_vxlan_packets_total',
    help: 'Packets of VXLAN that were dropped, because they came from a host that is no node.',
    labels: [],
  },
  workloadTunnelPackets: {
    kind: 'counter',
    name: 'weft_workload_tunnel_packets_total',
    help: 'Packets of containers that were dropped, because they were VXLAN or IPIP, which nodes take for that of a node.',
    labels: [],
  },
  natRepairs: {
    kind: 'counter',
    name: 'weft_nat_repairs_total',
    help: 'How often somebody else had removed or changed the table of nftables and weft put it back.',
    labels: [],
  },
  natFailures: {
    kind: 'counter',
    name: 'weft_nat_failures_total',
    help: 'How often nft began to fail, or failed for another reason.',
    labels: [],
  },

  endpoints: {
    kind: 'gauge',
    name: 'weft_active_local_endpoints',
    calicoName: 'felix_active_local_endpoints',
    help: 'Workload endpoints attached on this node.',
    labels: [],
  },
  endpointAttachSeconds: {
    kind: 'histogram',
    name: 'weft_endpoint_attach_seconds',
    help: 'Time to give a container its address, interface and routes, by outcome (attached, refused, failed).',
    labels: ['outcome'],
    buckets: 'request',
  },
  announceSeconds: {
    kind: 'histogram',
    name: 'weft_announce_seconds',
    help: 'Time an attach in a new block was held back for a peer to acknowledge the block, by outcome (acknowledged, nobody-to-tell, aborted, not-announced).',
    labels: ['outcome'],
    buckets: 'request',
  },
  announceTimeouts: {
    kind: 'counter',
    name: 'weft_announce_timeouts_total',
    help: 'New blocks that were not announced, or that no peer acknowledged in time.',
    labels: [],
  },
  endpointDetachSeconds: {
    kind: 'histogram',
    name: 'weft_endpoint_detach_seconds',
    help: 'Time to take a container away.',
    labels: ['outcome'],
    buckets: 'request',
  },

  ipamBlocks: {
    kind: 'gauge',
    name: 'weft_ipam_blocks',
    help: 'IPAM blocks affine to this node.',
    labels: ['family'],
  },

  controllerLeader: {
    kind: 'gauge',
    name: 'weft_controller_leader',
    help: '1 while this controller is the one that acts.',
    labels: [],
  },
  controllerLooks: {
    kind: 'counter',
    name: 'weft_controller_looks_total',
    help: 'Looks for what can be taken back, by outcome (done, failed, skipped).',
    labels: ['outcome'],
  },
  controllerLookSeconds: {
    kind: 'histogram',
    name: 'weft_controller_look_seconds',
    help: 'Time of one look, with what was taken back.',
    labels: [],
    buckets: 'request',
  },
  poolSize: {
    kind: 'gauge',
    name: 'ipam_ippool_size',
    help: 'Addresses in the pool.',
    labels: ['ippool'],
  },
  poolReserved: {
    kind: 'gauge',
    name: 'ipam_ippool_reserved',
    help: 'Addresses of the pool that IPReservations keep from automatic assignment.',
    labels: ['ippool'],
  },
  poolAllocations: {
    kind: 'gauge',
    name: 'ipam_allocations_in_use',
    help: 'Addresses held, by pool and by the node they were assigned on.',
    labels: ['ippool', 'node'],
  },
  poolBorrowed: {
    kind: 'gauge',
    name: 'ipam_allocations_borrowed',
    help: 'Addresses held from blocks that are not of the node they were assigned on.',
    labels: ['ippool', 'node'],
  },
  poolBlocks: {
    kind: 'gauge',
    name: 'ipam_blocks',
    help: 'Blocks, by pool and by the node that owns them.',
    labels: ['ippool', 'node'],
  },
  leakCandidates: {
    kind: 'gauge',
    name: 'ipam_allocations_gc_candidates',
    help: 'Addresses that look leaked.',
    labels: ['ippool', 'node'],
  },
  leaksReclaimed: {
    kind: 'counter',
    name: 'ipam_allocations_gc_reclamations',
    help: 'Leaked addresses that this controller took back.',
    labels: ['ippool', 'node'],
  },
  nodeAllocations: {
    kind: 'gauge',
    name: 'ipam_allocations_per_node',
    help: 'Addresses held, by the node they were assigned on; ipam_allocations_in_use says more.',
    labels: ['node'],
  },
  nodeBorrowed: {
    kind: 'gauge',
    name: 'ipam_allocations_borrowed_per_node',
    help: 'Addresses held from blocks of others; ipam_allocations_borrowed says more.',
    labels: ['node'],
  },
  nodeBlocks: {
    kind: 'gauge',
    name: 'ipam_blocks_per_node',
    help: 'Blocks by the node that owns them; ipam_blocks says more.',
    labels: ['node'],
  },

  controlRequests: {
    kind: 'counter',
    name: 'weft_control_requests_total',
    help: 'Requests to the control API by operation and HTTP status.',
    labels: ['operation', 'status'],
  },
  controlRequestSeconds: {
    kind: 'histogram',
    name: 'weft_control_request_seconds',
    help: 'Time to answer a request to the control API.',
    labels: ['operation'],
    buckets: 'request',
  },

  droppedSeries: {
    kind: 'counter',
    name: 'weft_telemetry_dropped_series_total',
    help: 'Label combinations a metric did not expose because it has too many.',
    labels: ['metric'],
  },
  droppedLogLines: {
    kind: 'counter',
    name: 'weft_telemetry_dropped_log_lines_total',
    calicoName: 'felix_logs_dropped',
    help: 'Log lines lost because the reader of the log did not keep up.',
    labels: [],
  },
  eventLoopDelay: {
    kind: 'gauge',
    name: 'weft_event_loop_delay_seconds',
    help: 'How late the event loop ran since the last scrape, by quantile (1 is the worst).',
    labels: ['quantile'],
  },

  processCpuSeconds: {
    kind: 'counter',
    name: 'process_cpu_seconds_total',
    help: 'User and system CPU time.',
    labels: [],
  },
  processResidentMemory: {
    kind: 'gauge',
    name: 'process_resident_memory_bytes',
    help: 'Resident memory.',
    labels: [],
  },
  processOpenFds: {
    kind: 'gauge',
    name: 'process_open_fds',
    help: 'Open file descriptors.',
    labels: [],
  },
  processStartTime: {
    kind: 'gauge',
    name: 'process_start_time_seconds',
    help: 'Start of the process, in seconds since 1970.',
    labels: [],
  },
  heapUsed: {
    kind: 'gauge',
    name: 'nodejs_heap_size_used_bytes',
    help: 'JavaScript heap in use.',
    labels: [],
  },
} as const;
