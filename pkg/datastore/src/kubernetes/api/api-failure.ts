/**
 * What the API server refuses, as DatastoreErrors in three parts: what happened, to which object, what to do next.
 */
import { DatastoreError, type DatastoreErrorCode } from '../../datastore.ts';
import type { ApiCall } from './api-call.ts';

/** Kubernetes' Status object, as far as it is looked at. */
export interface Status {
  readonly kind: 'Status';
  readonly code?: number;
  readonly reason?: string;
  readonly message?: string;
  readonly details?: {
    readonly name?: string;
    readonly causes?: readonly { readonly field?: string; readonly message?: string }[];
  };
}

/** An answer of the server, its body parsed when it was JSON. */
export interface ApiAnswer {
  readonly status: number;
  readonly body: unknown;
  /** The body as it came, for messages. */
  readonly text: string;
}

/** The Status object in an answer, when there is one. */
export function statusOf({ body }: { readonly body: unknown }): Status | undefined {
  return isStatus(body) ? body : undefined;
}

/** True for a Status object. */
export function isStatus(body: unknown): body is Status {
  return typeof body === 'object' && body !== null && (body as Status).kind === 'Status';
}

/** True for a 404 that speaks of the object; one that speaks of the path means that the CRDs are missing. */
export function isMissingObject(answer: ApiAnswer): boolean {
  return answer.status === 404 && statusOf(answer)?.details?.name !== undefined;
}

/** An answer nobody can go on from, as an error. */
export function refusal(call: ApiCall, title: string, answer: ApiAnswer): DatastoreError {
  const { code, why, next } = explain(call, answer);
  return failure(code, call, title, `${why}${said(answer)}`, next);
}

/** An error about a call. */
export function failure(
  code: DatastoreErrorCode,
  call: ApiCall,
  title: string,
  why: string,
  next: string,
  cause?: unknown,
): DatastoreError {
  const message = `Cannot ${call.verb} ${call.object} in ${title}: ${why}. ${next}`;
  return new DatastoreError(code, message, cause === undefined ? undefined : { cause });
}

interface Explanation {
  readonly code: DatastoreErrorCode;
  readonly why: string;
  readonly next: string;
}

function explain({ verb, resource }: ApiCall, answer: ApiAnswer): Explanation {
  const { status } = answer;
  switch (status) {
    case 401:
      return unavailable(
        'the server does not accept the credentials (401)',
        'Renew the token or the certificate, or choose another kubeconfig or context.',
      );
    case 403:
      return unavailable(
        `RBAC does not allow to ${verb} ${resource} (403)`,
        `Add that verb to a ClusterRole of this account (weft's are in manifests/base); kubectl auth can-i ${verb} ${resource} tells when it is done.`,
      );
    case 404:
      return unavailable(
        `the server does not know ${resource} (404)`,
        resource.includes('projectcalico.org')
          ? `Install the CRDs: kubectl apply -f manifests/crds/${resource.includes('.crd.') ? 'v1' : 'v3'}.`
          : 'Use a server that has this API.',
      );
    case 410:
      return {
        code: 'compacted',
        why: 'the server no longer knows that revision (410)',
        next: 'List again and watch from there.',
      };
    case 429:
      return unavailable('the server asks for patience (429)', 'Try again later.');
    case 400:
    case 413:
    case 422:
      return { code: 'invalid-resource', why: `it is refused (${status})`, next: 'Correct the object.' };
  }
  if (answer.text.includes('database space exceeded'))
    return {
      code: 'full',
      why: `etcd behind the server is full (${status})`,
      next: 'Compact and defragment that etcd, or raise its quota.',
    };
  if (status < 500) return unavailable(`it is refused (${status})`, 'Look at the log of the API server.');
  const unknown = verb === 'get' || verb === 'list' || verb === 'watch';
  const next = unknown ? 'Try again.' : 'Whether it was done is not known: read the object, then try again.';
  return unavailable(`the server failed (${status})`, next);
}

function unavailable(why: string, next: string): Explanation {
  return { code: 'unavailable', why, next };
}

/** What the server said, in one line. */
function said(answer: ApiAnswer): string {
  const status = statusOf(answer);
  const causes = status?.details?.causes ?? [];
  const fields = causes.map(({ field, message }) => [field, message].filter(Boolean).join(' '));
  const text = fields.length > 0 ? fields.join('; ') : (status?.message ?? answer.text);
  const line = text.replaceAll(/\s+/g, ' ').replace(/\.$/, '').trim().slice(0, 500);
  return line === '' ? '' : `: ${line}`;
}

/** Codes of Node's TLS that mean: the other end is not who it should be. */
const CERTIFICATE_CODES =
  /^(CERT_|DEPTH_ZERO|SELF_SIGNED|UNABLE_TO_|ERR_TLS_CERT|HOSTNAME_MISMATCH|ERR_SSL_|ERR_OSSL|EPROTO)/;

/** True for a failure that the same request would meet again at once. */
export function isTlsFailure(error: unknown): boolean {
  return CERTIFICATE_CODES.test(codeOf(error));
}

/** A connection that failed, as an error. */
export function connectionFailure(call: ApiCall, title: string, error: unknown): DatastoreError {
  const code = codeOf(error);
  const why = isTlsFailure(error)
    ? `TLS failed (${oneLine(error)})`
    : `no answer (${code || oneLine(error)})`;
  const next = isTlsFailure(error)
    ? 'Check the certificate authority, the client certificate and the host name of the kubeconfig.'
    : 'Check that the API server runs and that its address is right.';
  return failure('unavailable', call, title, why, next, error);
}

/** Node's code for what failed; empty when it has none. Whoever aborts on purpose does not ask. */
export function codeOf(error: unknown): string {
  const { code, errors } = (error ?? {}) as { code?: unknown; errors?: unknown[] };
  if (code === 'ABORT_ERR') return 'ETIMEDOUT';
  if (typeof code === 'string') return code;
  return errors?.[0] === undefined ? '' : codeOf(errors[0]);
}

function oneLine(error: unknown): string {
  const text = error instanceof Error ? error.message : String(error);
  return text.replaceAll(/\s+/g, ' ').trim().slice(0, 300);
}
