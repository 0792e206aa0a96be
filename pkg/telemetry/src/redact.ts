/**
 * Removes secrets from what is about to be logged.
 *
 * A secret is recognised by the name of its field, at any depth, because a password reaches a log line through an
 * object somebody spread into it, not through a path anybody listed beforehand. References to secrets
 * (`secretKeyRef`) are names, not secrets, and stay readable.
 */

/** What stands in a log line where a secret was. */
const REDACTED = '[redacted]';

const SECRET_NAME = /pass(word|phrase|wd)|secret|token|authorization|credential|private-?key|md5-?key/i;
const REFERENCE_NAME = /ref(erence)?$/i;
const URL_USER_INFO = /(\b[a-z][a-z0-9+.-]*:\/\/[^\s/:@]*):[^\s/@]+@/gi;

/** Deeper objects are cut: a log line is for reading, and a cycle must end. */
const MAX_DEPTH = 6;
/** Longer lists are cut, with the number of what is missing. */
const MAX_ITEMS = 100;

/**
 * Returns a copy of `value` that is safe to log.
 *
 * Fields named like a secret become `[redacted]`, passwords inside URLs too; bigint becomes text (JSON has none),
 * an Error becomes its type, message, code, stack and cause; depth is cut at 6 and lists at 100 items.
 */
export function redact(value: unknown, depth = 0): unknown {
  if (typeof value === 'string') return value.replace(URL_USER_INFO, `$1:${REDACTED}@`);
  if (typeof value === 'bigint') return value.toString();
  if (typeof value !== 'object' || value === null) return value;
  if (depth >= MAX_DEPTH) return '[deeper]';
  if (value instanceof Error) return redactError(value, depth);
  if (Array.isArray(value)) return redactList(value, depth);
  if (ArrayBuffer.isView(value)) return `[${value.byteLength} bytes]`;
  if (value instanceof Date) return value.toISOString();
  if (value instanceof Map || value instanceof Set) return redactList([...value], depth);
  return redactFields(value, depth);
}

function redactFields(value: object, depth: number): Record<string, unknown> {
  const copy: Record<string, unknown> = {};
  for (const [name, field] of Object.entries(value)) {
    copy[name] = isSecretName(name) && hasContent(field) ? REDACTED : redact(field, depth + 1);
  }
  return copy;
}

function redactList(items: readonly unknown[], depth: number): unknown[] {
  const shown = items.slice(0, MAX_ITEMS).map((item) => redact(item, depth + 1));
  if (items.length > MAX_ITEMS) shown.push(`[${items.length - MAX_ITEMS} more]`);
  return shown;
}

function redactError(error: Error, depth: number): Record<string, unknown> {
  const { code, cause } = error as Error & { code?: unknown };
  return {
    type: error.name,
    message: redact(error.message),
    ...(code === undefined ? {} : { code }),
    stack: redact(error.stack),
    ...(cause === undefined ? {} : { cause: redact(cause, depth + 1) }),
  };
}

function isSecretName(name: string): boolean {
  return SECRET_NAME.test(name) && !REFERENCE_NAME.test(name);
}

/** An absent password is worth reading: it explains why a session has none. */
function hasContent(field: unknown): boolean {
  return field !== undefined && field !== null && field !== '' && typeof field !== 'boolean';
}
