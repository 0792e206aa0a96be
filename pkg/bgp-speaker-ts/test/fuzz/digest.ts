/**
 * A number that stands for a value, whatever its shape, and how large the value is.
 *
 * Comparing two digests is how a fuzz target sees that two results are the same, at a fraction of the cost of a deep
 * comparison.
 */

/** A digest and the size of what it stands for. */
export interface Digest {
  readonly hash: number;
  /** Octets, characters, elements and fields in all. */
  readonly size: number;
}

const names: Map<string, number> = new Map();
let hash = 0;
let size = 0;

/** Takes the digest of plain data: numbers, text, octets, lists, maps and objects of such. */
export function digest(value: unknown): Digest {
  hash = 0x811c9dc5 | 0;
  size = 0;
  add(value);
  return { hash: hash >>> 0, size };
}

function add(value: unknown): void {
  size += 1;
  if (typeof value === 'number') addNumber(value);
  else if (typeof value === 'string') addText(value);
  else if (typeof value !== 'object' || value === null) mix(value === undefined ? 3 : value === true ? 5 : 7);
  else if (value instanceof Uint8Array) addOctets(value);
  else if (Array.isArray(value)) addList(value);
  else if (value instanceof Map) addList([...value].flat());
  else addObject(value);
}

function addNumber(value: number): void {
  mix(value | 0);
  mix((value / 0x100000000) | 0);
}

function addText(text: string): void {
  size += text.length;
  for (let index = 0; index < text.length; index += 1) mix(text.charCodeAt(index));
}

function addOctets(octets: Uint8Array): void {
  size += octets.length;
  for (let index = 0; index < octets.length; index += 1) mix(octets[index] as number);
  mix(octets.length);
}

function addList(list: readonly unknown[]): void {
  for (const item of list) add(item);
  mix(list.length);
}

/** A field that is undefined is the same as one that is not there. */
function addObject(object: object): void {
  for (const name in object) {
    const value = (object as Record<string, unknown>)[name];
    if (value === undefined) continue;
    mix(numberOf(name));
    add(value);
  }
}

function numberOf(name: string): number {
  const known = names.get(name);
  if (known !== undefined) return known;
  names.set(name, names.size + 1);
  return names.size;
}

function mix(value: number): void {
  hash = Math.imul(hash ^ value, 0x01000193);
  hash ^= hash >>> 15;
}
