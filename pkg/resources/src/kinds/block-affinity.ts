/**
 * BlockAffinity: a node's claim on a block, and how far the claim has come.
 */
import { z } from 'zod';
import { defineKind, fieldColumn, type KindDefinition, nameColumn, specRule } from '../kind-definition.ts';
import { booleanTextField, object, strictPrefixField } from '../schema/fields.ts';

const spec = object('BlockAffinitySpec', {
  state: z
    .enum(['pending', 'confirmed', 'pendingDeletion'])
    .default('confirmed')
    .meta({
      crd: { both: { enum: ['', 'pending', 'confirmed', 'pendingDeletion'] } },
      description:
        'Only a confirmed claim owns the block and may be advertised; absent in old data means confirmed.',
    }),
  node: z.string().describe('Who claims: a node, or the name of a virtual owner.'),
  type: z.enum(['host', 'virtual']).default('host').describe('Whether the owner is a node.'),
  cidr: strictPrefixField().describe('The block.'),
  deleted: booleanTextField()
    .default(false)
    .meta({
      crd: { v1: { type: 'string' }, v3: { default: false } },
      description: 'Soft delete in Kubernetes; true means: does not exist.',
    }),
});

/** BlockAffinity. Source: Calico BlockAffinitySpec; `deleted` is text in crd.projectcalico.org/v1, boolean here. */
export const blockAffinity: KindDefinition<'BlockAffinity'> = defineKind({
  kind: 'BlockAffinity',
  plural: 'blockaffinities',
  aliases: ['affinity', 'affinities'],
  shortNames: ['affinity', 'affinities'],
  description: "A node's claim on a block.",
  crd: true,
  spec,
  actsOn: 'all',
  columns: {
    ps: [nameColumn(), fieldColumn('CIDR', 'spec.cidr'), fieldColumn('NODE', 'spec.node')],
    wide: [
      nameColumn(),
      fieldColumn('CIDR', 'spec.cidr'),
      fieldColumn('NODE', 'spec.node'),
      fieldColumn('TYPE', 'spec.type'),
      fieldColumn('STATE', 'spec.state'),
    ],
  },
  rules: [
    specRule({
      path: 'spec.deleted',
      reason: 'nobody writes a claim that does not exist',
      hint: 'delete the object instead',
      holds: ({ deleted }) => !deleted,
    }),
  ],
});
