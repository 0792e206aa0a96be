/**
 * IPAMBlock: which addresses of a block are taken, and by whom.
 */
import { addressCount } from '@weft/ip';
import { z } from 'zod';
import type { IPAMBlock } from '../generated/types.ts';
import type { ValidationIssue } from '../issue.ts';
import { defineKind, fieldColumn, type KindDefinition, nameColumn } from '../kind-definition.ts';
import { object, pattern, strictPrefixField, timeField, uint64Field } from '../schema/fields.ts';

const owner = z.record(z.string(), z.string());

const attribute = object('AllocationAttribute', {
  handle_id: z
    .string()
    .transform((text) => text.split('\r')[0] ?? '')
    .meta({ typescript: 'string' })
    .optional()
    .describe('The handle that holds the addresses; read up to the first carriage return.'),
  secondary: owner.optional().describe('The owner: node, namespace, pod, timestamp, type.'),
  alternateOwnerAttrs: owner.optional().describe('The other owner while a virtual machine moves.'),
  releasedAt: timeField().optional().describe('Set while released addresses cool down.'),
});

const spec = object('IPAMBlockSpec', {
  cidr: strictPrefixField().describe('The block.'),
  affinity: pattern(/^(host|virtual):[a-zA-Z0-9.\-_]+$/, 'host:<node> or virtual:<name>')
    .optional()
    .describe('The owner, "host:<node>" or "virtual:<name>"; absent when nobody owns the block.'),
  affinityClaimTime: timeField().optional().describe('When the owner claimed it; very old when absent.'),
  allocations: z
    .array(z.int().nullable())
    .describe('For each ordinal the index of its attribute, or null when it is free.'),
  unallocated: z.array(z.int()).default([]).describe('Free ordinals, first in first out.'),
  attributes: z
    .array(attribute)
    .default([])
    .describe('What is known of the allocations; several may share one entry.'),
  sequenceNumber: uint64Field()
    .default(0n)
    .meta({
      crd: { both: { default: 0 } },
      description: 'Grows by one with each write; starts at a clock reading.',
    }),
  sequenceNumberForAllocation: z
    .record(z.string(), uint64Field())
    .default({})
    .describe('For each allocated ordinal the sequence number before the write that allocated it.'),
  deleted: z.boolean().default(false).describe('Soft delete in Kubernetes; true means: does not exist.'),
  strictAffinity: z.boolean().default(false).describe('Deprecated; IPAMConfiguration decides.'),
});

function shapeIssues({ spec }: IPAMBlock): ValidationIssue[] {
  const expected = addressCount(spec.cidr);
  const actual = spec.allocations.length;
  const wrongCount = BigInt(actual) !== expected;
  const count = `has ${actual} entries; a block ${spec.cidr} has ${expected} addresses`;
  const dangling = spec.allocations.findIndex(
    (index) => index !== null && spec.attributes[index] === undefined,
  );
  const reason = `points to attribute ${spec.allocations[dangling]}, but there are ${spec.attributes.length}`;
  return [
    ...(wrongCount ? [{ path: 'spec.allocations', reason: count }] : []),
    ...(dangling >= 0 ? [{ path: `spec.allocations[${dangling}]`, reason }] : []),
  ];
}

/** IPAMBlock. Source: Calico IPAMBlockSpec; sequence numbers exceed 2^53 and are bigint. */
export const ipamBlock: KindDefinition<'IPAMBlock'> = defineKind({
  kind: 'IPAMBlock',
  plural: 'ipamblocks',
  aliases: [],
  description: 'Which addresses of a block are taken, and by whom.',
  crd: true,
  spec,
  actsOn: 'all',
  columns: {
    ps: [nameColumn(), fieldColumn('CIDR', 'spec.cidr'), fieldColumn('AFFINITY', 'spec.affinity')],
    wide: [
      nameColumn(),
      fieldColumn('CIDR', 'spec.cidr'),
      fieldColumn('AFFINITY', 'spec.affinity'),
      fieldColumn('CLAIMTIME', 'spec.affinityClaimTime'),
    ],
  },
  rules: [
    {
      refuses:
        '`spec.allocations`: has another count than the block has addresses, or points to an attribute that is not there',
      check: shapeIssues,
    },
  ],
});
