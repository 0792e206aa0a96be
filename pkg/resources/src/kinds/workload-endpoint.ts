/**
 * WorkloadEndpoint: where a container is plugged in.
 */
import { addressCount, containsAddress, familyOf, hostPrefix, networkAddress, parseAddress } from '@weft/ip';
import { z } from 'zod';
import type { WorkloadEndpoint } from '../generated/types.ts';
import type { ValidationIssue } from '../issue.ts';
import {
  defineKind,
  fieldColumn,
  type KindDefinition,
  nameColumn,
  nameRule,
  specRule,
} from '../kind-definition.ts';
import { workloadEndpointName } from '../names.ts';
import {
  addressField,
  cidrField,
  interfaceNameField,
  macField,
  networkField,
  object,
} from '../schema/fields.ts';

const port = z.int().min(0).max(65535);

/** A limit: 0 for none, otherwise between two bounds. Source: Calico QoSControls. */
const limit = (least: number, most: number) =>
  z
    .int()
    .min(0)
    .max(most)
    .refine((value) => value === 0 || value >= least, {
      error: (issue) => `${issue.input} is neither 0, for no limit, nor between ${least} and ${most}`,
    })
    .optional();
const bandwidth = limit(1000, 1e15);
const burst = limit(1000, 34_359_738_360);
const peakRate = limit(1010, 1.01e15);
const leastBurst = limit(1000, 1e8);
const packets = limit(1, 10_000);
const connections = limit(1, 0xffff_ffff);

const qosControls = object('QosControls', {
  ingressBandwidth: bandwidth.describe('Bits per second in.'),
  ingressBurst: burst.describe('Bits in one burst in.'),
  ingressPeakrate: peakRate.describe('Bits per second in, within a burst.'),
  ingressMinburst: leastBurst.describe('Bytes at peak rate in.'),
  egressBandwidth: bandwidth.describe('Bits per second out.'),
  egressBurst: burst.describe('Bits in one burst out.'),
  egressPeakrate: peakRate.describe('Bits per second out, within a burst.'),
  egressMinburst: leastBurst.describe('Bytes at peak rate out.'),
  ingressPacketRate: packets.describe('Packets per second in.'),
  ingressPacketBurst: packets.describe('Packets in one burst in.'),
  egressPacketRate: packets.describe('Packets per second out.'),
  egressPacketBurst: packets.describe('Packets in one burst out.'),
  ingressMaxConnections: connections.describe('Connections in.'),
  egressMaxConnections: connections.describe('Connections out.'),
  dscp: z
    .union([z.int(), z.string()])
    .meta({ typescript: 'number | string' })
    .optional()
    .describe('DSCP of what leaves.'),
});

const spec = object('WorkloadEndpointSpec', {
  orchestrator: z.string().optional().describe('Who runs the workload: k8s, cni, libnetwork or another.'),
  workload: z.string().optional().describe('Name of the workload there.'),
  node: z.string().optional().describe('The node it runs on.'),
  containerID: z.string().optional().describe('The container or sandbox.'),
  pod: z.string().optional().describe('The pod.'),
  endpoint: z.string().optional().describe('The interface inside, eth0 in Kubernetes.'),
  serviceAccountName: z.string().optional().describe('Service account of the pod.'),
  ipNetworks: z.array(networkField()).optional().describe('Its addresses as host prefixes.'),
  ipNATs: z
    .array(
      object('IpNat', {
        internalIP: addressField().describe('The address of the workload.'),
        externalIP: addressField().describe('The address others use.'),
      }),
    )
    .optional()
    .describe('Floating addresses.'),
  ipv4Gateway: addressField(4).optional().describe('Gateway, IPv4.'),
  ipv6Gateway: addressField(6).optional().describe('Gateway, IPv6.'),
  profiles: z.array(z.string()).optional().describe('Profiles that apply.'),
  interfaceName: interfaceNameField().optional().describe('The interface on the host.'),
  mac: macField().optional().describe('MAC address of the workload.'),
  ports: z
    .array(
      object('WorkloadEndpointPort', {
        name: z.string().optional().describe('Name of the port.'),
        protocol: z
          .union([z.string(), z.int()])
          .meta({ typescript: 'number | string' })
          .describe('TCP, UDP, SCTP.'),
        port: port.describe('Port inside.'),
        hostPort: port.optional().describe('Port on the host; 0 for none.'),
        hostIP: z.string().optional().describe('Address on the host.'),
      }),
    )
    .optional()
    .describe('Named and mapped ports.'),
  allowSpoofedSourcePrefixes: z.array(cidrField()).optional().describe('Source ranges the workload may use.'),
  qosControls: qosControls.optional().describe('Limits.'),
});

function nameMatchesSpec({ metadata, spec }: WorkloadEndpoint): ValidationIssue[] {
  const expected = workloadEndpointName({
    ...spec,
    node: spec.node ?? '',
    orchestrator: spec.orchestrator ?? '',
  });
  if (!expected.ok) return [{ path: 'spec', reason: expected.reason }];
  if (expected.value === metadata.name) return [];
  const reason = `${JSON.stringify(metadata.name)} does not follow from the spec`;
  return [{ path: 'metadata.name', reason, hint: `use ${expected.value}` }];
}

function portIssues({ spec }: WorkloadEndpoint): ValidationIssue[] {
  return (spec.ports ?? []).flatMap((port, index) => {
    const path = `spec.ports[${index}]`;
    return [...portFaults(port)].map((fault) => ({ ...fault, path: `${path}.${fault.path}` }));
  });
}

const portName = /^(?=.*[a-z])(?!.*--)[a-z0-9]([-a-z0-9]{0,13}[a-z0-9])?$/;
const protocols: readonly unknown[] = ['TCP', 'UDP', 'SCTP', 'tcp', 'udp', 'sctp', 6, 17, 132];

