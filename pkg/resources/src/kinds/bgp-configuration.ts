/**
 * BGPConfiguration: BGP settings of the cluster (`default`) or of one node (`node.<name>`).
 *
 * No field has a default here: an absent field on `node.<name>` means "as the cluster", and on `default` the value
 * `effectiveBgpSettings` gives (../bgp-settings.ts).
 */
import { z } from 'zod';
import { BFD_ANNOTATION, bfdKnob } from '../annotations.ts';
import type { BGPConfiguration, BGPConfigurationSpec } from '../generated/types.ts';
import { formatPath, type ValidationIssue } from '../issue.ts';
import { defineKind, fieldColumn, type KindDefinition, nameColumn, specRule } from '../kind-definition.ts';
import {
  addressField,
  anyCase,
  asNumberField,
  cidrField,
  communityField,
  durationField,
  interfacePatternField,
  object,
  secretKeyField,
  setOf,
} from '../schema/fields.ts';
import { objectNameIssues } from '../schema/names-and-labels.ts';
import { parseCommunity } from '../text/community.ts';

const serviceBlocks = z.array(
  object('ServiceAddressBlock', {
    cidr: cidrField().optional().describe('A range to advertise; without it the entry says nothing.'),
  }),
);
const routePriority = z.int().min(1).max(2_147_483_646);

const spec = object('BGPConfigurationSpec', {
  logSeverityScreen: anyCase(['Trace', 'Debug', 'Info', 'Warning', 'Error', 'Fatal'])
    .meta({ crd: { both: { default: 'Info' } } })
    .optional()
    .describe('Least severity to log: Trace, Debug, Info, Warning, Error or Fatal; Info when absent.'),
  nodeToNodeMeshEnabled: z
    .boolean()
    .optional()
    .describe('Every node peers with every other; true when absent.'),
  asNumber: asNumberField().optional().describe('AS number of nodes that name none; 64512 when absent.'),
  serviceLoadBalancerIPs: serviceBlocks
    .optional()
    .describe('Ranges of load balancer addresses to advertise.'),
  serviceExternalIPs: serviceBlocks.optional().describe('Ranges of external service addresses to advertise.'),
  serviceClusterIPs: serviceBlocks.optional().describe('Ranges of cluster addresses to advertise.'),
  serviceLoadBalancerAggregation: z
    .enum(['Enabled', 'Disabled'])
    .meta({ crd: { both: { default: 'Enabled' } } })
    .optional()
    .describe('Advertise whole load balancer ranges instead of single addresses; Enabled when absent.'),
  communities: z
    .array(
      object('NamedCommunity', {
        name: z.string().max(253).describe('The name prefixAdvertisements use.'),
        value: communityField().describe('aa:nn or aa:nn:mm.'),
      }),
    )
    .max(500)
    .optional()
    .describe('Names for community values.'),
  prefixAdvertisements: z
    .array(
      object('PrefixAdvertisement', {
        cidr: cidrField().describe('Routes in this range carry the communities.'),
        communities: z.array(z.string()).max(50).optional().describe('Names or values of communities.'),
      }),
    )
    .max(500)
    .optional()
    .describe('Communities to attach to advertised routes.'),
  listenPort: z.int().min(1).max(65535).optional().describe('TCP port of BGP; 179 when absent.'),
  nodeMeshPassword: secretKeyField().optional().describe('Password of all sessions of the mesh.'),
  nodeMeshMaxRestartTime: durationField()
    .optional()
    .describe('Graceful restart time of the mesh, in whole seconds up to 4095.'),
  bindMode: z
    .enum(['None', 'NodeIP'])
    .optional()
    .describe('Listen on all addresses (None, also when absent) or on the address of the node.'),
  ignoredInterfaces: setOf(interfacePatternField())
    .optional()
    .describe('Interfaces whose routes are not advertised; * is a wildcard.'),
  localWorkloadPeeringIPV4: addressField(4)
    .optional()
    .describe(
      'The address workloads peer with, IPv4: every node has it on the interfaces of those that localWorkloadSelector selects.',
    ),
  localWorkloadPeeringIPV6: addressField(6)
    .optional()
    .describe(
      'The address workloads peer with, IPv6: every node has it on the interfaces of those that localWorkloadSelector selects.',
    ),
  programClusterRoutes: z
    .enum(['Disabled', 'EnabledNoEncapOnly', 'EnabledIPIPOnly', 'Enabled'])
    .optional()
    .describe('Which routes to other nodes BGP writes; EnabledNoEncapOnly when absent.'),
  ipv4NormalRoutePriority: routePriority
    .optional()
    .describe('Metric of IPv4 workload routes; 1024 when absent.'),
  ipv6NormalRoutePriority: routePriority
    .optional()
    .describe('Metric of IPv6 workload routes; 1024 when absent.'),
});

