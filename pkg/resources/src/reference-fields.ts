/**
 * The fields of a schema as rows of a table, nested ones by their path: "bgp.asNumber", "ports[].name".
 */
import type { JsonSchema } from './schema/json-schema.ts';

/** One field in words. */
export interface FieldRow {
  readonly path: string;
  readonly type: string;
  readonly byDefault: string;
  readonly allowed: string;
  /** True when it cannot change. */
  readonly fixed: boolean;
  readonly meaning: string;
}

/** All fields of an object, each followed by those inside it. Equal objects are described once. */
export function fieldRows(schema: JsonSchema): FieldRow[] {
  return inside(schema, '', new Map());
}

function inside(schema: JsonSchema, prefix: string, described: Map<string, string>): FieldRow[] {
  const required = new Set(schema.required ?? []);
  return Object.entries(schema.properties ?? {}).flatMap(([name, field]) => {
    const path = `${prefix}${name}`;
    const element = innermost(field);
    const below = element.properties === undefined ? undefined : JSON.stringify(element);
    const same = below === undefined ? undefined : described.get(below);
    const own = row(path, field, required.has(name), same);
    if (below === undefined || same !== undefined) return [own];
    described.set(below, path);
    return [own, ...inside(element, `${path}${brackets(field)}.`, described)];
  });
}

/** The schema of what lists and maps hold in the end. */
function innermost(schema: JsonSchema): JsonSchema {
  const next = schema.items ?? valuesOf(schema);
  return next === undefined ? schema : innermost(next);
}

/** What a map holds; an object of known fields is none, though it keeps unknown ones. */
function valuesOf({ properties, additionalProperties }: JsonSchema): JsonSchema | undefined {
  return properties === undefined && typeof additionalProperties === 'object'
    ? additionalProperties
    : undefined;
}

function brackets(schema: JsonSchema): string {
  return schema.items === undefined ? '' : `[]${brackets(schema.items)}`;
}

function row(path: string, field: JsonSchema, required: boolean, same: string | undefined): FieldRow {
  const meaning = String(field.description ?? '');
  return {
    path,
    type: typeOf(field),
    byDefault: required ? '_required_' : defaultOf(field.default),
    allowed: allowedIn(field),
    fixed: field.immutable === true,
    meaning: same === undefined ? meaning : `${meaning} Fields as in \`${same}\`.`,
  };
}

function typeOf(schema: JsonSchema): string {
  if (schema.words !== undefined) return 'word, any case';
  if (schema.textType !== undefined) return schema.textType;
  if (Array.isArray(schema.enum)) return 'word';
  if (schema.anyOf !== undefined) return schema.anyOf.map(typeOf).join(' or ');
  if (schema.items !== undefined)
    return `${schema['x-kubernetes-list-type'] === 'set' ? 'set' : 'list'} of ${typeOf(schema.items)}`;
  const values = valuesOf(schema);
  if (values !== undefined) return `map to ${typeOf(values)}`;
  const type = schema.type === 'string' ? 'text' : (schema.type ?? 'anything');
  return schema.nullable === true ? `${type} or null` : type;
}

function defaultOf(value: unknown): string {
  return value === undefined ? '' : `\`${JSON.stringify(value)}\``;
}

function allowedIn(schema: JsonSchema): string {
  const element = schema.items === undefined ? undefined : allowedIn(schema.items);
  const bounds = [schema.shape, words(schema), range(schema), length(schema), count(schema), element];
  return bounds.filter((text) => text !== undefined && text !== '').join('; ');
}

function words(schema: JsonSchema): string | undefined {
  const allowed = schema.words ?? schema.enum;
  return allowed?.map((word) => `\`${word}\``).join(', ');
}

function range({ minimum, maximum }: JsonSchema): string | undefined {
  if (minimum !== undefined && maximum !== undefined) return `${minimum} to ${maximum}`;
  if (minimum !== undefined) return `${minimum} or more`;
  return maximum === undefined ? undefined : `${maximum} or less`;
}

function length({ maxLength, type, textType }: JsonSchema): string | undefined {
  // What has a form of its own is as long as that form makes it.
  if (maxLength === undefined || type !== 'string' || textType !== undefined) return undefined;
  return `up to ${maxLength} characters`;
}

function count({ minItems, maxItems }: JsonSchema): string | undefined {
  if (minItems !== undefined && minItems === maxItems) return `${minItems} item`;
  if (minItems !== undefined && maxItems !== undefined) return `${minItems} to ${maxItems} items`;
  return maxItems === undefined ? undefined : `up to ${maxItems} items`;
}
