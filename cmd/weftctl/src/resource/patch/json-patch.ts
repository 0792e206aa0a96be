/** JSON Patch. Source: RFC 6902. Pure: the target stays as it is. */
import { isDeepStrictEqual } from 'node:util';
import { childOf, containerOf, indexIn, parsePointer, valueAt } from './json-pointer.ts';
import { PatchError } from './patch-error.ts';

/** The target with all operations applied in order. Throws PatchError, which names the operation, when one cannot be. */
export function jsonPatch(target: unknown, operations: unknown): unknown {
  if (!Array.isArray(operations)) throw new PatchError('a JSON patch is a list of operations');
  return operations.reduce((value: unknown, operation: unknown, index) => {
    try {
      return apply(value, operation);
    } catch (error) {
      if (!(error instanceof PatchError)) throw error;
      throw new PatchError(`operation ${index + 1}: ${error.message}`);
    }
  }, target);
}

/** One operation, RFC 6902 §4. */
function apply(target: unknown, operation: unknown): unknown {
  const { op, path, from, value } = (operation ?? {}) as Record<string, unknown>;
  if (typeof path !== 'string') throw new PatchError('path is missing');
  switch (op) {
    case 'add':
      return add(target, path, given(operation, value));
    case 'remove':
      return remove(target, path);
    case 'replace':
      return replace(target, path, given(operation, value));
    case 'move': {
      const source = text(from);
      if (path.startsWith(`${source}/`)) throw new PatchError(`${source} cannot move into itself`);
      return add(remove(target, source), path, valueAt(target, source));
    }
    case 'copy':
      return add(target, path, valueAt(target, text(from)));
    case 'test':
      if (!isDeepStrictEqual(valueAt(target, path), given(operation, value)))
        throw new PatchError(`the value at ${path} is not the one to test for`);
      return target;
    default:
      throw new PatchError(`${JSON.stringify(op)} is not one of add, remove, replace, move, copy, test`);
  }
}

function given(operation: unknown, value: unknown): unknown {
  if (!Object.hasOwn(operation as object, 'value')) throw new PatchError('value is missing');
  return value;
}

function text(from: unknown): string {
  if (typeof from !== 'string') throw new PatchError('from is missing');
  return from;
}

/** §4.1: sets a field, or inserts before an element. */
function add(target: unknown, pointer: string, value: unknown): unknown {
  return edit(target, pointer, value, (container, step) => {
    if (!Array.isArray(container)) return withField(container, step, value);
    return container.toSpliced(indexIn(container, step, container.length, pointer), 0, value);
  });
}

/** §4.2: the place must exist. */
function remove(target: unknown, pointer: string): unknown {
  return edit(target, pointer, undefined, (container, step) => {
    childOf(container, step, pointer);
    if (Array.isArray(container)) return container.toSpliced(Number(step), 1);
    return Object.fromEntries(Object.entries(container).filter(([field]) => field !== step));
  });
}

/** §4.3: the place must exist. */
function replace(target: unknown, pointer: string, value: unknown): unknown {
  return edit(target, pointer, value, (container, step) => {
    childOf(container, step, pointer);
    return Array.isArray(container) ? container.with(Number(step), value) : withField(container, step, value);
  });
}

function withField(object: Record<string, unknown>, field: string, value: unknown): unknown {
  return Object.fromEntries([...Object.entries(object).filter(([name]) => name !== field), [field, value]]);
}

type Change = (container: unknown[] | Record<string, unknown>, step: string) => unknown;

/** Copies the way to a place, and changes what holds the last step. The empty pointer means the whole value. */
function edit(target: unknown, pointer: string, whole: unknown, change: Change): unknown {
  const steps = parsePointer(pointer);
  const last = steps.pop();
  if (last === undefined) return whole;
  const descend = (value: unknown, [step, ...rest]: readonly string[]): unknown => {
    if (step === undefined) return change(containerOf(value, pointer), last);
    const child = descend(childOf(value, step, pointer), rest);
    return Array.isArray(value) ? value.with(Number(step), child) : { ...(value as object), [step]: child };
  };
  return descend(target, steps);
}
