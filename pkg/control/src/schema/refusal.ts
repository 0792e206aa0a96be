/** Why a request was not done: the body of every answer that is not a success. */
import * as z from 'zod';
import { replyOf } from './shape.ts';

/** One code per cause, with the HTTP status that carries it. Clients test the code, never the text. */
export const REFUSAL_STATUS = {
  'invalid-request': 400,
  forbidden: 403,
  'not-found': 404,
  'method-not-allowed': 405,
  conflict: 409,
  'no-address': 409,
  'too-large': 413,
  internal: 500,
  unavailable: 503,
  'deadline-exceeded': 504,
} as const;

/** What kind of thing went wrong. `no-address`: the pools that may be used have no free address. */
export type RefusalCode = keyof typeof REFUSAL_STATUS;

/** A refused request in three parts. Nothing was changed, unless the message says so. */
export interface Refusal {
  readonly kind: 'refused';
  readonly code: RefusalCode;
  /** What happened, without a final full stop. */
  readonly message: string;
  /** To which object: an endpoint id, a path, a pool. */
  readonly object: string;
  /** What to do next, as a sentence. */
  readonly hint: string;
}

/** The JSON body of an error: `{ "error": { "code", "message", "object", "hint" } }`. */
export interface ErrorBody {
  readonly error: Omit<Refusal, 'kind'>;
}

export const errorBodySchema: z.ZodType<ErrorBody> = replyOf<ErrorBody>({
  error: replyOf<ErrorBody['error']>({
    code: z.enum(Object.keys(REFUSAL_STATUS) as RefusalCode[]),
    message: z.string(),
    object: z.string(),
    hint: z.string(),
  }),
});

/** Makes a refusal. */
export function refuse(code: RefusalCode, message: string, object: string, hint: string): Refusal {
  return { kind: 'refused', code, message, object, hint };
}

/** Tells a refusal from a success. */
export function isRefusal(answer: object): answer is Refusal {
  return 'kind' in answer && answer.kind === 'refused';
}
