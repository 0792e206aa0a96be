/**
 * JSON as Go's encoding/json prints it: the keys of maps sorted, and the characters escaped that HTML would mind. For
 * texts that Calico and weft both write into one annotation.
 */

/** A map as Go prints it. */
export function goJsonMap(map: Readonly<Record<string, string>>): string {
  return goJson(sortedMap(map));
}

/** A value as Go prints a struct of it: keys in the order they stand. */
export function goJson(value: unknown): string {
  return JSON.stringify(value).replace(/[<>&\u2028\u2029]/g, escaped);
}

/** The same entries in the order Go prints them. */
export function sortedMap(map: Readonly<Record<string, string>>): Record<string, string> {
  return Object.fromEntries(
    Object.entries(map).sort(([a], [b]) => Buffer.compare(Buffer.from(a), Buffer.from(b))),
  );
}

function escaped(character: string): string {
  return `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`;
}
