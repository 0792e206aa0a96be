import { describe, expect, test } from 'vitest';
import { faults, parsed } from '../../test/parsing.ts';
import { readResource } from '../parse-resource.ts';
import { felixConfiguration } from './felix-configuration.ts';

/** Every field of Calico's FelixConfigurationSpec, by its name in JSON. */
const calicoFields = `
allowIPIPPacketsFromWorkloads allowVXLANPacketsFromWorkloads awsSrcDstCheck bpfAttachType bpfCTLBLogFilter
bpfConnectTimeLoadBalancing bpfConnectTimeLoadBalancingEnabled bpfConntrackLogLevel bpfConntrackMode
bpfConntrackTimeouts bpfDSROptoutCIDRs bpfDataIfacePattern bpfDisableGROForIfaces bpfDisableUnprivileged bpfEnabled
bpfEnforceRPF bpfExcludeCIDRsFromNAT bpfExportBufferSizeMB bpfExtToServiceConnmark bpfExternalServiceMode
bpfForceTrackPacketsFromIfaces bpfHostConntrackBypass bpfHostNetworkedNATWithoutCTLB bpfIPFragTimeout
bpfIPFragmentReassemblyEnabled bpfJITHardening bpfKubeProxyHealthzPort bpfKubeProxyIptablesCleanupEnabled
bpfKubeProxyMinSyncPeriod bpfL3IfacePattern bpfLogFilters bpfLogLevel bpfMaglevMaxEndpointsPerService
bpfMaglevMaxServices bpfMapSizeConntrack bpfMapSizeConntrackCleanupQueue bpfMapSizeConntrackScaling bpfMapSizeIPSets
bpfMapSizeIfState bpfMapSizeNATAffinity bpfMapSizeNATBackend bpfMapSizeNATFrontend bpfMapSizePerCpuConntrack
bpfMapSizeRoute bpfOverlayHostSourceIP bpfPSNATPorts bpfPolicyDebugEnabled bpfProfiling bpfRedirectToPeer cgroupV2Path
chainInsertMode dataplaneDriver dataplaneWatchdogTimeout debugDisableLogDropping debugHost debugMemoryProfilePath
debugPort debugSimulateCalcGraphHangAfter debugSimulateDataplaneApplyDelay debugSimulateDataplaneHangAfter
defaultEndpointToHostAction deviceRouteProtocol deviceRouteSourceAddress deviceRouteSourceAddressIPv6
disableConntrackInvalidCheck endpointReportingDelay endpointReportingEnabled endpointStatusPathPrefix externalNodesList
failsafeInboundHostPorts failsafeOutboundHostPorts featureDetectOverride featureGates floatingIPs
flowLogsCollectorDebugTrace flowLogsFlushInterval flowLogsGoldmaneServer flowLogsLocalReporter
flowLogsPolicyEvaluationMode genericXDPEnabled goGCThreshold goMaxProcs goMemoryLimitMB healthEnabled healthHost
healthPort healthTimeoutOverrides interfaceExclude interfacePrefix interfaceRefreshInterval ipForwarding ipipEnabled
ipipMTU ipsetsRefreshInterval iptablesBackend iptablesFilterAllowAction iptablesFilterDenyAction
iptablesLockProbeInterval iptablesMangleAllowAction iptablesMarkMask iptablesNATOutgoingInterfaceFilter
iptablesPostWriteCheckInterval iptablesRefreshInterval ipv4ElevatedRoutePriority ipv4NormalRoutePriority
ipv6ElevatedRoutePriority ipv6NormalRoutePriority ipv6Support istioAmbientMode istioDSCPMark kubeNodePortRanges
liveMigrationRouteConvergenceTime localSubnetL2Reachability localSubnetL2ReachabilityRefreshInterval logActionRateLimit
logActionRateLimitBurst logDebugFilenameRegex logFilePath logPrefix logSeverityFile logSeverityScreen logSeveritySys
maxIpsetSize metadataAddr metadataPort mtuIfacePattern natOutgoingAddress natOutgoingExclusions natPortRange
netlinkTimeout nftablesFilterAllowAction nftablesFilterDenyAction nftablesFlowTableDataIfacePattern
nftablesFlowTableOffload nftablesMangleAllowAction nftablesMarkMask nftablesMode nftablesRefreshInterval nodeSelector
openstackRegion policySyncPathPrefix programClusterRoutes prometheusGoMetricsEnabled prometheusMetricsCAFile
prometheusMetricsCertFile prometheusMetricsClientAuth prometheusMetricsEnabled prometheusMetricsHost
prometheusMetricsKeyFile prometheusMetricsPort prometheusProcessMetricsEnabled prometheusWireGuardMetricsEnabled
removeExternalRoutes reportingInterval reportingTTL requireMTUFile routeRefreshInterval routeSource routeSyncDisabled
routeTableRange routeTableRanges serviceLoopPrevention sidecarAccelerationEnabled usageReportingEnabled
usageReportingInitialDelay usageReportingInterval useInternalDataplaneDriver vxlanEnabled vxlanMTU vxlanMTUV6 vxlanPort
vxlanVNI windowsManageFirewallRules wireguardEnabled wireguardEnabledV6 wireguardHostEncryptionEnabled
wireguardInterfaceName wireguardInterfaceNameV6 wireguardKeepAlive wireguardListeningPort wireguardListeningPortV6
wireguardMTU wireguardMTUV6 wireguardRoutingRulePriority wireguardThreadingEnabled workloadSourceSpoofing
xdpEnabled xdpRefreshInterval
`
  .trim()
  .split(/\s+/);

