/**
 * The two ways into a resource: strict for what users write, lenient for what a store holds.
 *
 * Data flow: value (from YAML or JSON) → prepare → schema → `complete` → resource; the strict way also refuses unknown
 * fields and checks the rules over several fields.
 */
import { z } from 'zod';
import type { Kind, Resource } from './generated/types.ts';
import { showValue, type ValidationIssue } from './issue.ts';
import { apiVersion, type KindDefinition } from './kind-definition.ts';
import { isKind, kindByAlias, kindNames, kinds } from './kinds.ts';
import { nearest } from './schema/nearest.ts';
import { prepare } from './schema/prepare.ts';
import { scalarsAsText } from './schema/scalars.ts';
import { fromUnknownField, fromZodIssue } from './schema/zod-issues.ts';

/** A resource with its defaults filled in, or everything that is wrong with the value. */
export type ParsedResource =
  | { readonly ok: true; readonly resource: Resource }
  | { readonly ok: false; readonly issues: readonly ValidationIssue[] };

/** Reads what a user wrote: unknown fields and broken cross-field rules are errors. */
export function parseResource(value: unknown): ParsedResource {
  const { resource, issues, unknownFields } = read(value, scalarsAsText);
  const broken = resource === undefined ? [] : anyDefinition(resource.kind).validate(resource);
  return result(resource, [...issues, ...unknownFields, ...broken]);
}

/**
 * Reads what a store holds: unknown fields are kept, and rules over several fields are not checked, because another
 * version of weft or Calico may have written the object by other rules.
 */
export function readResource(value: unknown): ParsedResource {
  const { resource, issues } = read(value, (_schema, stored) => stored);
  return result(resource, issues);
}

interface Reading {
  /** Absent when a field cannot be read; then `issues` says why. */
  readonly resource?: Resource;
  readonly issues: readonly ValidationIssue[];
  readonly unknownFields: readonly ValidationIssue[];
}

function read(value: unknown, adapt: (schema: z.ZodObject, value: object) => unknown): Reading {
  const kind = kindOf(value);
  if (!isKind(kind)) return { issues: [kindIssue(kind)], unknownFields: [] };
  const definition = anyDefinition(kind);
  const prepared = prepare(definition.schema, adapt(definition.schema, withSpec(value as object)));
  const unknownFields = prepared.unknownFields.map(fromUnknownField);
  const parsed = z.safeParse(definition.schema, prepared.value, { reportInput: true });
  if (parsed.success)
    return { resource: complete(definition, parsed.data as unknown as Resource), issues: [], unknownFields };
  const issues = parsed.error.issues.map((issue) => versionHint(fromZodIssue(issue as z.core.$ZodIssue)));
  return { issues, unknownFields };
}

function result(resource: Resource | undefined, issues: readonly ValidationIssue[]): ParsedResource {
  return resource === undefined || issues.length > 0 ? { ok: false, issues } : { ok: true, resource };
}

/** The definition of a kind known only at run time. */
function anyDefinition(kind: Kind): KindDefinition {
  return kinds[kind] as unknown as KindDefinition;
}

function complete(definition: KindDefinition, resource: Resource): Resource {
  return definition.complete?.(resource as never) ?? resource;
}

function kindOf(value: unknown): unknown {
  return typeof value === 'object' && value !== null ? (value as { kind?: unknown }).kind : undefined;
}

/** Kinds whose fields are all optional may leave out the spec. */
function withSpec(value: object): object {
  return { ...value, spec: (value as { spec?: unknown }).spec ?? {} };
}

function kindIssue(kind: unknown): ValidationIssue {
  const path = 'kind';
  if (kind === undefined) return { path, reason: 'is required', hint: `use one of ${kindNames.join(', ')}` };
  const text = typeof kind === 'string' ? kind : '';
  const meant: Kind | string | undefined = kindByAlias(text) ?? nearest(text, kindNames);
  const hint = meant === undefined ? `use one of ${kindNames.join(', ')}` : `did you mean ${meant}?`;
  return { path, reason: `${showValue(kind)} is not a known kind`, hint };
}

function versionHint(issue: ValidationIssue): ValidationIssue {
  return issue.path === 'apiVersion' ? { ...issue, hint: `write apiVersion: ${apiVersion}` } : issue;
}
