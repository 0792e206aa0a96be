/**
 * Numbers and booleans where text belongs, as in `labels: { rack: 1, edge: true }`. YAML asks nobody to quote them, and
 * Calico's tools take them for the text they look like; so do we, where users write.
 */
import { z } from 'zod';
import { unwrap } from './unwrap.ts';

/** Copies a value with such scalars as text. Durations and times stay: Calico wants them quoted. */
export function scalarsAsText(schema: unknown, value: unknown): unknown {
  const inner = unwrap(schema);
  if (inner instanceof z.ZodString) return isScalar(value) && isPlainText(inner) ? String(value) : value;
  if (Array.isArray(value))
    return inner instanceof z.ZodArray ? value.map((item) => scalarsAsText(inner.element, item)) : value;
  if (typeof value !== 'object' || value === null) return value;
  const entries = Object.entries(value);
  if (inner instanceof z.ZodRecord)
    return Object.fromEntries(entries.map(([key, item]) => [key, scalarsAsText(inner.valueType, item)]));
  if (!(inner instanceof z.ZodObject)) return value;
  return Object.fromEntries(
    entries.map(([field, item]) => [
      field,
      Object.hasOwn(inner.shape, field) ? scalarsAsText(inner.shape[field], item) : item,
    ]),
  );
}

function isScalar(value: unknown): boolean {
  return typeof value === 'number' || typeof value === 'bigint' || typeof value === 'boolean';
}

function isPlainText(schema: z.ZodString): boolean {
  const { textType } = schema.meta() ?? {};
  return textType !== 'duration' && textType !== 'time';
}
