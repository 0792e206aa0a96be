/**
 * The fields of FelixConfiguration that are about filtering packets (iptables, nftables, BPF), logging and the process
 * of Felix itself. They are known, so that a user's file is understood, and checked as far as their type.
 *
 * Source: Calico FelixConfigurationSpec.
 */
import { z } from 'zod';
import {
  anyCase,
  cidrField,
  durationField,
  goPatternField,
  object,
  pattern,
  portRangeField,
} from '../../schema/fields.ts';

const flag = z.boolean().optional();
const text = z.string().optional();
const number = z.int().optional();
const duration = durationField().optional();
const mask = z.int().min(0).max(0xffff_ffff).optional();
const atLeastMinusOne = z.int().min(-1).optional();
const allowAction = anyCase(['Accept', 'Return']).optional();
const denyAction = anyCase(['Drop', 'Reject']).optional();
const severity = anyCase(['Trace', 'Debug', 'Info', 'Warning', 'Error', 'Fatal']).optional();
const keyValues = pattern(
  /^\s*(\w+=[^,]*)?(,\s*(\w+=[^,]*)?)*$/,
  'a list like key=value,key=value',
).optional();
const maglev = z.int().min(1).max(3000).optional();
const interfaceFilter = pattern(
  /^[a-zA-Z0-9:._+-]{1,15}$/,
  'an interface name of up to 15 characters, + as wildcard',
);

const failsafePorts = z
  .array(
    object('ProtoPort', {
      protocol: z.enum(['TCP', 'UDP', 'SCTP']).describe('Protocol of the port.'),
      port: z.int().min(0).max(65_535).describe('The port.'),
      net: cidrField().optional().describe('Only for this range.'),
    }),
  )
  .optional();

/** The process and where its data comes from. */
export const daemon: z.ZodRawShape = {
  useInternalDataplaneDriver: flag.describe('Felix programs the kernel itself; true when absent.'),
  dataplaneDriver: text.describe('Program that does it otherwise.'),
  featureDetectOverride: keyValues.describe('Features of the kernel to take as present or missing.'),
  featureGates: keyValues.describe('Features of Felix that are not finished.'),
  metadataAddr: text.describe('OpenStack: address of the metadata service.'),
  metadataPort: number.describe('OpenStack: port of the metadata service.'),
  openstackRegion: pattern(
    /^[a-z0-9]([-a-z0-9]{0,44}[a-z0-9])?$/,
    'a name of at most 46 lower-case letters, digits and -',
  )
    .optional()
    .describe('OpenStack: name of the region.'),
  reportingInterval: duration.describe('Time between two reports of the process to the datastore.'),
  reportingTTL: duration.describe('How long such a report is valid.'),
  policySyncPathPrefix: text.describe('Folder for sockets that tell other programs the policy.'),
  usageReportingEnabled: flag.describe('Tell the makers of Calico about this cluster.'),
  usageReportingInitialDelay: duration.describe('How long the first such message waits.'),
  usageReportingInterval: duration.describe('Time between two such messages.'),
  goMemoryLimitMB: atLeastMinusOne.describe('Memory Felix tries to stay under, in megabytes; -1 for any.'),
  goMaxProcs: atLeastMinusOne.describe('Processors Felix uses at once; -1 for all.'),
  cgroupV2Path: text.describe('Where the cgroup file system is mounted.'),
  windowsManageFirewallRules: z
    .enum(['Enabled', 'Disabled'])
    .optional()
    .describe('Windows: open the firewall.'),
};

/** Logs. */
export const logging: z.ZodRawShape = {
  logPrefix: pattern(/^[a-zA-Z0-9%: /_-]*$/, 'a log prefix')
    .optional()
    .describe('What logged packets begin with.'),
  logActionRateLimit: pattern(/^[1-9]\d{0,3}\/(second|minute|hour|day)$/, 'a rate like 10/second')
    .optional()
    .describe('Most packets to log, for example 10/second.'),
  logActionRateLimitBurst: z
    .int()
    .min(0)
    .max(9999)
    .optional()
    .describe('Packets logged before that limit holds.'),
  logFilePath: text.describe('File of the log.'),
  logSeverityFile: severity.describe('Least severity for the file.'),
  logSeverityScreen: severity.describe('Least severity for standard output.'),
  logSeveritySys: severity.describe('Least severity for syslog.'),
  logDebugFilenameRegex: goPatternField()
    .optional()
    .describe('Source files whose debug messages are logged.'),
  debugMemoryProfilePath: text.describe('File for a memory profile.'),
  debugDisableLogDropping: flag.describe('Wait for a slow log instead of dropping messages.'),
  debugSimulateCalcGraphHangAfter: duration.describe('For tests of Felix: hang.'),
  debugSimulateDataplaneHangAfter: duration.describe('For tests of Felix: hang.'),
  debugSimulateDataplaneApplyDelay: duration.describe('For tests of Felix: be slow.'),
  flowLogsFlushInterval: duration.describe('Time between two batches of flow logs.'),
  flowLogsCollectorDebugTrace: flag.describe('Trace the collector of flow logs.'),
  flowLogsGoldmaneServer: text.describe('Where flow logs go.'),
  flowLogsLocalReporter: z.enum(['Enabled', 'Disabled']).optional().describe('Flow logs for local readers.'),
  flowLogsPolicyEvaluationMode: z
    .enum(['None', 'Continuous'])
    .optional()
    .describe('Whether flows that go on are matched with new policy.'),
};

