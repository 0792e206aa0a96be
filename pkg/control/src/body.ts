/** Reads and checks what a client sent. Whatever is wrong with it comes back as a refusal. */
import type { IncomingMessage } from 'node:http';
import type * as z from 'zod';
import { isRefusal, type Refusal, refuse } from './schema/refusal.ts';

/** The largest request body, in bytes. An attach with every field full is below 20 KB. */
export const MAX_BODY_BYTES: number = 64 * 1024;

/** What is read at most of a longer one, so that its sender gets to see the answer; then it is cut off. */
const MAX_DRAINED_BYTES = 2 * 1024 * 1024;

/** Problems of one request that are reported; the rest are of the same kind. */
const MAX_PROBLEMS = 5;

/** A checked value, or why there is none. */
export type Checked<Value> = { readonly kind: 'value'; readonly value: Value } | Refusal;

/** The body as JSON that fits `schema`. */
export async function readBody<Value>(
  request: IncomingMessage,
  schema: z.ZodType<Value>,
  object: string,
): Promise<Checked<Value>> {
  const body = await readBytes(request, object, MAX_BODY_BYTES);
  if (isRefusal(body)) return body;
  try {
    return check(schema, JSON.parse(body.value.toString('utf8')), object);
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error;
    return refuse(
      'invalid-request',
      'The request body is not JSON',
      object,
      `The parser says: ${error.message}.`,
    );
  }
}

/** `input` as `schema` describes it. */
export function check<Value>(schema: z.ZodType<Value>, input: unknown, object: string): Checked<Value> {
  const parsed = schema.safeParse(input);
  if (parsed.success) return { kind: 'value', value: parsed.data };
  const problems = parsed.error.issues.slice(0, MAX_PROBLEMS).map(describe);
  return refuse('invalid-request', problems.join('; '), object, 'Correct the request and send it again.');
}

function describe(issue: z.core.$ZodIssue): string {
  const path = issue.path.join('.');
  return path === '' ? issue.message : `${path}: ${issue.message}`;
}

/** The body as it came, of at most so many bytes. */
export async function readBytes(
  request: IncomingMessage,
  object: string,
  maxBytes: number,
): Promise<Checked<Buffer>> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  try {
    // Leaving the loop must not destroy the connection: the answer still has to go out.
    for await (const chunk of request.iterator({ destroyOnReturn: false })) {
      bytes += chunk.length;
      if (bytes <= maxBytes) chunks.push(chunk);
      if (bytes > MAX_DRAINED_BYTES) break;
    }
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ECONNRESET') throw error;
    return refuse(
      'invalid-request',
      'The client went away while it sent the request',
      object,
      'Send it again.',
    );
  }
  if (bytes <= maxBytes) return { kind: 'value', value: Buffer.concat(chunks) };
  return refuse(
    'too-large',
    `The request body has more than ${maxBytes} bytes`,
    object,
    'Send a smaller one.',
  );
}
