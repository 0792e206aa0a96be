/** Places inside a JSON value. Source: RFC 6901. */
import { PatchError } from './patch-error.ts';

/** The steps of a pointer: "/spec/a~1b" is spec, a/b. Throws PatchError. */
export function parsePointer(pointer: string): string[] {
  if (pointer === '') return [];
  if (!pointer.startsWith('/')) throw new PatchError(`${JSON.stringify(pointer)} does not begin with /`);
  // RFC 6901 §4: first ~1, then ~0.
  return pointer
    .slice(1)
    .split('/')
    .map((step) => step.replaceAll('~1', '/').replaceAll('~0', '~'));
}

/** The value at a place. Throws PatchError when there is none. */
export function valueAt(root: unknown, pointer: string): unknown {
  return parsePointer(pointer).reduce((value, step) => childOf(value, step, pointer), root);
}

/** The field or element of a value. Throws PatchError when there is none. */
export function childOf(value: unknown, step: string, pointer: string): unknown {
  const children = containerOf(value, pointer);
  const isThere = Array.isArray(children)
    ? indexIn(children, step, children.length - 1, pointer) >= 0
    : Object.hasOwn(children, step);
  if (!isThere) throw new PatchError(`there is nothing at ${pointer}`);
  return Array.isArray(children) ? children[Number(step)] : children[step];
}

/** The value as something that holds others. */
export function containerOf(value: unknown, pointer: string): unknown[] | Record<string, unknown> {
  if (typeof value === 'object' && value !== null) return value as Record<string, unknown>;
  throw new PatchError(`there is nothing at ${pointer}: what should hold it is no object and no list`);
}

/** The index that a step means, at most `last`; "-" is the place after the last element. */
export function indexIn(list: readonly unknown[], step: string, last: number, pointer: string): number {
  const index = step === '-' ? list.length : Number(step);
  if (step !== '-' && !/^(0|[1-9]\d*)$/.test(step)) throw new PatchError(`${pointer}: ${step} is no index`);
  if (index > last)
    throw new PatchError(`there is nothing at ${pointer}: the list has ${list.length} elements`);
  return index;
}
