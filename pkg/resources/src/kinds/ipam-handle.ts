/**
 * IPAMHandle: how many addresses of which blocks one owner holds.
 */
import { z } from 'zod';
import { defineKind, fieldColumn, type KindDefinition, nameColumn } from '../kind-definition.ts';
import { object } from '../schema/fields.ts';

const spec = object('IPAMHandleSpec', {
  handleID: z.string().describe('The handle in its own case; the name of the object is lower case.'),
  block: z
    .record(z.string(), z.int())
    .default({})
    .describe('For each block, as a CIDR, the number of addresses held.'),
  deleted: z.boolean().default(false).describe('Soft delete in Kubernetes; true means: does not exist.'),
});

/** IPAMHandle. Source: Calico IPAMHandleSpec. */
export const ipamHandle: KindDefinition<'IPAMHandle'> = defineKind({
  kind: 'IPAMHandle',
  plural: 'ipamhandles',
  aliases: [],
  description: 'How many addresses of which blocks one owner holds.',
  crd: true,
  spec,
  actsOn: 'all',
  columns: {
    ps: [nameColumn(), fieldColumn('ID', 'spec.handleID')],
    wide: [nameColumn(), fieldColumn('ID', 'spec.handleID')],
  },
});
