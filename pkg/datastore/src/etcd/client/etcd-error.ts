/**
 * Says in weft's words why etcd could not be used: which endpoints, why, and what to do next.
 */
import { DatastoreError, type DatastoreErrorCode } from '../../datastore.ts';
import { GrpcCode, GrpcError } from '../grpc/status.ts';
import { ProtobufError } from '../protobuf/reader.ts';

/** No endpoint could be connected to; each with its own reason. */
export class DialError extends Error {
  override readonly name = 'DialError';
  readonly reasons: readonly unknown[];

  constructor(reasons: readonly unknown[]) {
    super('no endpoint could be connected to');
    this.reasons = reasons;
  }
}

/** What a caller is to do with a failed attempt. */
export type Remedy = 'another endpoint' | 'new token' | 'none';

/** What a failure means. */
export interface Failure {
  readonly code: DatastoreErrorCode;
  readonly what: string;
  readonly next: string;
  readonly remedy: Remedy;
}

const NOT_ETCD: Failure = {
  code: 'unavailable',
  what: 'what listens there is not etcd, or the scheme is wrong',
  next: 'Check host and port, and whether it must be http:// or https://',
  remedy: 'another endpoint',
};

/** What the server says → what it means. The first row that fits counts. Source of the texts: etcd, api/v3rpc/rpctypes/error.go. */
const ANSWERS: readonly (readonly [RegExp, Failure])[] = [
  [/closed before HTTP\/2 was spoken/, NOT_ETCD],
  [
    /database space exceeded/,
    {
      code: 'full',
      what: 'its space is used up and it refuses writes',
      next: 'Compact and defragment it or raise its quota, then run `etcdctl alarm disarm`; nothing was written',
      remedy: 'none',
    },
  ],
  [
    /request is too large|received message larger than max/,
    {
      code: 'invalid-resource',
      what: 'the object is larger than it accepts in one request',
      next: 'Make the object smaller, or raise --max-request-bytes of etcd',
      remedy: 'none',
    },
  ],
  [
    /required revision has been compacted/,
    {
      code: 'compacted',
      what: 'the history that was asked for is gone',
      next: 'List again and go on from there',
      remedy: 'none',
    },
  ],
  [
    /invalid auth token|revision of auth store is old/,
    {
      code: 'unavailable',
      what: 'it does not accept the token it gave us',
      next: 'Try again, and check the clocks and --auth-token of its members',
      remedy: 'new token',
    },
  ],
  [
    /user name is empty/,
    {
      code: 'unavailable',
      what: 'it demands a user and a password',
      next: 'Set ETCD_USERNAME and ETCD_PASSWORD, or write etcd://USER:PASSWORD@HOST:PORT',
      remedy: 'new token',
    },
  ],
  [
    /invalid user ID or password/,
    {
      code: 'unavailable',
      what: 'user or password is wrong',
      next: 'Correct them; `etcdctl user list` shows who there is',
      remedy: 'none',
    },
  ],
  [
    /permission denied/,
    {
      code: 'unavailable',
      what: 'the user may not do this',
      next: 'Give the user a role that may read and write the prefixes /calico/ and /weft/',
      remedy: 'none',
    },
  ],
];

const TLS_NEXT =
  'Check the files given as CA, certificate and key; the server may demand a certificate, or be signed by another CA';

/** By the code of a Node error; those of TLS are matched by their form. */
const SYSTEM: Readonly<Record<string, readonly [what: string, next: string]>> = {
  ECONNREFUSED: ['nobody listens there', 'Start etcd, or correct the endpoints'],
  ENOTFOUND: ['the host name is not known', 'Correct the endpoints, or check the DNS'],
  EAI_AGAIN: ['the host name cannot be looked up now', 'Check the DNS'],
  EHOSTUNREACH: ['the host cannot be reached', 'Check the network'],
  ENETUNREACH: ['the network cannot be reached', 'Check the network'],
  ETIMEDOUT: ['the host does not answer', 'Check the network and the firewall'],
  ENOENT: ['a certificate or key file is missing', TLS_NEXT],
  EACCES: ['a certificate or key file may not be read', 'Run as a user who may read it'],
};

/** What a failure of a call or a dial means. */
export function failureOf(error: unknown): Failure {
  if (error instanceof DialError) return dialFailure(error);
  if (error instanceof GrpcError) return answerFailure(error);
  if (error instanceof ProtobufError) return NOT_ETCD;
  return connectionFailure(error as NodeJS.ErrnoException);
}

/** All endpoints failed: each different reason is told once. */
function dialFailure({ reasons }: DialError): Failure {
  const failures = reasons.map(failureOf);
  const [first = NOT_ETCD] = failures;
  return { ...first, what: [...new Set(failures.map(({ what }) => what))].join('; ') };
}

function answerFailure({ code, message }: GrpcError): Failure {
  const known = ANSWERS.find(([pattern]) => pattern.test(message));
  if (known) return known[1];
  const passing: readonly number[] = [
    GrpcCode.UNAVAILABLE,
    GrpcCode.DEADLINE_EXCEEDED,
    GrpcCode.RESOURCE_EXHAUSTED,
    GrpcCode.CANCELLED,
  ];
  return {
    code: 'unavailable',
    what: message.replace(/^etcdserver: /, ''),
    next: 'Check with `etcdctl endpoint health` that a majority of its members is up, and try again',
    remedy: passing.includes(code) ? 'another endpoint' : 'none',
  };
}

function connectionFailure(error: NodeJS.ErrnoException): Failure {
  const code = error.code ?? '';
  if (code === 'ERR_SSL_WRONG_VERSION_NUMBER') return NOT_ETCD;
  const known = SYSTEM[code];
  if (known) {
    const file = error.path === undefined ? '' : `: ${error.path}`;
    return { code: 'unavailable', what: known[0] + file, next: known[1], remedy: 'another endpoint' };
  }
  const [, alert] = /\balert ([a-z ]+):/i.exec(error.message) ?? [];
  const tls = alert === undefined ? error.message : `the server answers "${alert}"`;
  if (alert !== undefined || isTls(code))
    return { code: 'unavailable', what: `TLS fails: ${tls}`, next: TLS_NEXT, remedy: 'another endpoint' };
  if (/^ERR_HTTP2|^EPROTO$|^ECONNRESET$|^EPIPE$/.test(code)) return NOT_ETCD;
  return {
    code: 'unavailable',
    what: error.message,
    next: 'Check the endpoints and the network',
    remedy: 'another endpoint',
  };
}

function isTls(code: string): boolean {
  return /CERT|SIGNED|^ERR_SSL|^ERR_TLS|^ERR_OSSL|^UNABLE_TO|^HOSTNAME/.test(code);
}

/** A DatastoreError in three parts about these endpoints. */
export function etcdError(
  endpoints: readonly string[],
  { code, what, next }: Omit<Failure, 'remedy'>,
  cause?: unknown,
): DatastoreError {
  return new DatastoreError(code, `Cannot use etcd at ${endpoints.join(', ')}: ${what}. ${next}.`, { cause });
}