/** iptables, nftables and XDP. */
export const tables: z.ZodRawShape = {
  iptablesPostWriteCheckInterval: duration.describe('How long after a write the rules are read again.'),
  iptablesLockProbeInterval: duration.describe('Time between two tries for the lock of iptables.'),
  maxIpsetSize: number.describe('Most addresses in one IP set.'),
  iptablesBackend: anyCase(['Auto', 'Legacy', 'NFT']).optional().describe('Which iptables.'),
  xdpRefreshInterval: duration.describe('How often XDP programs are checked.'),
  chainInsertMode: anyCase(['Insert', 'Append']).optional().describe('Where the rules go in a chain.'),
  iptablesFilterAllowAction: allowAction.describe('What allowed packets meet in the filter table.'),
  iptablesMangleAllowAction: allowAction.describe('What allowed packets meet in the mangle table.'),
  iptablesFilterDenyAction: denyAction.describe('What denied packets meet.'),
  iptablesMarkMask: mask.describe('Bits of the packet mark that Felix uses.'),
  disableConntrackInvalidCheck: flag.describe('Let packets pass that conntrack calls invalid.'),
  failsafeInboundHostPorts: failsafePorts.describe('Ports to hosts that no policy closes.'),
  failsafeOutboundHostPorts: failsafePorts.describe('Ports from hosts that no policy closes.'),
  kubeNodePortRanges: z.array(portRangeField()).max(7).optional().describe('Ports of services on nodes.'),
  sidecarAccelerationEnabled: flag.describe('Shorten the way to sidecars.'),
  xdpEnabled: flag.describe('Drop early with XDP.'),
  genericXDPEnabled: flag.describe('Use XDP where the driver does not support it.'),
  nftablesMode: z
    .enum(['Auto', 'Enabled', 'Disabled'])
    .meta({ crd: { both: { default: 'Auto' } } })
    .optional()
    .describe('Use nftables and not iptables; Auto when absent.'),
  nftablesFlowTableOffload: z
    .enum(['All', 'Disabled'])
    .meta({ crd: { both: { default: 'Disabled' } } })
    .optional()
    .describe('Hand established connections to the flow table of the kernel; Disabled when absent.'),
  nftablesFlowTableDataIfacePattern: goPatternField().optional().describe('Interfaces of that flow table.'),
  nftablesRefreshInterval: duration.describe('How often the nftables rules are checked.'),
  nftablesFilterAllowAction: allowAction.describe('What allowed packets meet in the filter table.'),
  nftablesMangleAllowAction: allowAction.describe('What allowed packets meet in the mangle table.'),
  nftablesFilterDenyAction: denyAction.describe('What denied packets meet.'),
  nftablesMarkMask: mask.describe('Bits of the packet mark that Felix uses.'),
  istioAmbientMode: z
    .enum(['Enabled', 'Disabled'])
    .optional()
    .describe('Live beside the ambient mode of Istio.'),
  istioDSCPMark: z
    .union([z.int(), z.string()])
    .meta({ typescript: 'number | string' })
    .optional()
    .describe('DSCP that marks packets of Istio.'),
};

const timeout = pattern(/^((\d*(\.\d*)?(ms|s|h|m|us)+)+|Auto)$/, 'a duration like 90s, or Auto').optional();

const conntrackTimeouts = object('BPFConntrackTimeouts', {
  creationGracePeriod: timeout.describe('New connections are left alone for this long.'),
  tcpSynSent: timeout.describe('After a SYN without an answer.'),
  tcpEstablished: timeout.describe('After the last packet of an established connection.'),
  tcpFinsSeen: timeout.describe('After both sides closed.'),
  tcpResetSeen: timeout.describe('After a reset.'),
  udpTimeout: timeout.describe('After the last UDP packet.'),
  genericTimeout: timeout.describe('After the last packet of another protocol.'),
  icmpTimeout: timeout.describe('After the last ICMP packet.'),
});

