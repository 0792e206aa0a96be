/**
 * IPPool: a range of addresses for workloads, and how traffic to and from it is carried.
 */
import {
  containsAddress,
  familyOf,
  isLinkLocal,
  networkAddress,
  type Prefix,
  prefix,
  prefixLength,
} from '@weft/ip';
import { z } from 'zod';
import { mtuKnob } from '../annotations.ts';
import type { IPPool } from '../generated/types.ts';
import type { ValidationIssue } from '../issue.ts';
import { defineKind, fieldColumn, type KindDefinition, nameColumn, specRule } from '../kind-definition.ts';
import { object, selectorField, setOf, strictPrefixField, timeField } from '../schema/fields.ts';

const encapsulation = z.enum(['Never', 'Always', 'CrossSubnet']);

const spec = object('IPPoolSpec', {
  cidr: strictPrefixField().meta({ immutable: true, description: 'The range. Cannot change.' }),
  blockSize: z.int().min(0).max(128).default(0).meta({
    immutable: true,
    description: 'Prefix length of the blocks nodes claim; 26 or 122 if 0. Cannot change.',
  }),
  ipipMode: encapsulation.default('Never').describe('When to carry traffic in IPIP; IPv4 only.'),
  vxlanMode: encapsulation.default('Never').describe('When to carry traffic in VXLAN.'),
  natOutgoing: z.boolean().default(false).describe('Masquerade what leaves the pools.'),
  disabled: z.boolean().default(false).describe('Allocate nothing new; routes and NAT stay.'),
  disableBGPExport: z.boolean().default(false).describe('Do not tell BGP peers about this range.'),
  nodeSelector: selectorField()
    .default('all()')
    .meta({ crd: { both: { default: 'all()' } }, description: 'Nodes that may allocate from this pool.' }),
  namespaceSelector: selectorField().optional().describe('Namespaces that may allocate from this pool.'),
  allowedUses: setOf(z.enum(['Workload', 'Tunnel', 'LoadBalancer']))
    .default(['Workload', 'Tunnel'])
    .meta({ maxItems: 10, description: 'What addresses of this pool may be used for.' }),
  assignmentMode: z
    .enum(['Automatic', 'Manual'])
    .default('Automatic')
    .meta({
      crd: { both: { default: 'Automatic' } },
      description: 'Manual pools are used only when they are asked for by name.',
    }),
});

const status = object('IPPoolStatus', {
  conditions: z
    .array(
      object('Condition', {
        type: z.string().describe('What the condition is about, for example Allocatable.'),
        status: z.enum(['True', 'False', 'Unknown']).describe('Whether it holds.'),
        reason: z.string().describe('Why, in one word: OK, CIDROverlap, Terminating, PoolDisabled.'),
        message: z.string().describe('Why, in words.'),
        lastTransitionTime: timeField().describe('When the status changed.'),
        observedGeneration: z.int().optional().describe('The generation the condition was decided for.'),
      }),
    )
    .meta({ 'x-kubernetes-list-type': 'map', 'x-kubernetes-list-map-keys': ['type'] })
    .optional()
    .describe('Conditions; allocation stops while Allocatable is False.'),
});

/** The block size Calico uses when none is given: 26 for IPv4, 122 for IPv6. */
export function defaultBlockSize(cidr: Prefix): number {
  return familyOf(cidr) === 4 ? 26 : 122;
}

const blockSizes = { 4: { min: 20, max: 32 }, 6: { min: 116, max: 128 } };

function blockSizeInRange({ spec }: IPPool): ValidationIssue[] {
  const family = familyOf(spec.cidr);
  const { min, max } = blockSizes[family];
  if (spec.blockSize >= min && spec.blockSize <= max) return [];
  const reason = `${spec.blockSize} is not between ${min} and ${max} (IPv${family})`;
  return [{ path: 'spec.blockSize', reason, hint: `use ${defaultBlockSize(spec.cidr)}` }];
}

/** A disabled pool allocates nothing, so it may be of any size. */
function blockFitsPool(pool: IPPool): ValidationIssue[] {
  const { spec } = pool;
  const length = prefixLength(spec.cidr);
  if (spec.disabled || length <= spec.blockSize || blockSizeInRange(pool).length > 0) return [];
  const reason = `a block of /${spec.blockSize} is larger than the pool ${spec.cidr}`;
  return [
    { path: 'spec.blockSize', reason, hint: `use a block size of ${length} or more, or a larger cidr` },
  ];
}

