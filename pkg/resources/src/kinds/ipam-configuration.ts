/**
 * IPAMConfiguration: how addresses are handed out; one object, named `default`.
 */
import { z } from 'zod';
import { defineKind, fieldColumn, type KindDefinition, nameColumn, specRule } from '../kind-definition.ts';
import { object } from '../schema/fields.ts';

const spec = object('IPAMConfigurationSpec', {
  strictAffinity: z
    .boolean()
    .default(false)
    .meta({
      crd: { v3: { default: false } },
      description: 'Nodes take addresses only from their own blocks.',
    }),
  autoAllocateBlocks: z
    .boolean()
    .default(true)
    .meta({ crd: { v3: { default: true } }, description: 'Nodes claim blocks as they need them.' }),
  maxBlocksPerHost: z
    .int()
    .min(0)
    .max(1_000_000)
    .default(0)
    .meta({ crd: { v3: { default: 0 } }, description: 'Most blocks a node may own; 0 means 20.' }),
  kubeVirtVMAddressPersistence: z
    .enum(['Enabled', 'Disabled'])
    .optional()
    .describe('Whether virtual machines keep their addresses; Enabled when absent.'),
  ipCooldownSeconds: z
    .int()
    .min(0)
    .max(1200)
    .optional()
    .describe('Seconds a released address rests before it is given out again.'),
});

/** IPAMConfiguration. crd.projectcalico.org/v1 calls it IPAMConfig. */
export const ipamConfiguration: KindDefinition<'IPAMConfiguration'> = defineKind({
  kind: 'IPAMConfiguration',
  plural: 'ipamconfigurations',
  aliases: ['ipamconfig', 'ipamconfigs'],
  description: 'How addresses are handed out.',
  crd: { kind: 'IPAMConfig', plural: 'ipamconfigs' },
  shortNames: ['ipamconfig', 'ipamconfigs'],
  names: { pattern: /^default$/, what: 'default' },
  spec,
  actsOn: ['strictAffinity', 'autoAllocateBlocks', 'maxBlocksPerHost', 'ipCooldownSeconds'],
  columns: {
    ps: [
      nameColumn(),
      fieldColumn('STRICTAFFINITY', 'spec.strictAffinity'),
      fieldColumn('AUTOALLOCATEBLOCKS', 'spec.autoAllocateBlocks'),
    ],
    wide: [
      nameColumn(),
      fieldColumn('STRICTAFFINITY', 'spec.strictAffinity'),
      fieldColumn('AUTOALLOCATEBLOCKS', 'spec.autoAllocateBlocks'),
      fieldColumn('MAXBLOCKSPERHOST', 'spec.maxBlocksPerHost'),
    ],
  },
  rules: [
    specRule({
      path: 'spec.autoAllocateBlocks',
      reason: 'without blocks of their own, nodes could only borrow',
      hint: 'set strictAffinity or autoAllocateBlocks to true',
      holds: ({ strictAffinity, autoAllocateBlocks }) => strictAffinity || autoAllocateBlocks,
    }),
    specRule({
      path: 'spec.maxBlocksPerHost',
      reason: 'a limit means nothing while nodes may borrow from any block',
      hint: 'set strictAffinity to true or maxBlocksPerHost to 0',
      holds: ({ strictAffinity, maxBlocksPerHost }) => strictAffinity || maxBlocksPerHost === 0,
    }),
  ],
});