describe('FelixConfiguration', () => {
  test("knows exactly Calico's fields", () => {
    expect(Object.keys(felixConfiguration.spec.shape).sort()).toEqual([...calicoFields].sort());
  });

  test('fills in nothing: absent means as the object of lower precedence', () => {
    expect(parsed('FelixConfiguration', {}).spec).toEqual({});
    expect(parsed('FelixConfiguration', { logSeverityScreen: '', ipipMTU: null }).spec).toEqual({});
  });

  test.each([
    { routeRefreshInterval: '90s', interfaceRefreshInterval: '0', wireguardKeepAlive: '1m30s' },
    { interfacePrefix: 'cali,tap', interfaceExclude: 'kube-ipvs0,/^dummy.*$/' },
    { mtuIfacePattern: '^((en|wl|ww|sl|ib)[Pcopsvx].*|(eth|wlan|wwan).*)' },
    { deviceRouteSourceAddress: '10.0.0.1', deviceRouteSourceAddressIPv6: 'fd00::1' },
    { deviceRouteProtocol: 80, removeExternalRoutes: false, routeSource: 'workloadips' },
    {
      routeTableRanges: [
        { min: 1, max: 250 },
        { min: 10_000, max: 10_100 },
      ],
    },
    { routeTableRange: { min: 1, max: 250 } },
    { ipv4NormalRoutePriority: 1, ipv6ElevatedRoutePriority: 2_147_483_646 },
    { natPortRange: '32768:65535', kubeNodePortRanges: [30_000, '30001:32767'] },
    { externalNodesList: ['192.0.2.0/24', '198.51.100.7'] },
    { healthTimeoutOverrides: [{ name: 'InternalDataplaneMainLoop', timeout: '90s' }] },
    { failsafeInboundHostPorts: [{ protocol: 'TCP', port: 22, net: '0.0.0.0/0' }] },
    { failsafeOutboundHostPorts: [] },
    { iptablesBackend: 'nft', chainInsertMode: 'INSERT', logSeverityFile: 'debug' },
    { featureDetectOverride: 'SNATFullyRandom=true,MASQFullyRandom=false,RestoreSupportsLock=' },
    { logActionRateLimit: '10/second', logPrefix: 'calico-packet %t' },
    { bpfConntrackTimeouts: { tcpFinsSeen: 'Auto', udpTimeout: '60s' } },
    { istioDSCPMark: 23 },
    { istioDSCPMark: 'AF11' },
  ])('takes %j and keeps it as written', (spec) => {
    expect(parsed('FelixConfiguration', spec).spec).toEqual(
      'externalNodesList' in spec ? { externalNodesList: ['192.0.2.0/24', '198.51.100.7/32'] } : spec,
    );
  });

  test.each([
    [{ routeRefreshInterval: '90' }, 'spec.routeRefreshInterval: "90" is not a duration like 90s or 1m30s'],
    [{ routeRefreshInterval: 90 }, 'spec.routeRefreshInterval: must be a string, not 90'],
    [
      { interfacePrefix: 'cali, tap' },
      'spec.interfacePrefix: "cali, tap" is not a prefix of interface names, or several separated by commas',
    ],
    [{ mtuIfacePattern: 'eth(' }, 'spec.mtuIfacePattern: "eth(" is not a regular expression'],
    [
      { mtuIfacePattern: '^(?!lo)' },
      'spec.mtuIfacePattern: "^(?!lo)" is not a regular expression of Go: it looks around or back',
    ],
    [{ deviceRouteSourceAddress: 'fd00::1' }, 'spec.deviceRouteSourceAddress: fd00::1 is not IPv4'],
    [{ deviceRouteSourceAddressIPv6: '10.0.0.1' }, 'spec.deviceRouteSourceAddressIPv6: 10.0.0.1 is not IPv6'],
    [{ natOutgoingAddress: 'fd00::1' }, 'spec.natOutgoingAddress: fd00::1 is not IPv4'],
    [{ deviceRouteProtocol: 256 }, 'spec.deviceRouteProtocol: 256 is more than 255'],
    [{ ipv4NormalRoutePriority: 0 }, 'spec.ipv4NormalRoutePriority: 0 is less than 1'],
    [
      { ipv6NormalRoutePriority: 2_147_483_647 },
      'spec.ipv6NormalRoutePriority: 2147483647 is more than 2147483646',
    ],
    [{ wireguardListeningPort: 0 }, 'spec.wireguardListeningPort: 0 is less than 1'],
    [{ wireguardRoutingRulePriority: 32_766 }, 'spec.wireguardRoutingRulePriority: 32766 is more than 32765'],
    [{ vxlanVNI: 16_777_216 }, 'spec.vxlanVNI: 16777216 is more than 16777215'],
    [
      { programClusterRoutes: 'Disable' },
      'spec.programClusterRoutes: "Disable" is not one of Enabled, Disabled, EnabledIPIPOnly, EnabledNoEncapOnly',
    ],
    [{ externalNodesList: ['fd00::/64'] }, 'spec.externalNodesList[0]: fd00::/64 is not IPv4'],
    [{ natPortRange: true }, 'spec.natPortRange: must be an integer or a string, not true'],
    [{ natPortRange: '9:8' }, 'spec.natPortRange: "9:8" is neither a port nor a range like 30000:32767'],
    [
      { kubeNodePortRanges: ['http'] },
      'spec.kubeNodePortRanges[0]: "http" is neither a port nor a range like 30000:32767',
    ],
    [
      { kubeNodePortRanges: [1, 2, 3, 4, 5, 6, 7, 8] },
      'spec.kubeNodePortRanges: a count of 8 is more than 7',
    ],
    [
      { healthTimeoutOverrides: [{ name: 'a/b', timeout: '1s' }] },
      'spec.healthTimeoutOverrides[0].name: "a/b" is not the name of a part of Felix',
    ],
    [
      { failsafeInboundHostPorts: [{ protocol: 'tcp', port: 22 }] },
      'spec.failsafeInboundHostPorts[0].protocol: "tcp" is not one of TCP, UDP, SCTP',
    ],
    [
      { openstackRegion: 'Region' },
      'spec.openstackRegion: "Region" is not a name of at most 46 lower-case letters, digits and -',
    ],
    [
      { bpfLogFilters: { 'eth0:1': 'x' } },
      'spec.bpfLogFilters["eth0:1"]: "eth0:1" is not an interface name of up to 15 characters',
    ],
    [{ bpfDataIfacePattern: '*' }, 'spec.bpfDataIfacePattern: "*" is not a regular expression'],
    [{ awsSrcDstCheck: 'enable' }, 'spec.awsSrcDstCheck: "enable" is not one of DoNothing, Enable, Disable'],
    [
      { bpfExtToServiceConnmark: 4_294_967_296 },
      'spec.bpfExtToServiceConnmark: 4294967296 is more than 4294967295',
    ],
    [{ routeSyncDisable: true }, 'spec.routeSyncDisable: is not a known field'],
    [{ routeTableRanges: [{ min: 9, max: 8 }] }, 'spec.routeTableRanges[0]: min 9 is greater than max 8'],
    [{ routeTableRange: { min: 9, max: 8 } }, 'spec.routeTableRange: min 9 is greater than max 8'],
    [{ routeTableRange: { min: 1, max: 251 } }, 'spec.routeTableRange.max: 251 is more than 250'],
    [
      { routeTableRange: { min: 1, max: 2 }, routeTableRanges: [] },
      'spec.routeTableRange: routeTableRange and routeTableRanges exclude each other',
    ],
    [
      {
        routeTableRanges: [
          { min: 1, max: 65_535 },
          { min: 70_000, max: 70_000 },
        ],
      },
      'spec.routeTableRanges: names more than 65535 tables',
    ],
  ])('refuses %j', (spec, fault) => {
    expect(faults('FelixConfiguration', spec)).toEqual([fault]);
  });

  test.each([
    ['default', false],
    ['node.worker-1', false],
    ['storage-nodes', true],
  ])('a selector on an object called %s: %s', (name, allowed) => {
    const found = faults('FelixConfiguration', { nodeSelector: 'has(storage)' }, { name });
    expect(found).toEqual(
      allowed ? [] : [`spec.nodeSelector: the name ${name} says already which nodes are meant`],
    );
  });

  test('a stored object keeps the fields of a newer Calico', () => {
    const stored = {
      apiVersion: 'projectcalico.org/v3',
      kind: 'FelixConfiguration',
      metadata: { name: 'default' },
      spec: { bpfNewThing: { deep: [1] }, bpfEnabled: false },
    };
    expect(readResource(stored)).toEqual({ ok: true, resource: stored });
  });
});
