/**
 * WorkloadEndpoint: where a container is plugged in.
 */
import { z } from 'zod';
import type { WorkloadEndpoint } from '../generated/types.ts';
import type { ValidationIssue } from '../issue.ts';
import { defineKind, fieldColumn, type KindDefinition, nameColumn } from '../kind-definition.ts';
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
const limit = z.int().min(0).optional();

const qosControls = object('QosControls', {
  ingressBandwidth: limit.describe('Bits per second in.'),
  ingressBurst: limit.describe('Bits in one burst in.'),
  ingressPeakrate: limit.describe('Bits per second in, within a burst.'),
  ingressMinburst: limit.describe('Bytes at peak rate in.'),
  egressBandwidth: limit.describe('Bits per second out.'),
  egressBurst: limit.describe('Bits in one burst out.'),
  egressPeakrate: limit.describe('Bits per second out, within a burst.'),
  egressMinburst: limit.describe('Bytes at peak rate out.'),
  ingressPacketRate: limit.describe('Packets per second in.'),
  ingressPacketBurst: limit.describe('Packets in one burst in.'),
  egressPacketRate: limit.describe('Packets per second out.'),
  egressPacketBurst: limit.describe('Packets in one burst out.'),
  ingressMaxConnections: limit.describe('Connections in.'),
  egressMaxConnections: limit.describe('Connections out.'),
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
  rules: [{ check: nameMatchesSpec }],
});
