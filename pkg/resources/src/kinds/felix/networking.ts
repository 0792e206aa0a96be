/**
 * The fields of FelixConfiguration about networking: routes, tunnels, NAT, interfaces, health. Each is validated as
 * Calico does; none has a default in the object, because absent on `node.<name>` means "as the cluster".
 *
 * Source: Calico FelixConfigurationSpec, its validation, and the parameters of Felix for the built-in defaults.
 */
import { z } from 'zod';
import {
  addressField,
  anyCase,
  cidrField,
  durationField,
  goPatternField,
  interfaceNameField,
  object,
  pattern,
  portRangeField,
} from '../../schema/fields.ts';

const port = z.int().min(0).max(65_535);
const mtu = z.int().min(0).max(65_535);
const routePriority = z.int().min(1).max(2_147_483_646);
const enabledOrDisabled = z.enum(['Enabled', 'Disabled']);
const hostAddress = pattern(/^[a-zA-Z0-9:._+-]{1,64}$/, 'an address or a host name');

/** How often what is in the kernel is checked. */
export const refreshing: z.ZodRawShape = {
  routeRefreshInterval: durationField()
    .optional()
    .describe('How often the routes in the kernel are checked; 0 for never, 90s when absent.'),
  interfaceRefreshInterval: durationField()
    .optional()
    .describe('How often the interfaces are read again; 0 for never, 90s when absent.'),
  iptablesRefreshInterval: durationField()
    .optional()
    .describe('How often the iptables rules are checked; 0 for never, 180s when absent.'),
  ipsetsRefreshInterval: durationField()
    .optional()
    .describe('How often the IP sets are checked; 0 for never, 90s when absent.'),
  netlinkTimeout: durationField()
    .optional()
    .describe('How long the kernel may take to answer; 10s when absent.'),
  dataplaneWatchdogTimeout: durationField()
    .optional()
    .describe(
      'Deprecated for healthTimeoutOverrides: how long an update of the kernel may take; 90s when absent.',
    ),
};

/** Which interfaces belong to workloads, and which families are handled. */
export const interfaces: z.ZodRawShape = {
  interfacePrefix: pattern(
    /^[a-zA-Z0-9_-]{1,15}(,[a-zA-Z0-9_-]{1,15})*$/,
    'a prefix of interface names, or several separated by commas',
  )
    .optional()
    .describe('What the names of workload interfaces begin with, separated by commas; cali when absent.'),
  interfaceExclude: z
    .string()
    .optional()
    .describe('Interfaces to leave alone: names, or expressions between slashes; kube-ipvs0 when absent.'),
  ipv6Support: z.boolean().optional().describe('Handle IPv6, too; true when absent.'),
  ipForwarding: enabledOrDisabled.optional().describe('Let the kernel forward; Enabled when absent.'),
  mtuIfacePattern: goPatternField()
    .optional()
    .describe('Interfaces whose MTU decides that of workloads, a regular expression.'),
  requireMTUFile: z.boolean().optional().describe('Wait for the file with the MTU; false when absent.'),
  floatingIPs: enabledOrDisabled.optional().describe('Program floating addresses; Disabled when absent.'),
  workloadSourceSpoofing: anyCase(['Disabled', 'Any'])
    .optional()
    .describe('Whether workloads may ask to send from addresses that are not theirs; Disabled when absent.'),
  awsSrcDstCheck: z
    .enum(['DoNothing', 'Enable', 'Disable'])
    .optional()
    .describe('What to do about the address check of AWS instances; DoNothing when absent.'),
  defaultEndpointToHostAction: anyCase(['Drop', 'Accept', 'Return'])
    .optional()
    .describe('What happens to packets from workloads to their host; Drop when absent.'),
  localSubnetL2Reachability: z
    .enum(['Disabled', 'PodsAndLoadBalancers'])
    .optional()
    .describe("Answer ARP and NDP for local addresses within the host's own subnet; Disabled when absent."),
  localSubnetL2ReachabilityRefreshInterval: durationField()
    .optional()
    .describe('How often these addresses are announced again; 0 for never, 120s when absent.'),
};

/** `rangesInOrder` for the API server. */
const inOrder = { rule: 'self.min <= self.max', message: 'min is greater than max; exchange them' };

