/**
 * What of a kind a reader has asked for. Whatever a server selects by itself, each driver looks at what it hands out.
 */
import type { Kind, ResourceOf } from '@weft/resources';
import type { ListOptions } from './datastore.ts';

/** True for an object that a list with these options holds, and a watch with them tells. */
export function isSelected(
  { metadata, spec }: ResourceOf<Kind>,
  { labels = {}, namespace, node }: ListOptions,
): boolean {
  if (namespace !== undefined && metadata.namespace !== namespace) return false;
  if (node !== undefined && (spec as { readonly node?: string }).node !== node) return false;
  return Object.entries(labels).every(([name, value]) => metadata.labels?.[name] === value);
}
