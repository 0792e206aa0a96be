/**
 * etcd's messages about keys and values: requests are written, responses read. Source: etcd, api/etcdserverpb/rpc.proto and
 * api/mvccpb/kv.proto; the numbers beside the names there are those used here.
 */
import { ProtoReader } from './reader.ts';
import { ProtoWriter } from './writer.ts';

/** One key as etcd keeps it. Revisions count every write of the whole store. */
export interface KeyValue {
  /** Bytes, because others may have keys that are no UTF-8, and the next page begins after them all the same. */
  readonly key: Buffer;
  readonly value: Buffer;
  /** The revision at which the key came to be; another one when it was deleted and made again. */
  readonly createRevision: number;
  /** The revision of its last write. */
  readonly modRevision: number;
  readonly lease: bigint;
}

/** A key, or all keys from `key` up to, not including, `rangeEnd`. */
export interface KeyRange {
  readonly key: string | Buffer;
  readonly rangeEnd?: string;
}

/** Reads keys. */
export interface RangeRequest extends KeyRange {
  /** Most keys in the answer; 0 or absent: all. */
  readonly limit?: number;
  /** Reads the store as it was then; 0 or absent: as it is. */
  readonly revision?: number;
  readonly keysOnly?: boolean;
  /** Leaves out keys that came to be before this revision. */
  readonly minCreateRevision?: number;
}

/** What was read, sorted by key, and the store's revision. */
export interface RangeResponse {
  readonly revision: number;
  readonly kvs: readonly KeyValue[];
  /** There are more than the limit. */
  readonly more: boolean;
}

/** What a transaction may ask about a key: `exists` is about being there at all. */
export type Compare =
  | { readonly key: string; readonly modRevision: number }
  | { readonly key: string; readonly exists: boolean };

/** One step of a transaction. A delete answers with what it removed. */
export type Operation =
  | ({ readonly kind: 'range' } & RangeRequest)
  | { readonly kind: 'put'; readonly key: string; readonly value: string; readonly lease?: bigint }
  | { readonly kind: 'delete'; readonly key: string };

/** All of `compare` true: `success`, else `failure`; at one revision. */
export interface TxnRequest {
  readonly compare: readonly Compare[];
  readonly success: readonly Operation[];
  readonly failure: readonly Operation[];
}

/** Which way it went; for each operation the keys it read, or removed. */
export interface TxnResponse {
  readonly revision: number;
  readonly succeeded: boolean;
  readonly responses: readonly (readonly KeyValue[])[];
}

/** RangeRequest. */
export function encodeRange(request: RangeRequest): Buffer {
  return new ProtoWriter()
    .bytes(1, request.key)
    .bytes(2, request.rangeEnd ?? '')
    .varint(3, request.limit ?? 0)
    .varint(4, request.revision ?? 0)
    .flag(8, request.keysOnly)
    .varint(12, request.minCreateRevision ?? 0)
    .finish();
}

/** TxnRequest. */
export function encodeTxn(request: TxnRequest): Buffer {
  const writer = new ProtoWriter();
  for (const compare of request.compare) writer.message(1, encodeCompare(compare));
  for (const operation of request.success) writer.message(2, encodeOperation(operation));
  for (const operation of request.failure) writer.message(3, encodeOperation(operation));
  return writer.finish();
}

const TARGET_VERSION = 0;
const TARGET_MOD_REVISION = 2;
const RESULT_EQUAL = 0;
const RESULT_GREATER = 1;

/** A version of 0, which is a default and therefore not written, means that there is no such key. */
function encodeCompare(compare: Compare): Buffer {
  const writer = new ProtoWriter();
  if ('exists' in compare) {
    return writer
      .varint(1, compare.exists ? RESULT_GREATER : RESULT_EQUAL)
      .varint(2, TARGET_VERSION)
      .bytes(3, compare.key)
      .finish();
  }
  return writer
    .varint(1, RESULT_EQUAL)
    .varint(2, TARGET_MOD_REVISION)
    .bytes(3, compare.key)
    .varint(6, compare.modRevision)
    .finish();
}

function encodeOperation(operation: Operation): Buffer {
  const writer = new ProtoWriter();
  switch (operation.kind) {
    case 'range':
      return writer.message(1, encodeRange(operation)).finish();
    case 'put':
      return writer.message(2, encodePut(operation)).finish();
    case 'delete':
      return writer.message(3, new ProtoWriter().bytes(1, operation.key).flag(3, true).finish()).finish();
  }
}

function encodePut({ key, value, lease = 0n }: Operation & { readonly kind: 'put' }): Buffer {
  return new ProtoWriter().bytes(1, key).bytes(2, value).varint(3, lease).finish();
}

/** RangeResponse. */
export function decodeRange(bytes: Buffer): RangeResponse {
  const reader = new ProtoReader(bytes);
  const kvs: KeyValue[] = [];
  let revision = 0;
  let more = false;
  while (reader.next()) {
    if (reader.field === 1) revision = decodeHeader(reader.bytes());
    else if (reader.field === 2) kvs.push(decodeKeyValue(reader.bytes()));
    else if (reader.field === 3) more = reader.flag();
  }
  return { revision, kvs, more };
}

/** TxnResponse. */
export function decodeTxn(bytes: Buffer): TxnResponse {
  const reader = new ProtoReader(bytes);
  const responses: (readonly KeyValue[])[] = [];
  let revision = 0;
  let succeeded = false;
  while (reader.next()) {
    if (reader.field === 1) revision = decodeHeader(reader.bytes());
    else if (reader.field === 2) succeeded = reader.flag();
    else if (reader.field === 3) responses.push(decodeOperationResponse(reader.bytes()));
  }
  return { revision, succeeded, responses };
}

/** The revision in a ResponseHeader. */
export function decodeHeader(bytes: Buffer): number {
  const reader = new ProtoReader(bytes);
  let revision = 0;
  while (reader.next()) if (reader.field === 3) revision = reader.number();
  return revision;
}

const EMPTY = Buffer.alloc(0);

type Mutable<T> = { -readonly [Name in keyof T]: T[Name] };

/** KeyValue. */
export function decodeKeyValue(bytes: Buffer): KeyValue {
  const reader = new ProtoReader(bytes);
  const kv: Mutable<KeyValue> = { key: EMPTY, value: EMPTY, createRevision: 0, modRevision: 0, lease: 0n };
  while (reader.next()) {
    if (reader.field === 1) kv.key = reader.bytes();
    else if (reader.field === 2) kv.createRevision = reader.number();
    else if (reader.field === 3) kv.modRevision = reader.number();
    else if (reader.field === 5) kv.value = reader.bytes();
    else if (reader.field === 6) kv.lease = reader.bigint();
  }
  return kv;
}

/** The keys of a RangeResponse (its field 2) and those of a DeleteRangeResponse (its field 3) are all that is asked for. */
function decodeOperationResponse(bytes: Buffer): KeyValue[] {
  const reader = new ProtoReader(bytes);
  while (reader.next()) {
    if (reader.field === 1) return keysIn(reader.bytes(), 2);
    if (reader.field === 3) return keysIn(reader.bytes(), 3);
  }
  return [];
}

function keysIn(bytes: Buffer, field: number): KeyValue[] {
  const reader = new ProtoReader(bytes);
  const kvs: KeyValue[] = [];
  while (reader.next()) if (reader.field === field) kvs.push(decodeKeyValue(reader.bytes()));
  return kvs;
}
