/**
 * What a kind is made of. A kind is one file in `kinds/` that calls `defineKind`, and one row in `kinds.ts`.
 */
import { z } from 'zod';
import { type AnnotationKnob, annotationIssues } from './annotations.ts';
import type { Kind, ResourceOf } from './generated/types.ts';
import { formatPath, type ValidationIssue } from './issue.ts';
import { metadataSchema } from './schema/metadata.ts';
import { nameIssues, objectNameIssues } from './schema/names-and-labels.ts';

/** The version users read and write. */
export const apiVersion = 'projectcalico.org/v3';

/** What a table needs to know beside the resource. */
export interface ColumnContext {
  /** The AS number of nodes that name none. */
  readonly defaultAsNumber: number;
}

/** One column of a table. */
export interface Column<K extends Kind> {
  readonly header: string;
  readonly value: (resource: ResourceOf<K>, context: ColumnContext) => string;
  /** Where the value lies, when it is a field as it stands: kubectl prints those, too. */
  readonly path?: string;
}

/** A rule in the language of the API server. `self` is the spec, or the whole object if the rule looks at its name. */
export interface CelRule {
  readonly rule: string;
  readonly message: string;
  readonly over?: 'object';
}

/** One rule over several fields. `cel` is the same rule for the API server. */
export interface Rule<K extends Kind> {
  /** What it refuses, for the reference: "`spec.node`: is not a name". */
  readonly refuses: string;
  readonly check: (resource: ResourceOf<K>) => readonly ValidationIssue[];
  readonly cel?: CelRule | readonly CelRule[];
}

/** One rule over what changes. In `cel`, `oldSelf` is what was there before. */
export interface UpdateRule<K extends Kind> {
  readonly refuses: string;
  readonly check: (next: ResourceOf<K>, previous: ResourceOf<K>) => readonly ValidationIssue[];
  readonly cel?: CelRule | readonly CelRule[];
}

/** How crd.projectcalico.org/v1 stores the kind, where that differs. */
export interface V1Names {
  readonly kind: string;
  readonly plural: string;
}

/** What the author of a kind writes. */
export interface KindSource<K extends Kind> {
  readonly kind: K;
  readonly plural: string;
  /** Further names on the command line, lower case; kind and plural are understood anyway. */
  readonly aliases: readonly string[];
  /** Names kubectl understands, too. */
  readonly shortNames?: readonly string[];
  readonly namespaced?: boolean;
  readonly description: string;
  readonly spec: z.ZodObject;
  readonly status?: z.ZodObject;
  /** Fields of the spec that weft acts on, "bgp.asNumber"; each stands for all below it. */
  readonly actsOn: 'all' | readonly string[];
  /** Fills what depends on other fields, after parsing. */
  readonly complete?: (resource: ResourceOf<K>) => ResourceOf<K>;
  /** The only names that are allowed; `what` names them in words. */
  readonly names?: { readonly pattern: RegExp; readonly what: string };
  readonly columns: { readonly ps: readonly Column<K>[]; readonly wide: readonly Column<K>[] };
  /** Knobs of weft's own; where there are some, other annotations of `weft.dev/` are refused. */
  readonly annotations?: readonly AnnotationKnob[];
  readonly rules?: readonly Rule<K>[];
  readonly updateRules?: readonly UpdateRule<K>[];
  /** False when Kubernetes keeps the kind elsewhere (Node, WorkloadEndpoint). */
  readonly crd: V1Names | boolean;
}

/** A kind and all that follows from its schema. */
export interface KindDefinition<K extends Kind = Kind> extends KindSource<K> {
  readonly namespaced: boolean;
  /** The whole object: apiVersion, kind, metadata, spec, status. */
  readonly schema: z.ZodObject;
  /** Every cross-field rule the resource breaks. */
  readonly validate: (resource: ResourceOf<K>) => ValidationIssue[];
  /** Every change from `previous` to `next` that is not allowed. */
  readonly validateUpdate: (next: ResourceOf<K>, previous: ResourceOf<K>) => ValidationIssue[];
}

