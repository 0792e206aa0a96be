/**
 * What is wrong with a resource, as data.
 */

/** One fault: `path` names the field ("spec.cidr"), `reason` what is wrong with it, `hint` what to do. */
export interface ValidationIssue {
  readonly path: string;
  readonly reason: string;
  readonly hint?: string;
}

/** The steps from the root of a resource to a field. */
export type Path = readonly (string | number)[];

/** A path as users read it: `spec.rules[3].cidr`, `metadata.labels["a/b"]`. */
export function formatPath(path: Path): string {
  return path.map(formatStep).join('').replace(/^\./, '');
}

function formatStep(step: string | number): string {
  if (typeof step === 'number') return `[${step}]`;
  return /^[\w-]+$/.test(step) ? `.${step}` : `[${JSON.stringify(step)}]`;
}

/** The steps of a path that `formatPath` wrote. */
export function parsePath(text: string): Path {
  const steps = text.matchAll(/\[(\d+)\]|\[("(?:[^"\\]|\\.)*")\]|([\w-]+)/g);
  return [...steps].map(
    ([, index, quoted, field]) => field ?? (quoted === undefined ? Number(index) : JSON.parse(quoted)),
  );
}

/** One line for users: the object, the field, what is wrong and what to do. */
export function describeIssue(object: string, issue: ValidationIssue): string {
  const where = issue.path === '' ? object : `${object}: ${issue.path}`;
  return issue.hint === undefined ? `${where}: ${issue.reason}` : `${where}: ${issue.reason}; ${issue.hint}`;
}

/** A value as a message shows it: text in quotes, anything large by its kind only. Never throws. */
export function showValue(value: unknown): string {
  if (Array.isArray(value)) return 'a list';
  if (typeof value === 'object' && value !== null) return 'an object';
  if (typeof value !== 'string') return String(value);
  return JSON.stringify(value.length > 64 ? `${value.slice(0, 64)}…` : value);
}