/** Fields that only the object `default` may set. Source: Calico. */
export const clusterOnlyFields: readonly (keyof BGPConfigurationSpec)[] = [
  'nodeToNodeMeshEnabled',
  'asNumber',
  'serviceLoadBalancerIPs',
  'serviceExternalIPs',
  'serviceClusterIPs',
  'nodeMeshPassword',
  'nodeMeshMaxRestartTime',
];

function clusterOnlyIssues({ metadata, spec }: BGPConfiguration): ValidationIssue[] {
  if (metadata.name === 'default') return [];
  const annotation = metadata.annotations?.[BFD_ANNOTATION];
  const reason = `applies to the whole cluster, but ${metadata.name} is for one node`;
  return clusterOnlyFields
    .filter((field) => !isEmpty(spec[field]))
    .map((field) => `spec.${field}`)
    .concat(annotation === undefined ? [] : [formatPath(['metadata', 'annotations', BFD_ANNOTATION])])
    .map((path) => ({ path, reason, hint: 'set it on the BGPConfiguration default' }));
}

/** An empty list says nothing, so Calico takes it anywhere. */
function isEmpty(value: unknown): boolean {
  return value === undefined || (Array.isArray(value) && value.length === 0);
}

const clusterOnlyCel = clusterOnlyFields.map((field) => {
  const set = `has(self.spec.${field})${field.endsWith('IPs') ? ` && size(self.spec.${field}) > 0` : ''}`;
  return {
    rule: `self.metadata.name == 'default' || !has(self.spec) || !(${set})`,
    message: `spec.${field}: applies to the whole cluster; set it on the BGPConfiguration default`,
    over: 'object' as const,
  };
});

function communityNames({ spec }: BGPConfiguration): ValidationIssue[] {
  return (spec.communities ?? []).flatMap(({ name }, index) =>
    objectNameIssues(`spec.communities[${index}].name`, name),
  );
}

function advertisementIssues({ spec }: BGPConfiguration): ValidationIssue[] {
  return (spec.prefixAdvertisements ?? []).flatMap(({ communities }, index) => {
    if (communities !== undefined) return [];
    const path = `spec.prefixAdvertisements[${index}].communities`;
    return [{ path, reason: 'is required', hint: 'name the communities, or write [] for none' }];
  });
}

function ignoredInterfaceIssues({ spec }: BGPConfiguration): ValidationIssue[] {
  return (spec.ignoredInterfaces ?? []).flatMap((name, index) => {
    if (name !== '*') return [];
    const path = `spec.ignoredInterfaces[${index}]`;
    return [{ path, reason: 'means every interface', hint: 'write at least one character beside *' }];
  });
}

function communityIssues({ spec }: BGPConfiguration): ValidationIssue[] {
  const names = new Set(spec.communities?.map((community) => community.name));
  return (spec.prefixAdvertisements ?? []).flatMap(({ communities = [] }, advertisement) =>
    communities.flatMap((text, index) => {
      if (names.has(text) || parseCommunity(text).ok) return [];
      const path = `spec.prefixAdvertisements[${advertisement}].communities[${index}]`;
      const reason = `${JSON.stringify(text)} is neither a community nor the name of one`;
      return [{ path, reason, hint: 'name it in spec.communities or write it as aa:nn' }];
    }),
  );
}

