/**
 * The two ways into a resource: strict for what users write, lenient for what a store holds.
 *
 * Data flow: value (from YAML or JSON) → prepare → schema → `complete` → resource; the strict way also refuses unknown
 * fields and checks the rules over several fields.
 */
import { z } from 'zod';
import type { Kind, Resource } from './generated/types.ts';
import type { ValidationIssue } from './issue.ts';
import { apiVersion, type KindDefinition } from './kind-definition.ts';
import { isKind, kindByAlias, kindNames, kinds } from './kinds.ts';
import { nearest } from './schema/nearest.ts';
import { prepare } from './schema/prepare.ts';
import { fromUnknownField, fromZodIssue } from './schema/zod-issues.ts';

/** A resource with its defaults filled in, or everything that is wrong with the value. */
export type ParsedResource =
  | { readonly ok: true; readonly resource: Resource }
  | { readonly ok: false; readonly issues: readonly ValidationIssue[] };

/** Reads what a user wrote: unknown fields and broken cross-field rules are errors. */
export function parseResource(value: unknown): ParsedResource {
  return read(value, (definition, resource, unknownFields) => [
    ...unknownFields,
    ...definition.validate(resource),
  ]);
}

/**
 * Reads what a store holds: unknown fields are kept, and rules over several fields are not checked, because another
 * version of weft or Calico may have written the object by other rules.
 */
export function readResource(value: unknown): ParsedResource {
  return read(value, () => []);
}

type Check = (
  definition: KindDefinition,
  resource: Resource,
  unknownFields: readonly ValidationIssue[],
) => readonly ValidationIssue[];

function read(value: unknown, check: Check): ParsedResource {
  const kind = kindOf(value);
  if (!isKind(kind)) return { ok: false, issues: [kindIssue(kind)] };
  const definition = kinds[kind] as unknown as KindDefinition;
  const prepared = prepare(definition.schema, withSpec(value as object));
  const unknownFields = prepared.unknownFields.map(fromUnknownField);
  const parsed = z.safeParse(definition.schema, prepared.value, { reportInput: true });
  if (!parsed.success) {
    const issues = parsed.error.issues.map((issue) => fromZodIssue(issue as z.core.$ZodIssue));
    return {
      ok: false,
      issues: [...issues.map(versionHint), ...check(noRules, {} as Resource, unknownFields)],
    };
  }
  const resource = complete(definition, parsed.data as unknown as Resource);
  const issues = check(definition, resource, unknownFields);
  return issues.length > 0 ? { ok: false, issues } : { ok: true, resource };
}

const noRules = { validate: () => [] } as unknown as KindDefinition;

function complete(definition: KindDefinition, resource: Resource): Resource {
  return definition.complete?.(resource as never) ?? resource;
}

function kindOf(value: unknown): unknown {
  return typeof value === 'object' && value !== null ? (value as { kind?: unknown }).kind : undefined;
}

/** Kinds whose fields are all optional may leave out the spec. */
function withSpec(value: object): object {
  return { spec: {}, ...value };
}

function kindIssue(kind: unknown): ValidationIssue {
  const path = 'kind';
  if (kind === undefined) return { path, reason: 'is required', hint: `use one of ${kindNames.join(', ')}` };
  const text = String(kind);
  const meant: Kind | string | undefined = kindByAlias(text) ?? nearest(text, kindNames);
  const hint = meant === undefined ? `use one of ${kindNames.join(', ')}` : `did you mean ${meant}?`;
  return { path, reason: `${JSON.stringify(text)} is not a known kind`, hint };
}

function versionHint(issue: ValidationIssue): ValidationIssue {
  return issue.path === 'apiVersion' ? { ...issue, hint: `write apiVersion: ${apiVersion}` } : issue;
}
