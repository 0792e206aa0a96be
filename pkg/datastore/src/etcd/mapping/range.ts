/**
 * Ranges of keys.
 */
import type { Range } from './mapping.ts';

/** All keys that begin with an ASCII text: up to that text with its last letter raised. */
export function prefixRange(prefix: string): Range {
  const last = prefix.charCodeAt(prefix.length - 1);
  return { key: prefix, rangeEnd: prefix.slice(0, -1) + String.fromCharCode(last + 1) };
}
