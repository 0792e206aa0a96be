/** What a template gives for a value. A path that leads nowhere gives nothing, as in kubectl. */
import { isDeepStrictEqual } from 'node:util';
import { stringifyJson } from '@weft/resources';
import type { Filter, Operand, Operator, Path, Piece, Step } from './syntax.ts';

/** Fills a template in. */
export function fill(pieces: readonly Piece[], root: unknown): string {
  return fillAt(pieces, root, root);
}

function fillAt(pieces: readonly Piece[], current: unknown, root: unknown): string {
  return pieces.map((piece) => fillOne(piece, current, root)).join('');
}

function fillOne(piece: Piece, current: unknown, root: unknown): string {
  switch (piece.kind) {
    case 'text':
      return piece.text;
    case 'path':
      return select(piece.path, current, root).map(show).join(' ');
    case 'range':
      return select(piece.path, current, root)
        .map((item) => fillAt(piece.body, item, root))
        .join('');
  }
}

/** All values that a path leads to. */
export function select(path: Path, current: unknown, root: unknown = current): unknown[] {
  const start = path.fromRoot ? root : current;
  return path.steps.reduce<unknown[]>(
    (values, step) => values.flatMap((value) => take(step, value, root)),
    [start],
  );
}

/** Text as it is, anything else as JSON. */
export function show(value: unknown): string {
  return typeof value === 'string' ? value : stringifyJson(value);
}

function take(step: Step, value: unknown, root: unknown): unknown[] {
  switch (step.kind) {
    case 'field':
      return isObject(value) && Object.hasOwn(value, step.name) ? present(value[step.name]) : [];
    case 'all':
      return childrenOf(value);
    case 'descend':
      return descendantsOf(value);
    case 'index':
      return Array.isArray(value) ? present(value.at(step.index)) : [];
    case 'slice':
      return Array.isArray(value)
        ? value.slice(step.start, step.end).filter((_, index) => index % step.step === 0)
        : [];
    case 'union':
      return step.steps.flatMap((one) => take(one, value, root));
    case 'filter':
      return childrenOf(value).filter((child) => passes(step.filter, child, root));
  }
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function present(value: unknown): unknown[] {
  return value === undefined ? [] : [value];
}

function childrenOf(value: unknown): unknown[] {
  if (Array.isArray(value)) return value;
  return isObject(value) ? Object.values(value) : [];
}

function descendantsOf(value: unknown): unknown[] {
  return [value, ...childrenOf(value).flatMap(descendantsOf)];
}

function passes({ left, operator, right }: Filter, value: unknown, root: unknown): boolean {
  const [found] = valuesOf(left, value, root);
  if (operator === undefined || right === undefined) return found !== undefined;
  const [other] = valuesOf(right, value, root);
  return found !== undefined && other !== undefined && compare(found, operator, other);
}

function valuesOf(operand: Operand, value: unknown, root: unknown): unknown[] {
  return operand.kind === 'literal' ? [operand.value] : select(operand.path, value, root);
}

function compare(left: unknown, operator: Operator, right: unknown): boolean {
  switch (operator) {
    case '==':
      return isEqual(left, right);
    case '!=':
      return !isEqual(left, right);
    default: {
      const isComparable = isNumber(left) ? isNumber(right) : typeof left === typeof right;
      return isComparable && inOrder(left as never, operator, right as never);
    }
  }
}

function inOrder(left: number, operator: Operator, right: number): boolean {
  if (left < right) return operator === '<' || operator === '<=';
  if (left > right) return operator === '>' || operator === '>=';
  return operator === '<=' || operator === '>=';
}

/** 5 and 5n are one number: neither comes before the other. */
function isEqual(left: unknown, right: unknown): boolean {
  if (isNumber(left) && isNumber(right)) return !(left < right || left > right);
  return isDeepStrictEqual(left, right);
}

function isNumber(value: unknown): value is number | bigint {
  return typeof value === 'number' || typeof value === 'bigint';
}
