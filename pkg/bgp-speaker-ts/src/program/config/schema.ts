/**
 * The parts schemas of the file are made of: keys with a kind of value, maps without unknown keys, lists, alternatives.
 *
 * The message of an issue about unknown keys is the list of known ones; `mistake.ts` makes a sentence of it.
 */

import { z } from 'zod';
import type { FieldType } from './fields.ts';

/** All keys of a type, none of them optional: a schema of this type cannot forget one. */
export type Complete<T> = { readonly [K in keyof Required<T>]: T[K] };

/** Between the keys of a map in the message of `unrecognized_keys`. */
export const KEY_SEPARATOR = ', ';

/** A key that must be there. */
export function required<T>(type: FieldType<T>, description: string): z.ZodType<T> {
  return field(type).meta({ description });
}

/** A key that may be absent. */
export function optional<T>(type: FieldType<T>, description: string): z.ZodType<T | undefined> {
  return optionalPart(field(type), description);
}

/** Keys with values, or a list, that may be absent. */
export function optionalPart<T>(part: z.ZodType<T>, description: string): z.ZodType<T | undefined> {
  return part.optional().meta({ description });
}

/** A key that stands for a value when it is absent. */
export function withDefault<T>(type: FieldType<T>, value: T, description: string): z.ZodType<T> {
  return z._default(field(type), () => value as never).meta({ description, default: value }) as z.ZodType<T>;
}

/** One value: an item of a list, or an alternative. */
export function field<T>(type: FieldType<T>): z.ZodPipe<z.ZodUnknown, z.ZodTransform<T, unknown>> {
  return z
    .unknown()
    .meta(type.schema)
    .transform((value, context): T => {
      const result = type.read(value);
      if (result.ok) return result.value;
      context.issues.push({ code: 'custom', message: result.reason, input: value });
      return z.NEVER;
    });
}

/** Keys with values, and no others. */
export function object<T extends z.ZodRawShape>(shape: T): z.ZodObject<T, z.core.$strict> {
  return z.strictObject(shape, {
    error: ({ code, input }) =>
      code === 'unrecognized_keys'
        ? Object.keys(shape).join(KEY_SEPARATOR)
        : input === undefined
          ? 'is missing'
          : 'must be keys with values',
  });
}

/** Values in order. */
export function list<T extends z.ZodType>(item: T): z.ZodArray<T> {
  return z.array(item, { error: ({ input }) => (input === undefined ? 'is missing' : 'must be a list') });
}

/** A simple value or keys with values; `wanted` says so to whoever wrote neither. */
export function either<A, B>(simple: z.ZodType<A>, keys: z.ZodType<B>, wanted: string): z.ZodType<A | B> {
  return z.union([simple, keys], { error: () => `must be ${wanted}` });
}
