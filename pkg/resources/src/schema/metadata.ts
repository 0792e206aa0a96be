/**
 * The metadata every resource carries: the part of Kubernetes' ObjectMeta that Calico keeps.
 */
import { z } from 'zod';
import { object, timeField } from './fields.ts';

/** Schema of `metadata`. Like every object here it keeps the fields it does not name. */
export const metadataSchema: z.ZodObject = object('Metadata', {
  name: z.string().min(1).describe('Name, unique among the objects of the kind (and namespace).'),
  namespace: z.string().optional().describe('Namespace; only for namespaced kinds.'),
  labels: z.record(z.string(), z.string()).optional().describe('Labels, which selectors look at.'),
  annotations: z.record(z.string(), z.string()).optional().describe('Annotations, for tools.'),
  resourceVersion: z
    .string()
    .optional()
    .describe('The revision this object was read at; compare-and-swap token.'),
  uid: z.string().optional().describe('Identity of this object; a new object of the same name has another.'),
  creationTimestamp: timeField().optional().describe('When the object was created.'),
  deletionTimestamp: timeField().optional().describe('When deletion was asked for; finalizers hold it back.'),
  deletionGracePeriodSeconds: z.int().optional().describe('Kubernetes: seconds until the object goes.'),
  generation: z.int().optional().describe('Kubernetes: counts changes of the spec.'),
  generateName: z.string().optional().describe('Kubernetes: prefix of a generated name.'),
  selfLink: z.string().optional().describe('Kubernetes: deprecated.'),
  finalizers: z.array(z.string()).optional().describe('Who must act before the object goes.'),
  ownerReferences: z
    .array(
      object('OwnerReference', {
        apiVersion: z.string().describe('Group and version of the owner.'),
        kind: z.string().describe('Kind of the owner.'),
        name: z.string().describe('Name of the owner.'),
        uid: z.string().describe('Identity of the owner.'),
        controller: z.boolean().optional().describe('True for the owner that manages the object.'),
        blockOwnerDeletion: z
          .boolean()
          .optional()
          .describe('True to keep the owner until the object is gone.'),
      }),
    )
    .optional()
    .describe('Objects this one goes with.'),
  managedFields: z
    .array(z.record(z.string(), z.unknown()))
    .optional()
    .describe('Kubernetes: who set which field.'),
});
