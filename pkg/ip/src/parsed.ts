/**
 * The answer of every parser in this package.
 */

/** A value, or why the text is not one. `reason` quotes the text and reads after a field's name and a colon. */
export type Parsed<T> =
  | { readonly ok: true; readonly value: T }
  | { readonly ok: false; readonly reason: string };

/** Shortens hostile input before it is quoted in a reason. */
export function quote(text: string): string {
  return JSON.stringify(text.length > 64 ? `${text.slice(0, 64)}…` : text);
}

/** The value of a literal; a bad literal is a programmer's mistake and throws. */
export function unwrap<T>(parsed: Parsed<T>): T {
  if (parsed.ok) return parsed.value;
  throw new TypeError(parsed.reason);
}
