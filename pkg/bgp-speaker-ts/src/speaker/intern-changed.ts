/**
 * Puts changed attributes of a received route into the store, under the next hop it came with.
 */

import type { AttributeStore } from '../rib/attribute-store.ts';
import { encodeAttributes } from '../wire/attribute/encode.ts';
import type { PathAttributes } from '../wire/attribute/path-attributes.ts';
import { attributeKeyStart } from '../wire/message/02-update.ts';

/**
 * Gives the id of attributes in place of those of another id, whose next hop they keep; one user more.
 *
 * NEXT_HOP, where the next hop stands among the attributes, is part of both.
 */
export function internChanged(store: AttributeStore, before: number, attributes: PathAttributes): number {
  const block = encodeAttributes(attributes, { fourOctetAsn: true });
  const old = store.key(before);
  const start = attributeKeyStart(old);
  const key = new Uint8Array(start + block.length);
  key.set(old.subarray(0, start));
  key.set(block, start);
  return store.internOwn(key);
}
