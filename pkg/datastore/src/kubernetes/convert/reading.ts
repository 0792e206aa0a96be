/**
 * Reading values as resources: strictly, or leniently where a value was put together from annotations. What somebody wrote
 * wrongly into one of those is left out, and the rest counts: the node or the pod is alive whatever its annotations say.
 */
import { type Kind, type ResourceOf, readResource } from '@weft/resources';

/** The resource, or why nobody can read it. */
export type Reading<K extends Kind> =
  | { readonly ok: true; readonly resource: ResourceOf<K> }
  | { readonly ok: false; readonly reason: string };

/** A value as `readResource` reads it. */
export function readingOf<K extends Kind>(value: unknown): Reading<K> {
  const parsed = readResource(value);
  if (parsed.ok) return { ok: true, resource: parsed.resource as ResourceOf<K> };
  return { ok: false, reason: parsed.issues.map(({ path, reason }) => `${path} ${reason}`).join('; ') };
}

/** The resource without the fields that cannot be read, or why nothing is left of it. */
export function readLeniently<K extends Kind>(value: object): Reading<K> {
  let current = value;
  for (;;) {
    const parsed = readResource(current);
    if (parsed.ok) return { ok: true, resource: parsed.resource as ResourceOf<K> };
    const next = parsed.issues.reduce((rest, { path }) => without(rest, stepsOf(path)), current);
    if (next === current) return readingOf(current);
    current = next;
  }
}

/** `spec.ports[0].port` → spec, ports, 0. Only what stands below the spec or the status may go. */
function stepsOf(path: string): string[] {
  const steps = path.match(/[^.[\]]+/g) ?? [];
  return steps.length > 1 && (steps[0] === 'spec' || steps[0] === 'status') ? steps : [];
}

/** A copy without the element at the path, or the same object when there is none. */
function without<T extends object>(value: T, [step, ...rest]: readonly string[]): T {
  const child = step === undefined ? undefined : (value as Record<string, unknown>)[step];
  if (step === undefined || child === undefined) return value;
  if (rest.length > 0 && (typeof child !== 'object' || child === null)) return value;
  const next = rest.length === 0 ? undefined : without(child as object, rest);
  if (next === child) return value;
  if (Array.isArray(value)) {
    const copy = value.map((element, index) => (String(index) === step ? next : element));
    return copy.filter((element) => element !== undefined) as unknown as T;
  }
  return { ...value, [step]: next };
}