/** The BPF dataplane. */
export const bpf: z.ZodRawShape = {
  bpfEnabled: flag.describe('Use BPF and not iptables.'),
  bpfOverlayHostSourceIP: z
    .enum(['TunnelAddress', 'HostAddress'])
    .optional()
    .describe('Source of host packets.'),
  bpfDisableUnprivileged: flag.describe('Forbid BPF to programs without privilege.'),
  bpfJITHardening: z
    .enum(['Auto', 'Strict'])
    .optional()
    .describe('Whether to soften the hardening of the kernel.'),
  bpfLogLevel: anyCase(['Off', 'Info', 'Debug']).optional().describe('What BPF programs log.'),
  bpfConntrackLogLevel: z.enum(['Off', 'Debug']).optional().describe('What the conntrack cleaner logs.'),
  bpfConntrackMode: z.enum(['Auto', 'Userspace', 'BPFProgram']).optional().describe('Who cleans conntrack.'),
  bpfConntrackTimeouts: conntrackTimeouts.optional().describe('When conntrack entries go.'),
  bpfIPFragTimeout: duration.describe('How long fragments are kept.'),
  bpfLogFilters: z
    .record(z.string(), z.string())
    .optional()
    .describe('Filter of the log for each interface.'),
  bpfCTLBLogFilter: text.describe('Filter of the log of connect-time load balancing.'),
  bpfDataIfacePattern: goPatternField().optional().describe('Interfaces of the host to attach to.'),
  bpfL3IfacePattern: goPatternField().optional().describe('Interfaces without link-layer headers.'),
  bpfConnectTimeLoadBalancingEnabled: flag.describe('Deprecated for bpfConnectTimeLoadBalancing.'),
  bpfConnectTimeLoadBalancing: z
    .enum(['TCP', 'Enabled', 'Disabled'])
    .optional()
    .describe('Choose the backend of a service when a program connects.'),
  bpfHostNetworkedNATWithoutCTLB: z
    .enum(['Enabled', 'Disabled'])
    .optional()
    .describe('NAT for host programs.'),
  bpfExternalServiceMode: anyCase(['Tunnel', 'DSR'])
    .optional()
    .describe('How backends answer from other nodes.'),
  bpfDSROptoutCIDRs: z.array(cidrField()).optional().describe('Clients that DSR does not serve.'),
  bpfExtToServiceConnmark: mask.describe('Mark of connections from outside to services.'),
  bpfKubeProxyIptablesCleanupEnabled: flag.describe('Remove the rules of kube-proxy.'),
  bpfKubeProxyMinSyncPeriod: duration.describe('Least time between two updates of services.'),
  bpfKubeProxyHealthzPort: z
    .int()
    .min(0)
    .max(65_535)
    .optional()
    .describe('Port of the service health probe.'),
  bpfPSNATPorts: portRangeField().optional().describe('Ports for source NAT.'),
  bpfMapSizeNATFrontend: number.describe('Size of the map of services.'),
  bpfMapSizeNATBackend: number.describe('Size of the map of backends.'),
  bpfMapSizeNATAffinity: number.describe('Size of the map of client affinity.'),
  bpfMapSizeRoute: number.describe('Size of the map of routes.'),
  bpfMapSizeConntrack: number.describe('Size of the map of connections.'),
  bpfMapSizePerCpuConntrack: number.describe('The same for each processor.'),
  bpfMapSizeConntrackScaling: anyCase(['Disabled', 'DoubleIfFull']).optional().describe('Whether it grows.'),
  bpfMapSizeConntrackCleanupQueue: z.int().min(1).optional().describe('Size of the queue of the cleaner.'),
  bpfMapSizeIPSets: number.describe('Size of the map of IP sets.'),
  bpfMapSizeIfState: number.describe('Size of the map of interfaces.'),
  bpfHostConntrackBypass: flag.describe('Keep packets of workloads out of the conntrack of Linux.'),
  bpfIPFragmentReassemblyEnabled: flag.describe('Put fragments together.'),
  bpfEnforceRPF: anyCase(['Disabled', 'Strict', 'Loose']).optional().describe('Check of source addresses.'),
  bpfPolicyDebugEnabled: flag.describe('Keep what explains the policy programs.'),
  bpfForceTrackPacketsFromIfaces: z
    .array(interfaceFilter)
    .optional()
    .describe('Interfaces Linux tracks anyway.'),
  bpfDisableGROForIfaces: goPatternField().optional().describe('Interfaces without receive offload.'),
  bpfExcludeCIDRsFromNAT: z
    .array(cidrField())
    .optional()
    .describe('Service addresses that BPF leaves alone.'),
  bpfExportBufferSizeMB: number.describe('Size of the buffer for events, in megabytes.'),
  bpfRedirectToPeer: text.describe('Hand packets straight to the workload.'),
  bpfAttachType: z.enum(['TC', 'TCX', 'Netkit']).optional().describe('How programs are attached.'),
  bpfProfiling: z.enum(['Enabled', 'Disabled']).optional().describe('Measure the programs.'),
  bpfMaglevMaxEndpointsPerService: maglev.describe('Most backends of a Maglev service.'),
  bpfMaglevMaxServices: maglev.describe('Most Maglev services.'),
};
