/**
 * What happens to a value before its schema sees it: fields that stand for "absent" go, unknown fields are noted.
 *
 * Kubernetes and Go write absent optional fields as null or as empty text, so both mean the same here. Unknown fields
 * stay in the value whatever they hold.
 */
import { z } from 'zod';
import type { Path } from '../issue.ts';
import { unwrap } from './unwrap.ts';

/** A field that the schema does not know, with the fields it does know in that place. */
export interface UnknownField {
  readonly path: Path;
  readonly known: readonly string[];
}

/** A value ready for its schema. */
export interface Prepared {
  readonly value: unknown;
  readonly unknownFields: readonly UnknownField[];
}

/** Copies a value without its empty optional fields; never throws, whatever the value is. */
export function prepare(schema: z.ZodType, value: unknown): Prepared {
  const unknownFields: UnknownField[] = [];
  return { value: visit(schema, value, [], unknownFields), unknownFields };
}

function visit(schema: unknown, value: unknown, path: Path, found: UnknownField[]): unknown {
  const inner = unwrap(schema);
  if (!holdsObjects(inner)) return value;
  if (inner instanceof z.ZodObject && isRecord(value)) return visitObject(inner, value, path, found);
  if (inner instanceof z.ZodArray && Array.isArray(value))
    return value.map((item, index) => visit(inner.element, item, [...path, index], found));
  if (inner instanceof z.ZodRecord && isRecord(value))
    return mapFields(value, (field, item) => visit(inner.valueType, item, [...path, field], found));
  return value;
}

function visitObject(
  schema: z.ZodObject,
  value: Record<string, unknown>,
  path: Path,
  found: UnknownField[],
): Record<string, unknown> {
  const known = Object.keys(schema.shape);
  const kept = Object.entries(value).filter(([field, item]) => !isAbsent(schema.shape[field], item));
  return mapFields(Object.fromEntries(kept), (field, item) => {
    const fieldPath = [...path, field];
    if (Object.hasOwn(schema.shape, field)) return visit(schema.shape[field], item, fieldPath, found);
    found.push({ path: fieldPath, known });
    return item;
  });
}

const holding = new WeakMap<object, boolean>();

/** Whether objects, and with them optional fields, lie below: a list of 64 numbers need not be walked. */
function holdsObjects(schema: unknown): boolean {
  if (schema instanceof z.ZodObject) return true;
  if (!(schema instanceof z.ZodArray || schema instanceof z.ZodRecord)) return false;
  const known = holding.get(schema);
  if (known !== undefined) return known;
  const holds = holdsObjects(unwrap(schema instanceof z.ZodArray ? schema.element : schema.valueType));
  holding.set(schema, holds);
  return holds;
}

function isAbsent(schema: unknown, value: unknown): boolean {
  if (value !== null && value !== undefined && value !== '') return false;
  return schema instanceof z.ZodOptional || schema instanceof z.ZodDefault;
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function mapFields(
  value: Record<string, unknown>,
  change: (field: string, item: unknown) => unknown,
): Record<string, unknown> {
  return Object.fromEntries(Object.entries(value).map(([field, item]) => [field, change(field, item)]));
}
