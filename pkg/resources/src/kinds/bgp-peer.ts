/**
 * BGPPeer: which nodes peer with whom.
 */
import { familyOf } from '@weft/ip';
import { z } from 'zod';
import { bfdKnob, INTERFACE_ANNOTATION, interfaceKnobs, REMOTE_AS_ANNOTATION } from '../annotations.ts';
import type { BGPPeer } from '../generated/types.ts';
import { formatPath, type ValidationIssue } from '../issue.ts';
import {
  defineKind,
  fieldColumn,
  type KindDefinition,
  nameColumn,
  nameRule,
  specRule,
} from '../kind-definition.ts';
import {
  addressField,
  asNumberField,
  checked,
  durationField,
  object,
  secretKeyField,
  selectorField,
} from '../schema/fields.ts';
import { parsePeerAddress } from '../text/peer-address.ts';

const spec = object('BGPPeerSpec', {
  node: z
    .string()
    .max(253)
    .optional()
    .describe('The node that peers; with nodeSelector absent too, all nodes.'),
  nodeSelector: selectorField().optional().describe('The nodes that peer.'),
  peerIP: checked(parsePeerAddress, 'IP address with an optional port', 64)
    .optional()
    .describe('Address of the peer, with a port if need be: "10.0.0.1", "10.0.0.1:1179", "[fd00::1]:1179".'),
  asNumber: asNumberField().optional().describe('AS number of the peer.'),
  localASNumber: asNumberField()
    .optional()
    .describe('AS number to use towards this peer instead of our own.'),
  peerSelector: selectorField().optional().describe('The nodes to peer with.'),
  localWorkloadSelector: selectorField()
    .optional()
    .describe(
      'The workloads of the own node to peer with, by their labels: they open the session, to localWorkloadPeeringIPV4 or IPV6 of the BGPConfiguration, and announce at most 1,000 prefixes of each family.',
    ),
  keepOriginalNextHop: z.boolean().optional().describe('Deprecated; nextHopMode Keep.'),
  nextHopMode: z
    .enum(['Auto', 'Self', 'Keep'])
    .optional()
    .describe('Next hop of what is sent; Auto when absent.'),
  password: secretKeyField().optional().describe('TCP MD5 password.'),
  sourceAddress: z
    .enum(['UseNodeIP', 'None'])
    .optional()
    .describe('Bind the session to the address of the node (UseNodeIP, also when absent) or not (None).'),
  maxRestartTime: durationField()
    .optional()
    .describe('Graceful restart time, in whole seconds up to 4095; that of the node when absent.'),
  keepaliveTime: durationField()
    .optional()
    .describe(
      'Time between keepalives, in whole seconds; a third of the hold time when absent, and at most.',
    ),
  numAllowedLocalASNumbers: z
    .int()
    .min(0)
    .max(2_147_483_647)
    .optional()
    .describe('How often our own AS number may stand in a received AS path.'),
  ttlSecurity: z
    .int()
    .min(0)
    .max(255)
    .optional()
    .describe('GTSM: hops to the peer; packets from farther away are dropped.'),
  reachableBy: addressField().optional().describe('Gateway to the peer; a host route is kept by it.'),
  filters: z.array(z.string()).optional().describe('BGPFilters, in the order they apply.'),
  reversePeering: z
    .enum(['Auto', 'Manual'])
    .optional()
    .describe('Whether nodes chosen by peerSelector peer back by themselves; Auto when absent.'),
});

function reachableByIssues({ spec }: BGPPeer): ValidationIssue[] {
  if (spec.reachableBy === undefined) return [];
  const path = 'spec.reachableBy';
  const peer = spec.peerIP === undefined ? undefined : parsePeerAddress(spec.peerIP);
  if (!peer?.ok)
    return [{ path, reason: 'needs an address to reach', hint: 'set peerIP or remove reachableBy' }];
  if (familyOf(peer.value.address) === familyOf(spec.reachableBy)) return [];
  const reason = `${spec.reachableBy} and ${peer.value.address} are not of one family`;
  return [{ path, reason, hint: 'name a gateway of the family of peerIP' }];
}

const besidesInterface = ['peerIP', 'peerSelector', 'localWorkloadSelector'] as const;

