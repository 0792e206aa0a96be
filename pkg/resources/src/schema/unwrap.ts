/**
 * Looks through the wrappers of a field.
 */
import { z } from 'zod';

/** The schema without the wrappers that only add optionality. */
export function unwrap(schema: unknown): unknown {
  const wrapped =
    schema instanceof z.ZodOptional || schema instanceof z.ZodDefault || schema instanceof z.ZodNullable;
  return wrapped ? unwrap(schema.unwrap()) : schema;
}
