/**
 * How the schemas of this package are written: an interface for the reader, a zod object for the wire, and the compiler
 * as the one that keeps them equal.
 */
import * as z from 'zod';

/** One schema per property of `T`, optional ones included, so that a field cannot be forgotten and silently dropped. */
type Shape<T> = { readonly [Property in keyof T]-?: z.ZodType<T[Property]> };

/** A schema for what the daemon answers: fields from a newer daemon are ignored. */
export function replyOf<T extends object>(shape: Shape<T>): z.ZodType<T> {
  return z.object(shape as unknown as z.core.$ZodLooseShape) as unknown as z.ZodType<T>;
}

/** A schema for what a client asks: an unknown field is an error, because it asks for something that will not happen. */
export function requestOf<T extends object>(shape: Shape<T>): z.ZodType<T> {
  return z.strictObject(shape as unknown as z.core.$ZodLooseShape) as unknown as z.ZodType<T>;
}
