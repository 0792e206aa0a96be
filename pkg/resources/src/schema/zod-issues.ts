/**
 * Turns what zod reports into sentences for users.
 */
import type { z } from 'zod';
import { formatPath, type Path, showValue, type ValidationIssue } from '../issue.ts';
import { nearest } from './nearest.ts';
import type { UnknownField } from './prepare.ts';

/** One issue of ours for one of zod's, which must carry its input (`reportInput`). */
export function fromZodIssue(issue: z.core.$ZodIssue): ValidationIssue {
  const path = formatPath(issue.path as Path);
  switch (issue.code) {
    case 'invalid_type':
      if (issue.input === undefined)
        return { path, reason: 'is required', hint: `add ${String(issue.path.at(-1))}` };
      return {
        path,
        reason: `must be ${expectations[issue.expected] ?? `a ${issue.expected}`}, not ${showValue(issue.input)}`,
      };
    case 'invalid_union': {
      if (issue.input === undefined)
        return { path, reason: 'is required', hint: `add ${String(issue.path.at(-1))}` };
      const expected = issue.errors.flatMap(([first]) =>
        first?.code === 'invalid_type' ? [expectations[first.expected] ?? `a ${first.expected}`] : [],
      );
      return { path, reason: `must be ${expected.join(' or ')}, not ${showValue(issue.input)}` };
    }
    case 'invalid_value':
      return valueIssue(path, issue.input, issue.values.map(String));
    case 'too_small':
      return { path, reason: `${size(issue.input, issue.origin)} is less than ${issue.minimum}` };
    case 'too_big':
      return { path, reason: `${size(issue.input, issue.origin)} is more than ${issue.maximum}` };
    default:
      return { path, reason: issue.message };
  }
}

/** The issue of a field nobody knows. */
export function fromUnknownField({ path, known }: UnknownField): ValidationIssue {
  const field = String(path.at(-1));
  const candidate = nearest(field, known);
  const hint = candidate === undefined ? 'remove it' : `did you mean ${candidate}?`;
  return { path: formatPath(path), reason: 'is not a known field', hint };
}

function valueIssue(path: string, input: unknown, values: readonly string[]): ValidationIssue {
  if (input === undefined) return { path, reason: 'is required', hint: `use ${values.join(' or ')}` };
  const reason = `${showValue(input)} is not ${values.length > 1 ? 'one of ' : ''}${values.join(', ')}`;
  const candidate = typeof input === 'string' ? nearest(input, values) : undefined;
  return candidate === undefined ? { path, reason } : { path, reason, hint: `did you mean ${candidate}?` };
}

function size(input: unknown, origin: string): string {
  if (origin === 'string') return `a length of ${String(input).length}`;
  if (Array.isArray(input)) return `a count of ${input.length}`;
  return showValue(input);
}

/** Every number in a resource is an integer, so "number" says too little. */
const expectations: Readonly<Record<string, string>> = {
  int: 'an integer',
  number: 'an integer',
  array: 'a list',
  object: 'an object',
  record: 'an object',
};