/** How routes are written. */
export const routes: z.ZodRawShape = {
  deviceRouteSourceAddress: addressField(4)
    .optional()
    .describe('Source address of IPv4 routes to workloads; the kernel chooses when absent.'),
  deviceRouteSourceAddressIPv6: addressField(6)
    .optional()
    .describe('Source address of IPv6 routes to workloads; the kernel chooses when absent.'),
  deviceRouteProtocol: z
    .int()
    .min(0)
    .max(255)
    .optional()
    .describe('Protocol number of routes to workloads; 3 (boot) when absent in Calico.'),
  removeExternalRoutes: z
    .boolean()
    .optional()
    .describe('Remove routes over workload interfaces that somebody else wrote; true when absent.'),
  routeSyncDisabled: z.boolean().optional().describe('Write no routes at all; false when absent.'),
  routeSource: anyCase(['WorkloadIPs', 'CalicoIPAM'])
    .optional()
    .describe('Where routes to other nodes follow from: blocks or single workloads; CalicoIPAM when absent.'),
  routeTableRanges: z
    .array(
      object('RouteTableIDRange', {
        min: z.int().min(1).max(0xffff_ffff).describe('First table.'),
        max: z.int().min(1).max(0xffff_ffff).describe('Last table.'),
      }).meta({ 'x-kubernetes-validations': [inOrder] }),
    )
    .optional()
    .describe('Routing tables to use, 65,535 at most; 1 to 250 when absent.'),
  routeTableRange: object('RouteTableRange', {
    min: z.int().min(1).max(250).describe('First table.'),
    max: z.int().min(1).max(250).describe('Last table.'),
  })
    .meta({ 'x-kubernetes-validations': [inOrder] })
    .optional()
    .describe('Deprecated for routeTableRanges: routing tables to use.'),
  programClusterRoutes: z
    .enum(['Enabled', 'Disabled', 'EnabledIPIPOnly', 'EnabledNoEncapOnly'])
    .optional()
    .describe('Which routes to other nodes Felix writes, and not BGP; EnabledIPIPOnly when absent.'),
  ipv4NormalRoutePriority: routePriority
    .optional()
    .describe('Metric of IPv4 workload routes; 1024 when absent.'),
  ipv4ElevatedRoutePriority: routePriority
    .optional()
    .describe('Metric of IPv4 routes of workloads that are moving; 512 when absent.'),
  ipv6NormalRoutePriority: routePriority
    .optional()
    .describe('Metric of IPv6 workload routes; 1024 when absent.'),
  ipv6ElevatedRoutePriority: routePriority
    .optional()
    .describe('Metric of IPv6 routes of workloads that are moving; 512 when absent.'),
  liveMigrationRouteConvergenceTime: durationField()
    .optional()
    .describe('How long routes of a moved workload stay preferred; 30s when absent.'),
  serviceLoopPrevention: anyCase(['Drop', 'Reject', 'Disabled'])
    .optional()
    .describe('What happens to packets for service addresses nobody uses; Drop when absent.'),
};

/** Tunnels. */
export const tunnels: z.ZodRawShape = {
  ipipEnabled: z.boolean().optional().describe('Make the IPIP tunnel; as the pools need it when absent.'),
  ipipMTU: mtu.optional().describe('MTU of the IPIP tunnel in bytes; 0 finds it out.'),
  vxlanEnabled: z.boolean().optional().describe('Make the VXLAN tunnel; as the pools need it when absent.'),
  vxlanMTU: mtu.optional().describe('MTU of the VXLAN tunnel over IPv4 in bytes; 0 finds it out.'),
  vxlanMTUV6: mtu.optional().describe('MTU of the VXLAN tunnel over IPv6 in bytes; 0 finds it out.'),
  vxlanPort: port.optional().describe('UDP port of VXLAN; 4789 when absent.'),
  vxlanVNI: z
    .int()
    .min(0)
    .max(16_777_215)
    .optional()
    .describe('Network identifier of VXLAN; 4096 when absent.'),
  allowVXLANPacketsFromWorkloads: z
    .boolean()
    .optional()
    .describe('Let workloads send VXLAN; false when absent.'),
  allowIPIPPacketsFromWorkloads: z
    .boolean()
    .optional()
    .describe('Let workloads send IPIP; false when absent.'),
  externalNodesList: z
    .array(cidrField(4))
    .optional()
    .describe('IPv4 ranges of hosts outside the cluster that may send into the tunnels.'),
};

/** Masquerading. */
export const nat: z.ZodRawShape = {
  natPortRange: portRangeField().optional().describe('Ports that masquerading may use, as "first:last".'),
  natOutgoingAddress: addressField(4)
    .optional()
    .describe('The source address masquerading gives; that of the interface when absent.'),
  natOutgoingExclusions: z
    .enum(['IPPoolsOnly', 'IPPoolsAndHostIPs'])
    .optional()
    .describe('Destinations that need no masquerading; IPPoolsOnly when absent.'),
  iptablesNATOutgoingInterfaceFilter: pattern(
    /^[a-zA-Z0-9:._+-]{1,15}$/,
    'an interface name of up to 15 characters, + as wildcard',
  )
    .optional()
    .describe('Masquerade only what leaves by this interface; + is a wildcard.'),
};