type Port = NonNullable<WorkloadEndpoint['spec']['ports']>[number];

function* portFaults({
  name,
  protocol,
  port: number,
  hostPort = 0,
  hostIP,
}: Port): Generator<ValidationIssue> {
  if (!protocols.includes(protocol))
    yield { path: 'protocol', reason: `${protocol} has no ports`, hint: 'use TCP, UDP or SCTP' };
  if (number === 0) yield { path: 'port', reason: 'is 0', hint: 'name a port between 1 and 65535' };
  if (name === undefined && hostPort === 0)
    yield { path: 'name', reason: 'is required without hostPort', hint: 'add name or hostPort' };
  if (name !== undefined && !portName.test(name)) {
    const hint = 'use up to 15 lower-case letters, digits and single -, at least one letter';
    yield { path: 'name', reason: `${JSON.stringify(name)} is not the name of a port`, hint };
  }
  if (hostIP !== undefined && hostIP !== '' && !parseAddress(hostIP).ok)
    yield { path: 'hostIP', reason: `${JSON.stringify(hostIP)} is not an IP address`, hint: 'correct it' };
}

function networkIssues({ spec }: WorkloadEndpoint): ValidationIssue[] {
  return (spec.ipNetworks ?? []).flatMap((network, index) => {
    if (addressCount(network) === 1n) return [];
    const hint = `name one address, for example ${hostPrefix(networkAddress(network))}`;
    return [{ path: `spec.ipNetworks[${index}]`, reason: `${network} holds more than one address`, hint }];
  });
}

function natIssues({ spec }: WorkloadEndpoint): ValidationIssue[] {
  return (spec.ipNATs ?? []).flatMap(({ internalIP, externalIP }, index) => {
    const path = `spec.ipNATs[${index}]`;
    if (familyOf(internalIP) !== familyOf(externalIP)) {
      const reason = `${internalIP} and ${externalIP} are not of one family`;
      return [{ path, reason, hint: 'pair IPv4 with IPv4 and IPv6 with IPv6' }];
    }
    if (spec.ipNetworks?.some((network) => containsAddress(network, internalIP))) return [];
    const reason = `${internalIP} is not an address of the workload`;
    return [{ path: `${path}.internalIP`, reason, hint: 'name one of ipNetworks' }];
  });
}

/** WorkloadEndpoint. Kubernetes keeps it in the Pod; there is no CRD. */
export const workloadEndpoint: KindDefinition<'WorkloadEndpoint'> = defineKind({
  kind: 'WorkloadEndpoint',
  plural: 'workloadendpoints',
  aliases: ['wep', 'weps'],
  namespaced: true,
  description: 'Where a container is plugged in.',
  crd: false,
  spec,
  actsOn: [
    'orchestrator',
    'workload',
    'node',
    'containerID',
    'pod',
    'endpoint',
    'ipNetworks',
    'interfaceName',
    'mac',
    'allowSpoofedSourcePrefixes',
  ],
  columns: {
    ps: [
      { header: 'WORKLOAD', value: ({ spec }) => spec.workload ?? spec.pod ?? '' },
      fieldColumn('NODE', 'spec.node'),
      fieldColumn('NETWORKS', 'spec.ipNetworks'),
      fieldColumn('INTERFACE', 'spec.interfaceName'),
    ],
    wide: [
      nameColumn(),
      { header: 'WORKLOAD', value: ({ spec }) => spec.workload ?? spec.pod ?? '' },
      fieldColumn('NODE', 'spec.node'),
      fieldColumn('NETWORKS', 'spec.ipNetworks'),
      fieldColumn('INTERFACE', 'spec.interfaceName'),
      fieldColumn('PROFILES', 'spec.profiles'),
      {
        header: 'NATS',
        value: ({ spec }) =>
          (spec.ipNATs ?? []).map((nat) => `${nat.externalIP}->${nat.internalIP}`).join(','),
      },
    ],
  },
  rules: [
    {
      refuses:
        '`metadata.name`: does not follow from the spec: `<node>-<orchestrator>-<workload>-<endpoint>`, each - inside a part doubled',
      check: nameMatchesSpec,
    },
    nameRule('orchestrator', ({ orchestrator }) => orchestrator),
    nameRule('workload', ({ workload }) => workload),
    nameRule('node', ({ node }) => node),
    nameRule('pod', ({ pod }) => pod),
    nameRule('endpoint', ({ endpoint }) => endpoint),
    nameRule('serviceAccountName', ({ serviceAccountName }) => serviceAccountName),
    nameRule('profiles', ({ profiles }) => profiles),
    specRule({
      path: 'spec.containerID',
      reason: 'is not the id of a container',
      hint: 'use letters, digits and -, with a letter or digit at both ends',
      holds: ({ containerID = 'a' }) => /^[a-zA-Z0-9]([-a-zA-Z0-9]*[a-zA-Z0-9])?$/.test(containerID),
    }),
    specRule({
      path: 'spec.interfaceName',
      reason: 'is required',
      hint: 'name the interface on the host',
      holds: ({ interfaceName }) => interfaceName !== undefined,
    }),
    { refuses: '`spec.ipNetworks[]`: holds more than one address', check: networkIssues },
    {
      refuses: '`spec.ipNATs[]`: maps between families, or an address that is not in `spec.ipNetworks`',
      check: natIssues,
    },
    {
      refuses:
        '`spec.ports[]`: has another protocol than TCP, UDP and SCTP, port 0, neither `name` nor `hostPort`, or a name or address that is none',
      check: portIssues,
    },
  ],
});
