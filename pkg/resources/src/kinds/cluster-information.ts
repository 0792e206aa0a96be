/**
 * ClusterInformation: what the cluster is, and whether its datastore may be used; one object, named `default`.
 */
import { z } from 'zod';
import { defineKind, fieldColumn, type KindDefinition, nameColumn } from '../kind-definition.ts';
import { object } from '../schema/fields.ts';

const spec = object('ClusterInformationSpec', {
  clusterGUID: z.string().optional().describe('Identity of the cluster, drawn once: 32 hexadecimal digits.'),
  clusterType: z
    .string()
    .optional()
    .describe('What the cluster is made of, separated by commas, for example "k8s,bgp,kdd".'),
  calicoVersion: z.string().optional().describe('The version of Calico that runs here.'),
  datastoreReady: z
    .boolean()
    .optional()
    .describe('False locks the datastore: nobody adds or removes workloads until it is true again.'),
  variant: z.string().optional().describe('The variant of Calico that runs here.'),
});

/** ClusterInformation. Source: Calico ClusterInformationSpec. */
export const clusterInformation: KindDefinition<'ClusterInformation'> = defineKind({
  kind: 'ClusterInformation',
  plural: 'clusterinformations',
  aliases: ['clusterinfo', 'clusterinfos'],
  shortNames: ['clusterinfo', 'clusterinfos'],
  description: 'What the cluster is, and whether its datastore may be used.',
  crd: true,
  names: { pattern: /^default$/, what: 'default' },
  spec,
  actsOn: ['clusterGUID', 'datastoreReady'],
  columns: { ps: columns(), wide: columns() },
});

function columns(): KindDefinition<'ClusterInformation'>['columns']['ps'] {
  return [
    nameColumn(),
    fieldColumn('CLUSTERGUID', 'spec.clusterGUID'),
    fieldColumn('CLUSTERTYPE', 'spec.clusterType'),
    fieldColumn('CALICOVERSION', 'spec.calicoVersion'),
    fieldColumn('DATASTOREREADY', 'spec.datastoreReady'),
  ];
}