const meshOnly = (field: 'nodeMeshPassword' | 'nodeMeshMaxRestartTime') =>
  specRule<'BGPConfiguration'>({
    path: `spec.${field}`,
    reason: 'the mesh is off',
    hint: `remove ${field} or set nodeToNodeMeshEnabled to true`,
    holds: (spec) => spec[field] === undefined || spec.nodeToNodeMeshEnabled !== false,
    cel: `!has(self.${field}) || !has(self.nodeToNodeMeshEnabled) || self.nodeToNodeMeshEnabled`,
  });

/** BGPConfiguration. Source: Calico BGPConfigurationSpec and its validation. */
export const bgpConfiguration: KindDefinition<'BGPConfiguration'> = defineKind({
  kind: 'BGPConfiguration',
  plural: 'bgpconfigurations',
  aliases: ['bgpconfig', 'bgpconfigs'],
  shortNames: ['bgpconfig', 'bgpconfigs'],
  description: 'BGP settings of the cluster or of one node.',
  crd: true,
  names: { pattern: /^(default|node\..+)$/, what: 'default, or node.<name of a node>' },
  spec,
  actsOn: [
    'nodeToNodeMeshEnabled',
    'asNumber',
    'serviceLoadBalancerIPs',
    'serviceExternalIPs',
    'serviceClusterIPs',
    'serviceLoadBalancerAggregation',
    'communities',
    'prefixAdvertisements',
    'listenPort',
    'nodeMeshPassword',
    'nodeMeshMaxRestartTime',
    'bindMode',
    'localWorkloadPeeringIPV4',
    'localWorkloadPeeringIPV6',
    'ipv4NormalRoutePriority',
    'ipv6NormalRoutePriority',
  ],
  annotations: [
    bfdKnob('On `default`: BFD in the mesh, and of stand-alone route reflectors with the nodes.'),
  ],
  columns: {
    ps: [nameColumn(), fieldColumn('LOGSEVERITY', 'spec.logSeverityScreen'), ...settings()],
    wide: [nameColumn(), fieldColumn('LOGSEVERITY', 'spec.logSeverityScreen'), ...settings()],
  },
  rules: [
    {
      refuses: `a field for the whole cluster on \`node.<name>\`: ${clusterOnlyFields.map((field) => `\`${field}\``).join(', ')}, \`${BFD_ANNOTATION}\``,
      check: clusterOnlyIssues,
      cel: clusterOnlyCel,
    },
    { refuses: '`spec.communities[].name`: is not a name that an object can have', check: communityNames },
    { refuses: '`spec.prefixAdvertisements[].communities`: is absent', check: advertisementIssues },
    {
      refuses: '`spec.ignoredInterfaces[]`: is `*` alone, which means every interface',
      check: ignoredInterfaceIssues,
    },
    {
      refuses:
        '`spec.prefixAdvertisements[].communities[]`: is neither a community nor the name of one in `spec.communities`',
      check: communityIssues,
    },
    meshOnly('nodeMeshPassword'),
    meshOnly('nodeMeshMaxRestartTime'),
    specRule({
      path: 'spec.communities',
      reason: 'names communities that nothing uses',
      hint: 'add prefixAdvertisements or remove communities',
      holds: ({ communities = [], prefixAdvertisements = [] }) =>
        communities.length === 0 || prefixAdvertisements.length > 0,
      cel: '!has(self.communities) || size(self.communities) == 0 || (has(self.prefixAdvertisements) && size(self.prefixAdvertisements) > 0)',
    }),
  ],
});

function settings(): KindDefinition<'BGPConfiguration'>['columns']['ps'] {
  return [
    {
      header: 'MESHENABLED',
      path: 'spec.nodeToNodeMeshEnabled',
      value: ({ spec }) => `${spec.nodeToNodeMeshEnabled ?? '-'}`,
    },
    { header: 'ASNUMBER', path: 'spec.asNumber', value: ({ spec }) => `${spec.asNumber ?? '-'}` },
  ];
}
