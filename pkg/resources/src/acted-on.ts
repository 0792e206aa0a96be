/**
 * Which fields have an effect in weft. The others are kept, for Calico and for the day weft learns them, and users are
 * told that nothing comes of them.
 */
import { z } from 'zod';
import type { Resource } from './generated/types.ts';
import type { KindDefinition } from './kind-definition.ts';
import { kinds } from './kinds.ts';
import { unwrap } from './schema/unwrap.ts';

/** How far weft acts on a field: on all of it, on some fields inside it, or not at all. */
export type Effect = 'all' | 'part' | 'none';

/** The effect of a field of the spec, by its path there: "bgp.asNumber". */
export function effectOf({ actsOn }: Pick<KindDefinition, 'actsOn'>, path: string): Effect {
  if (actsOn === 'all') return 'all';
  if (actsOn.some((acted) => path === acted || path.startsWith(`${acted}.`))) return 'all';
  return actsOn.some((acted) => acted.startsWith(`${path}.`)) ? 'part' : 'none';
}

/**
 * The paths of the fields that are set but have no effect in weft: "spec.wireguardEnabled". A field that holds its default
 * counts as not set.
 */
export function notActedOn(resource: Resource): string[] {
  const definition = kinds[resource.kind as Resource['kind']] as unknown as KindDefinition;
  return inside(definition, definition.spec, resource.spec, []).map((path) => `spec.${path}`);
}

function inside(
  definition: KindDefinition,
  schema: z.ZodObject,
  value: object,
  above: readonly string[],
): string[] {
  return Object.entries(value).flatMap(([name, item]) => {
    const path = [...above, name];
    const field = Object.hasOwn(schema.shape, name) ? schema.shape[name] : undefined;
    const effect = effectOf(definition, path.join('.'));
    if (effect === 'all' || !isSet(field, item)) return [];
    const inner = unwrap(field);
    return effect === 'part' && inner instanceof z.ZodObject
      ? inside(definition, inner, item as object, path)
      : [path.join('.')];
  });
}

function isSet(schema: unknown, value: unknown): boolean {
  if (value === undefined) return false;
  if (!(schema instanceof z.ZodDefault)) return true;
  return JSON.stringify(value) !== JSON.stringify(schema.def.defaultValue);
}
