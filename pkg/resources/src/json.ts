/**
 * JSON that loses no digit. Calico's sequence numbers exceed 2^53, where JavaScript's numbers begin to round.
 */

/** Parses JSON; integers beyond 2^53 become bigint. Throws SyntaxError as JSON.parse does. */
export function parseJson(text: string): unknown {
  if (!/\d{16}/.test(text)) return JSON.parse(text);
  return parseMarked(text) ?? JSON.parse(text, revive);
}

/** Strings, to step over them, and long integers that are values. */
const stringOrLongInteger = /"[^"\\]*(?:\\.[^"\\]*)*"|(?<![\d.eE+-])-?[1-9]\d{15,}(?![\d.eE]|\s*:)/g;

/**
 * Parses with every long integer marked as text, and puts bigints in the place of the marks: a reviver, which is called
 * for each value, takes five times as long on a block of addresses. Undefined when the text holds the mark itself, or is
 * not JSON.
 */
function parseMarked(text: string): unknown {
  if (text.includes('\\u0000')) return undefined;
  const marked = text.replace(stringOrLongInteger, (token) =>
    token.startsWith('"') ? token : `"\\u0000${token}"`,
  );
  try {
    return unmark(JSON.parse(marked));
  } catch {
    return undefined;
  }
}

/** Replaces marks inside the value, which nobody else has yet. */
function unmark(value: unknown): unknown {
  if (typeof value === 'string') return value.startsWith('\0') ? exactInteger(value.slice(1)) : value;
  if (typeof value !== 'object' || value === null) return value;
  const fields = value as Record<string, unknown>;
  for (const field of Object.keys(fields)) {
    const before = fields[field];
    const after = unmark(before);
    if (after === before) continue;
    // Assigning to a field called __proto__ would not make one; defining all of them would make slow objects.
    if (field === '__proto__') Object.defineProperty(fields, field, { value: after });
    else fields[field] = after;
  }
  return value;
}

function exactInteger(digits: string): number | bigint {
  const rounded = Number(digits);
  return Number.isSafeInteger(rounded) ? rounded : BigInt(digits);
}

/** TypeScript's library does not declare the reviver's third argument yet. */
function revive(_key: string, value: unknown, context?: { readonly source?: string }): unknown {
  if (typeof value !== 'number' || Number.isSafeInteger(value)) return value;
  const source = context?.source ?? '';
  return /^-?\d+$/.test(source) ? BigInt(source) : value;
}

/** Prints JSON; a bigint is printed as the integer it is. `indent` is the number of spaces of each level. */
export function stringifyJson(value: unknown, indent = 0): string {
  return JSON.stringify(value, printExactly, indent);
}

function printExactly(_key: string, value: unknown): unknown {
  return typeof value === 'bigint' ? rawJson(value.toString()) : value;
}

const { rawJSON: rawJson } = JSON as unknown as { readonly rawJSON: (text: string) => unknown };
