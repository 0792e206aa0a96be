/**
 * What is wrong in a file and where, from what the schemas report.
 */

import type { z } from 'zod';
import type { Failure } from '../failure.ts';
import { nearest } from '../nearest.ts';
import { KEY_SEPARATOR } from './schema.ts';
import { type ParsedYaml, type Path, showPath } from './yaml-lines.ts';

/** A mistake and where it is, before its line is looked up. */
export interface Mistake {
  readonly path: Path;
  readonly reason: string;
  readonly hint: string;
}

/** What to do about a value, when there is nothing more to say. */
export const CORRECT_IT = 'correct the value and start again, or send SIGHUP';

/** Says in words what a schema found. */
export function readIssue(issue: z.core.$ZodIssue): Mistake[] {
  const path = issue.path as Path;
  if (issue.code === 'unrecognized_keys') {
    return issue.keys.map((key) => ({ path: [...path, key], ...unknownKey(key, issue.message) }));
  }
  if (issue.code === 'invalid_union') return readUnionIssue(issue, path);
  return [{ path, reason: issue.message, hint: CORRECT_IT }];
}

/** Gives a mistake its place in the file. */
export function placed({ path, reason, hint }: Mistake, name: string, yaml: ParsedYaml): Failure {
  const key = showPath(path);
  return {
    message: `the configuration is wrong: ${key === '' ? 'the file' : key} ${reason}`,
    object: `${name}:${yaml.lineOf(path)}${key === '' ? '' : ` ${key}`}`,
    hint,
  };
}

/** Keys with values are the last alternative: whoever wrote keys meant that one. */
function readUnionIssue(issue: z.core.$ZodIssueInvalidUnion, path: Path): Mistake[] {
  const inKeys = issue.errors.at(-1) ?? [];
  const wroteKeys =
    inKeys.length > 0 && !inKeys.some((inner) => inner.code === 'invalid_type' && inner.path.length === 0);
  if (!wroteKeys) return [{ path, reason: issue.message, hint: CORRECT_IT }];
  return inKeys.flatMap(readIssue).map((mistake) => ({ ...mistake, path: [...path, ...mistake.path] }));
}

function unknownKey(key: string, knownHere: string): Pick<Mistake, 'reason' | 'hint'> {
  const meant = nearest(key, knownHere.split(KEY_SEPARATOR));
  const all = `known here: ${knownHere}`;
  return { reason: 'is no known key', hint: meant === undefined ? all : `did you mean "${meant}"? ${all}` };
}
