/**
 * etcd's messages about leases, and about who the client is. Source: etcd, api/etcdserverpb/rpc.proto.
 */
import { ProtoReader } from './reader.ts';
import { ProtoWriter } from './writer.ts';

/** A lease: keys that are bound to it go when nobody has kept it alive for `ttlSeconds`. */
export interface Lease {
  readonly id: bigint;
  /** 0 in the answer to a keep-alive: it has run out. */
  readonly ttlSeconds: number;
}

/** LeaseGrantRequest; the server chooses the id. */
export function encodeLeaseGrant(ttlSeconds: number): Buffer {
  return new ProtoWriter().varint(1, ttlSeconds).finish();
}

/** LeaseRevokeRequest and LeaseKeepAliveRequest look the same. */
export function encodeLeaseId(id: bigint): Buffer {
  return new ProtoWriter().varint(1, id).finish();
}

/** LeaseGrantResponse and LeaseKeepAliveResponse look the same. */
export function decodeLease(bytes: Buffer): Lease {
  const reader = new ProtoReader(bytes);
  const lease = { id: 0n, ttlSeconds: 0 };
  while (reader.next()) {
    if (reader.field === 2) lease.id = reader.bigint();
    else if (reader.field === 3) lease.ttlSeconds = reader.number();
  }
  return lease;
}

/** AuthenticateRequest. */
export function encodeAuthenticate(name: string, password: string): Buffer {
  return new ProtoWriter().bytes(1, name).bytes(2, password).finish();
}

/** The token in an AuthenticateResponse. */
export function decodeToken(bytes: Buffer): string {
  const reader = new ProtoReader(bytes);
  let token = '';
  while (reader.next()) if (reader.field === 2) token = reader.text();
  return token;
}
