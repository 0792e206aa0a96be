/**
 * BGPFilter: which routes a peer gets or may send, and what to change about them.
 */
import type { Family } from '@weft/ip';
import { z } from 'zod';
import type { BGPFilter, BGPFilterRule } from '../generated/types.ts';
import type { ValidationIssue } from '../issue.ts';
import { defineKind, type KindDefinition, nameColumn } from '../kind-definition.ts';
import {
  asNumberField,
  communityField,
  interfacePatternField,
  networkField,
  object,
} from '../schema/fields.ts';

const priority = z.int().min(1).max(2_147_483_646);

const operation = object('BGPFilterOperation', {
  addCommunity: object('AddCommunity', { value: communityField().describe('The community.') })
    .optional()
    .describe('Add a community.'),
  prependASPath: object('PrependASPath', {
    prefix: z.array(asNumberField()).min(1).max(10).describe('AS numbers, in the order they will stand.'),
  })
    .optional()
    .describe('Put AS numbers in front of the AS path.'),
  setPriority: object('SetPriority', { value: priority.describe('The metric.') })
    .optional()
    .describe('Set the metric.'),
}).meta({ crd: { both: { minProperties: 1, maxProperties: 1 } } });

/** `ruleIssues` for the API server. */
const celRules = [
  {
    rule: "(has(self.cidr) && self.cidr != '') == (has(self.matchOperator) && self.matchOperator != '')",
    message: 'cidr and matchOperator need each other',
  },
  {
    rule: "!has(self.prefixLength) || (has(self.cidr) && self.cidr != '')",
    message: 'prefixLength needs cidr',
  },
  {
    rule: "!has(self.operations) || size(self.operations) == 0 || self.action == 'Accept'",
    message: 'a rejected route cannot be changed',
  },
];

const rules = (family: Family) =>
  z.array(
    object('BGPFilterRule', {
      cidr: networkField(family).optional().describe('Match the prefix against this range.'),
      prefixLength: object('PrefixLengthRange', {
        min: z
          .int()
          .min(0)
          .max(family === 4 ? 32 : 128)
          .optional()
          .describe('Shortest length.'),
        max: z
          .int()
          .min(0)
          .max(family === 4 ? 32 : 128)
          .optional()
          .describe('Longest length.'),
      })
        .optional()
        .describe('Match lengths in this range only.'),
      matchOperator: z.enum(['Equal', 'NotEqual', 'In', 'NotIn']).optional().describe('How cidr is meant.'),
      source: z.enum(['RemotePeers']).optional().describe('Match only routes that came from BGP peers.'),
      interface: interfacePatternField()
        .optional()
        .describe('Match only routes out of this interface; * is a wildcard.'),
      peerType: z.enum(['eBGP', 'iBGP']).optional().describe('Match only towards peers of this type.'),
      communities: object('CommunityMatch', {
        values: z.array(communityField()).min(1).max(1).describe('The community.'),
      })
        .optional()
        .describe('Match only routes that carry the community.'),
      asPathPrefix: z.array(asNumberField()).optional().describe('Match only AS paths that begin so.'),
      priority: priority.optional().describe('Match only routes of this metric.'),
      action: z.enum(['Accept', 'Reject']).describe('What becomes of a route that matches.'),
      operations: z
        .array(operation)
        .min(1)
        .max(10)
        .optional()
        .describe('What to change about an accepted route.'),
    }).meta({ 'x-kubernetes-validations': celRules }),
  );

const spec = object('BGPFilterSpec', {
  exportV4: rules(4).optional().describe('Rules for IPv4 routes sent.'),
  importV4: rules(4).optional().describe('Rules for IPv4 routes received.'),
  exportV6: rules(6).optional().describe('Rules for IPv6 routes sent.'),
  importV6: rules(6).optional().describe('Rules for IPv6 routes received.'),
});

const lists = ['exportV4', 'importV4', 'exportV6', 'importV6'] as const;

function eachRule({ spec }: BGPFilter): ValidationIssue[] {
  return lists.flatMap((list) =>
    (spec[list] ?? []).flatMap((rule, index) => ruleIssues(rule, `spec.${list}[${index}]`)),
  );
}

function ruleIssues(rule: BGPFilterRule, path: string): ValidationIssue[] {
  const issues: ValidationIssue[] = [];
  if (rule.cidr !== undefined && rule.matchOperator === undefined)
    issues.push({
      path: `${path}.matchOperator`,
      reason: 'is required with cidr',
      hint: 'add Equal, NotEqual, In or NotIn',
    });
  if (rule.cidr === undefined && rule.matchOperator !== undefined)
    issues.push({ path: `${path}.matchOperator`, reason: 'has nothing to match', hint: 'add cidr' });
  if (rule.cidr === undefined && rule.prefixLength !== undefined)
    issues.push({ path: `${path}.prefixLength`, reason: 'needs a range', hint: 'add cidr' });
  if (rule.operations !== undefined && rule.action === 'Reject')
    issues.push({
      path: `${path}.operations`,
      reason: 'a rejected route cannot be changed',
      hint: 'remove operations',
    });
  return [...issues, ...operationIssues(rule, path)];
}

function operationIssues({ operations = [] }: BGPFilterRule, path: string): ValidationIssue[] {
  return operations.flatMap(({ addCommunity, prependASPath, setPriority }, index) => {
    const count = [addCommunity, prependASPath, setPriority].filter((value) => value !== undefined).length;
    if (count === 1) return [];
    const hint = 'write one of addCommunity, prependASPath and setPriority per entry';
    return [{ path: `${path}.operations[${index}]`, reason: `holds ${count} operations`, hint }];
  });
}

const count = (list: (typeof lists)[number]) => ({
  header: `NUM${list.toUpperCase()}`,
  value: ({ spec }: BGPFilter) => String(spec[list]?.length ?? 0),
});

/** BGPFilter. Source: Calico BGPFilterSpec and its validation. */
export const bgpFilter: KindDefinition<'BGPFilter'> = defineKind({
  kind: 'BGPFilter',
  plural: 'bgpfilters',
  aliases: ['bgpf', 'bgpfs', 'bf', 'bfs'],
  description: 'Which routes a peer gets or may send.',
  crd: true,
  spec,
  actsOn: 'all',
  columns: { ps: [nameColumn(), ...lists.map(count)], wide: [nameColumn(), ...lists.map(count)] },
  rules: [
    {
      refuses: [
        '`cidr` without `matchOperator`, and the other way round',
        '`prefixLength` without `cidr`',
        '`operations` in a rule that rejects',
        'an entry of `operations` that is not exactly one operation',
      ].join('; '),
      check: eachRule,
    },
  ],
});