/** WireGuard. */
export const wireguard: z.ZodRawShape = {
  wireguardEnabled: z.boolean().optional().describe('Encrypt IPv4 between nodes; false when absent.'),
  wireguardEnabledV6: z.boolean().optional().describe('Encrypt IPv6 between nodes; false when absent.'),
  wireguardThreadingEnabled: z
    .boolean()
    .optional()
    .describe('Let the kernel spread the work of WireGuard over threads; false when absent.'),
  wireguardListeningPort: port.min(1).optional().describe('UDP port over IPv4; 51820 when absent.'),
  wireguardListeningPortV6: port.min(1).optional().describe('UDP port over IPv6; 51821 when absent.'),
  wireguardRoutingRulePriority: z
    .int()
    .min(1)
    .max(32_765)
    .optional()
    .describe('Priority of the routing rule; 99 when absent.'),
  wireguardInterfaceName: interfaceNameField()
    .optional()
    .describe('Name of the interface for IPv4; wireguard.cali when absent.'),
  wireguardInterfaceNameV6: interfaceNameField()
    .optional()
    .describe('Name of the interface for IPv6; wg-v6.cali when absent.'),
  wireguardMTU: mtu.optional().describe('MTU over IPv4 in bytes; 0 finds it out.'),
  wireguardMTUV6: mtu.optional().describe('MTU over IPv6 in bytes; 0 finds it out.'),
  wireguardHostEncryptionEnabled: z
    .boolean()
    .optional()
    .describe('Encrypt what hosts send, too; false when absent.'),
  wireguardKeepAlive: durationField()
    .optional()
    .describe('Time between keepalives; 0, also when absent, for none.'),
};

/** Health, metrics and debugging. */
export const observation: z.ZodRawShape = {
  healthEnabled: z.boolean().optional().describe('Answer health probes; false when absent.'),
  healthHost: hostAddress.optional().describe('Address of the health probes; localhost when absent.'),
  healthPort: port.optional().describe('TCP port of the health probes; 9099 when absent.'),
  healthTimeoutOverrides: z
    .array(
      object('HealthTimeoutOverride', {
        name: pattern(/^[a-zA-Z0-9_ -]+$/, 'the name of a part of Felix').describe(
          'Which part of the daemon.',
        ),
        timeout: durationField().describe('How long it may be silent; 0 for as long as it likes.'),
      }),
    )
    .optional()
    .describe('How long parts of the daemon may be silent before it counts as unwell.'),
  prometheusMetricsEnabled: z.boolean().optional().describe('Serve metrics; false when absent.'),
  prometheusMetricsHost: hostAddress
    .optional()
    .describe('Address of the metrics; all addresses when absent.'),
  prometheusMetricsPort: port.optional().describe('TCP port of the metrics; 9091 when absent.'),
  prometheusGoMetricsEnabled: z
    .boolean()
    .optional()
    .describe('Include metrics of the Go runtime; true when absent.'),
  prometheusProcessMetricsEnabled: z
    .boolean()
    .optional()
    .describe('Include metrics of the process; true when absent.'),
  prometheusWireGuardMetricsEnabled: z
    .boolean()
    .optional()
    .describe('Include metrics of WireGuard; true when absent.'),
  prometheusMetricsCAFile: z.string().optional().describe('File with the authority of metrics clients.'),
  prometheusMetricsCertFile: z
    .string()
    .optional()
    .describe('File with the certificate of the metrics server.'),
  prometheusMetricsKeyFile: z.string().optional().describe('File with the key of the metrics server.'),
  prometheusMetricsClientAuth: z
    .enum(['RequireAndVerifyClientCert', 'RequireAnyClientCert', 'VerifyClientCertIfGiven', 'NoClientCert'])
    .optional()
    .describe(
      'What metrics clients must show; RequireAndVerifyClientCert when absent and a certificate is set.',
    ),
  debugPort: port.optional().describe('TCP port for profiles of the process; none when absent.'),
  debugHost: hostAddress.optional().describe('Address of that port; localhost when absent.'),
  endpointReportingEnabled: z
    .boolean()
    .optional()
    .describe('Report the state of endpoints to the datastore; false when absent.'),
  endpointReportingDelay: durationField()
    .optional()
    .describe('How long such a report may wait; 1s when absent.'),
  endpointStatusPathPrefix: z
    .string()
    .optional()
    .describe('Folder for files about the state of endpoints; /var/run/calico when absent.'),
  goGCThreshold: z
    .int()
    .min(-1)
    .optional()
    .describe('How far the heap of Felix grows between collections, in percent; 40 when absent.'),
};