/** Completes a kind from its source. */
export function defineKind<K extends Kind>(source: KindSource<K>): KindDefinition<K> {
  const schema = z
    .looseObject({
      apiVersion: z.literal(apiVersion).describe('Version of this representation.'),
      kind: z.literal(source.kind).describe('Kind of this object.'),
      metadata: metadataSchema.describe('Name, labels and bookkeeping.'),
      spec: source.spec.describe('What is wanted.'),
      ...(source.status && { status: source.status.optional().describe('What was observed.') }),
    })
    .meta({ typeName: source.kind, description: source.description });
  return {
    ...source,
    namespaced: source.namespaced ?? false,
    schema,
    validate: (resource) => [
      ...nameIssues(resource, source),
      ...(source.annotations ? annotationIssues(source.annotations, resource.metadata.annotations) : []),
      ...(source.rules ?? []).flatMap((rule) => rule.check(resource)),
    ],
    validateUpdate: (next, previous) => [
      ...immutableIssues(source.spec, next, previous),
      ...(source.updateRules ?? []).flatMap((rule) => rule.check(next, previous)),
    ],
  };
}

/** Fields marked `immutable` in the schema whose values differ. */
function immutableIssues(
  schema: z.ZodObject,
  next: { readonly spec: object },
  previous: { readonly spec: object },
): ValidationIssue[] {
  const before = previous.spec as Record<string, unknown>;
  const after = next.spec as Record<string, unknown>;
  return Object.keys(schema.shape)
    .filter((field) => isImmutable(schema.shape[field]))
    .filter((field) => JSON.stringify(after[field]) !== JSON.stringify(before[field]))
    .map((field) => ({
      path: formatPath(['spec', field]),
      reason: `cannot change from ${before[field]} to ${after[field]}`,
      hint: 'create an object under another name and move over to it',
    }));
}

/** True for a field that the schema marks `immutable`. */
export function isImmutable(field: unknown): boolean {
  return field instanceof z.ZodType && field.meta()?.immutable === true;
}

/** A column that prints a field as it stands. */
export function fieldColumn<K extends Kind>(header: string, path: string): Column<K> {
  const steps = path.split('.');
  return { header, path, value: (resource) => cell(steps.reduce<unknown>(descend, resource)) };
}

function descend(value: unknown, step: string): unknown {
  return (value as Record<string, unknown> | undefined)?.[step];
}

function cell(value: unknown): string {
  if (value === undefined || value === null) return '';
  return Array.isArray(value) ? value.join(',') : String(value);
}

/** The NAME column every table begins with. */
export function nameColumn<K extends Kind>(): Column<K> {
  return fieldColumn('NAME', 'metadata.name');
}

/** A rule that one condition on the spec decides. */
export function specRule<K extends Kind>(rule: {
  readonly path: string;
  readonly reason: string;
  readonly hint: string;
  readonly holds: (spec: ResourceOf<K>['spec']) => boolean;
  readonly cel?: string;
}): Rule<K> {
  const { path, reason, hint, holds, cel } = rule;
  return {
    refuses: `\`${path}\`: ${reason}; ${hint}`,
    check: (resource) => (holds(resource.spec) ? [] : [{ path, reason, hint }]),
    ...(cel !== undefined && {
      cel: { rule: cel, message: `${path.replace('spec.', '')}: ${reason}; ${hint}` },
    }),
  };
}

/** A rule that a field, or each item of a list, could be the name of an object. */
export function nameRule<K extends Kind>(
  path: string,
  read: (spec: ResourceOf<K>['spec']) => string | readonly string[] | undefined,
): Rule<K> {
  return {
    refuses: `\`spec.${path}\`: is not a name that an object can have`,
    check: ({ spec }) => {
      const value = read(spec);
      if (value === undefined || typeof value === 'string') return objectNameIssues(`spec.${path}`, value);
      return value.flatMap((text, index) => objectNameIssues(`spec.${path}[${index}]`, text));
    },
  };
}