const linkLocalRanges = [prefix('169.254.0.0/16'), prefix('fe80::/10')];

function overlapsLinkLocal(cidr: Prefix): boolean {
  return (
    isLinkLocal(networkAddress(cidr)) ||
    linkLocalRanges.some((range) => containsAddress(cidr, networkAddress(range)))
  );
}

function loadBalancerCannotEnd(next: IPPool, previous: IPPool): ValidationIssue[] {
  const was = previous.spec.allowedUses.includes('LoadBalancer');
  if (!was || next.spec.allowedUses.includes('LoadBalancer')) return [];
  const reason = 'a LoadBalancer pool cannot change to another use';
  return [{ path: 'spec.allowedUses', reason, hint: 'create another pool' }];
}

const forLoadBalancers = (uses: readonly string[]) => uses.includes('LoadBalancer');
const celNotForLoadBalancers =
  "!has(self.allowedUses) || !self.allowedUses.exists(use, use == 'LoadBalancer')";
const celNever = (field: string) => `(!has(self.${field}) || self.${field} in ['', 'Never'])`;

/** IPPool. Source: Calico IPPoolSpec and its validation. */
export const ipPool: KindDefinition<'IPPool'> = defineKind({
  kind: 'IPPool',
  plural: 'ippools',
  aliases: ['ipp', 'ipps', 'pool', 'pools'],
  description: 'A range of addresses for workloads.',
  crd: true,
  spec,
  actsOn: [
    'cidr',
    'blockSize',
    'natOutgoing',
    'disabled',
    'disableBGPExport',
    'nodeSelector',
    'namespaceSelector',
    'allowedUses',
    'assignmentMode',
    'ipipMode',
    'vxlanMode',
  ],
  annotations: [mtuKnob],
  status,
  complete: (pool) => ({
    ...pool,
    spec: {
      ...pool.spec,
      blockSize: pool.spec.blockSize || defaultBlockSize(pool.spec.cidr),
      allowedUses: pool.spec.allowedUses.length > 0 ? pool.spec.allowedUses : ['Workload', 'Tunnel'],
    },
  }),
  columns: {
    ps: [nameColumn(), fieldColumn('CIDR', 'spec.cidr'), fieldColumn('SELECTOR', 'spec.nodeSelector')],
    wide: [
      nameColumn(),
      fieldColumn('CIDR', 'spec.cidr'),
      fieldColumn('NAT', 'spec.natOutgoing'),
      fieldColumn('IPIPMODE', 'spec.ipipMode'),
      fieldColumn('VXLANMODE', 'spec.vxlanMode'),
      fieldColumn('DISABLED', 'spec.disabled'),
      fieldColumn('DISABLEBGPEXPORT', 'spec.disableBGPExport'),
      fieldColumn('SELECTOR', 'spec.nodeSelector'),
      fieldColumn('ASSIGNMENTMODE', 'spec.assignmentMode'),
    ],
  },
  updateRules: [
    {
      refuses: '`spec.allowedUses`: a LoadBalancer pool cannot change to another use',
      check: loadBalancerCannotEnd,
      cel: {
        rule: `${celNotForLoadBalancers.replaceAll('self', 'oldSelf')} || (has(self.allowedUses) && self.allowedUses.exists(use, use == 'LoadBalancer'))`,
        message: 'allowedUses: a LoadBalancer pool cannot change to another use; create another pool',
      },
    },
  ],
  rules: [
    {
      refuses: '`spec.blockSize`: is not between 20 and 32 (IPv4), or 116 and 128 (IPv6)',
      check: blockSizeInRange,
      cel: {
        rule: "!has(self.blockSize) || self.blockSize == 0 || (self.cidr.contains(':') ? self.blockSize >= 116 : self.blockSize >= 20 && self.blockSize <= 32)",
        message: 'blockSize: must lie between 20 and 32 for IPv4, between 116 and 128 for IPv6',
      },
    },
    {
      refuses: '`spec.blockSize`: the pool is smaller than one block, and not disabled',
      check: blockFitsPool,
      cel: {
        rule: "(has(self.disabled) && self.disabled) || int(self.cidr.split('/')[1]) <= (has(self.blockSize) && self.blockSize != 0 ? self.blockSize : (self.cidr.contains(':') ? 122 : 26))",
        message: 'blockSize: the pool is smaller than one block; use a larger blockSize or a larger cidr',
      },
    },
    specRule({
      path: 'spec.cidr',
      reason: 'the range holds link-local addresses, which no router forwards',
      hint: 'choose a range outside 169.254.0.0/16 and fe80::/10',
      holds: ({ cidr }) => !overlapsLinkLocal(cidr),
      // Ranges that hold those would need arithmetic, which CEL has from Kubernetes 1.31 on.
      cel: "!self.cidr.startsWith('169.254.') && !self.cidr.matches('^[fF][eE][89abAB]')",
    }),
    specRule({
      path: 'spec.ipipMode',
      reason: 'IPIP and VXLAN cannot both be on',
      hint: 'set ipipMode or vxlanMode to Never',
      holds: ({ ipipMode, vxlanMode }) => ipipMode === 'Never' || vxlanMode === 'Never',
      cel: `${celNever('ipipMode')} || ${celNever('vxlanMode')}`,
    }),
    specRule({
      path: 'spec.ipipMode',
      reason: 'IPIP carries IPv4 only',
      hint: 'set ipipMode to Never',
      holds: ({ cidr, ipipMode }) => familyOf(cidr) === 4 || ipipMode === 'Never',
      cel: `!self.cidr.contains(':') || ${celNever('ipipMode')}`,
    }),
    specRule({
      path: 'spec.allowedUses',
      reason: 'LoadBalancer cannot be combined with other uses',
      hint: 'make a pool of its own for load balancers',
      holds: ({ allowedUses }) => !forLoadBalancers(allowedUses) || allowedUses.length === 1,
      cel: `${celNotForLoadBalancers} || size(self.allowedUses) == 1`,
    }),
    specRule({
      path: 'spec.nodeSelector',
      reason: 'a LoadBalancer pool belongs to all nodes',
      hint: 'set nodeSelector to all()',
      holds: ({ allowedUses, nodeSelector }) => !forLoadBalancers(allowedUses) || nodeSelector === 'all()',
      cel: `${celNotForLoadBalancers} || !has(self.nodeSelector) || self.nodeSelector == 'all()'`,
    }),
    specRule({
      path: 'spec.allowedUses',
      reason: 'a LoadBalancer pool cannot be encapsulated',
      hint: 'set ipipMode and vxlanMode to Never',
      holds: ({ allowedUses, ipipMode, vxlanMode }) =>
        !forLoadBalancers(allowedUses) || (ipipMode === 'Never' && vxlanMode === 'Never'),
      cel: `${celNotForLoadBalancers} || (${celNever('ipipMode')} && ${celNever('vxlanMode')})`,
    }),
    specRule({
      path: 'spec.disableBGPExport',
      reason: 'a LoadBalancer pool must be exported to BGP peers',
      hint: 'remove disableBGPExport',
      holds: ({ allowedUses, disableBGPExport }) => !forLoadBalancers(allowedUses) || !disableBGPExport,
      cel: `${celNotForLoadBalancers} || !has(self.disableBGPExport) || !self.disableBGPExport`,
    }),
    specRule({
      path: 'spec.namespaceSelector',
      reason: 'a pool for tunnels cannot choose namespaces: tunnels belong to none',
      hint: 'set allowedUses to [Workload] or remove namespaceSelector',
      holds: ({ allowedUses, namespaceSelector }) =>
        !allowedUses.includes('Tunnel') || namespaceSelector === undefined,
      cel: "!has(self.allowedUses) || !self.allowedUses.exists(use, use == 'Tunnel') || !has(self.namespaceSelector) || self.namespaceSelector == ''",
    }),
    ...(['nodeSelector', 'namespaceSelector'] as const).map((field) =>
      specRule<'IPPool'>({
        path: `spec.${field}`,
        reason: 'global() selects neither nodes nor namespaces',
        hint: 'use all()',
        holds: (spec) => !(spec[field] ?? '').includes('global('),
        cel: `!has(self.${field}) || !self.${field}.contains('global(')`,
      }),
    ),
  ],
});