/** The interface is one more way to name a peer, and names it alone. */
function interfaceIssues({ metadata, spec }: BGPPeer): ValidationIssue[] {
  const { [INTERFACE_ANNOTATION]: name, [REMOTE_AS_ANNOTATION]: remoteAs } = metadata.annotations ?? {};
  const at = (annotation: string): string => formatPath(['metadata', 'annotations', annotation]);
  if (name === undefined) {
    const hint = `name the interface in ${INTERFACE_ANNOTATION}, or set asNumber instead`;
    return remoteAs === undefined
      ? []
      : [{ path: at(REMOTE_AS_ANNOTATION), reason: 'is for peers on an interface', hint }];
  }
  const other = besidesInterface.find((field) => spec[field] !== undefined);
  return [
    ...(other === undefined
      ? []
      : [
          {
            path: at(INTERFACE_ANNOTATION),
            reason: `${INTERFACE_ANNOTATION} and ${other} exclude each other`,
            hint: 'remove one of them',
          },
        ]),
    ...(remoteAs === undefined || spec.asNumber === undefined
      ? []
      : [
          {
            path: at(REMOTE_AS_ANNOTATION),
            reason: `${REMOTE_AS_ANNOTATION} and asNumber exclude each other`,
            hint: 'remove one of them',
          },
        ]),
  ];
}

type Field = 'node' | 'nodeSelector' | 'peerIP' | 'peerSelector' | 'asNumber' | 'localWorkloadSelector';

const exclusive = (field: Field, other: Field) =>
  specRule<'BGPPeer'>({
    path: `spec.${field}`,
    reason: `${field} and ${other} exclude each other`,
    hint: `remove ${field} or ${other}`,
    holds: (spec) => spec[field] === undefined || spec[other] === undefined,
    cel: `${celUnset(field)} || ${celUnset(other)}`,
  });

function celUnset(field: Field): string {
  return `!has(self.${field}) || self.${field} == ${field === 'asNumber' ? '0' : "''"}`;
}

/** BGPPeer. Source: Calico BGPPeerSpec and its validation. */
export const bgpPeer: KindDefinition<'BGPPeer'> = defineKind({
  kind: 'BGPPeer',
  plural: 'bgppeers',
  aliases: ['bgpp', 'bgpps', 'bp', 'bps'],
  description: 'Which nodes peer with whom.',
  crd: true,
  spec,
  actsOn: [
    'node',
    'nodeSelector',
    'peerIP',
    'asNumber',
    'peerSelector',
    'localWorkloadSelector',
    'localASNumber',
    'keepOriginalNextHop',
    'nextHopMode',
    'password',
    'sourceAddress',
    'maxRestartTime',
    'keepaliveTime',
    'numAllowedLocalASNumbers',
    'ttlSecurity',
    'reachableBy',
    'filters',
    'reversePeering',
  ],
  annotations: [
    ...interfaceKnobs,
    bfdKnob('BFD with these peers: over one hop to a peer in the subnet of the node, else over several.'),
  ],
  columns: { ps: columns(), wide: columns() },
  rules: [
    nameRule('node', ({ node }) => node),
    nameRule('filters', ({ filters }) => filters),
    exclusive('node', 'nodeSelector'),
    exclusive('peerIP', 'peerSelector'),
    exclusive('asNumber', 'peerSelector'),
    exclusive('peerIP', 'localWorkloadSelector'),
    exclusive('peerSelector', 'localWorkloadSelector'),
    specRule({
      path: 'spec.asNumber',
      reason: 'is required with localWorkloadSelector',
      hint: 'set asNumber to the AS number of the workloads',
      holds: ({ localWorkloadSelector, asNumber }) =>
        localWorkloadSelector === undefined || asNumber !== undefined,
      cel: `${celUnset('localWorkloadSelector')} || (has(self.asNumber) && self.asNumber != 0)`,
    }),
    {
      refuses: '`spec.reachableBy`: has no `peerIP` to reach, or is not of its family',
      check: reachableByIssues,
      cel: {
        rule: "!has(self.reachableBy) || self.reachableBy == '' || (has(self.peerIP) && self.peerIP != '')",
        message: 'reachableBy: needs an address to reach; set peerIP or remove reachableBy',
      },
    },
    {
      refuses:
        '`weft.dev/interface` beside `peerIP`, `peerSelector` or `localWorkloadSelector`; `weft.dev/remote-as` without it, or beside `asNumber`',
      check: interfaceIssues,
    },
    specRule({
      path: 'spec.keepOriginalNextHop',
      reason: 'keepOriginalNextHop and nextHopMode exclude each other',
      hint: 'remove keepOriginalNextHop, which is deprecated',
      holds: ({ keepOriginalNextHop, nextHopMode }) =>
        keepOriginalNextHop !== true || nextHopMode === undefined,
      cel: '!has(self.keepOriginalNextHop) || !self.keepOriginalNextHop || !has(self.nextHopMode)',
    }),
  ],
});

function columns(): KindDefinition<'BGPPeer'>['columns']['ps'] {
  return [
    nameColumn(),
    fieldColumn('PEERIP', 'spec.peerIP'),
    { header: 'NODE', value: ({ spec }) => spec.node ?? spec.nodeSelector ?? '(global)' },
    fieldColumn('ASN', 'spec.asNumber'),
  ];
}
