/**
 * How a gRPC call ends. Source: gRPC over HTTP/2 (PROTOCOL-HTTP2.md in grpc/grpc) and its status codes.
 */
import type { IncomingHttpHeaders } from 'node:http2';

/** The codes that etcd and this client use; others are passed on as numbers. */
export const GrpcCode = {
  OK: 0,
  CANCELLED: 1,
  UNKNOWN: 2,
  INVALID_ARGUMENT: 3,
  DEADLINE_EXCEEDED: 4,
  NOT_FOUND: 5,
  PERMISSION_DENIED: 7,
  RESOURCE_EXHAUSTED: 8,
  FAILED_PRECONDITION: 9,
  OUT_OF_RANGE: 11,
  INTERNAL: 13,
  UNAVAILABLE: 14,
  UNAUTHENTICATED: 16,
} as const;

/** A call that did not succeed. */
export class GrpcError extends Error {
  override readonly name = 'GrpcError';
  readonly code: number;
  /** The request never left this process, so the server cannot have acted on it. */
  readonly unsent: boolean;

  constructor(code: number, message: string, options: { unsent?: boolean; cause?: unknown } = {}) {
    super(message, { cause: options.cause });
    this.code = code;
    this.unsent = options.unsent ?? false;
  }
}

/** The end of a call as its trailers tell it: undefined when it went well. Without trailers the connection was lost. */
export function errorInTrailers(trailers: IncomingHttpHeaders | undefined): GrpcError | undefined {
  const status = trailers?.['grpc-status'];
  if (trailers === undefined || status === undefined)
    return new GrpcError(GrpcCode.UNAVAILABLE, 'the connection was lost');
  if (status === '0') return undefined;
  return new GrpcError(Number(status), decodeMessage(String(trailers['grpc-message'] ?? '')));
}

/** `grpc-message` is percent-encoded UTF-8; a broken encoding is shown as it is. */
function decodeMessage(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}
