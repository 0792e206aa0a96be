/**
 * etcd's messages on the stream of a watch. Source: etcd, api/etcdserverpb/rpc.proto (WatchRequest, WatchResponse).
 */
import { decodeHeader, decodeKeyValue, type KeyRange, type KeyValue } from './kv.ts';
import { ProtoReader } from './reader.ts';
import { ProtoWriter } from './writer.ts';

/** Every change of a range from a revision on, that one included. */
export interface WatchCreateRequest extends KeyRange {
  readonly startRevision: number;
}

/** One change; of a deleted key only the name and the revision are known. */
export interface EtcdEvent {
  readonly kind: 'put' | 'delete';
  readonly kv: KeyValue;
}

/** What the server says on a watch. One without events tells how far the watch has come. */
export interface WatchResponse {
  readonly revision: number;
  readonly created: boolean;
  readonly canceled: boolean;
  readonly cancelReason: string;
  /** Not 0: the history that the watch wants is gone, the oldest there is begins here. */
  readonly compactRevision: number;
  /** More events of this response follow in the next one. */
  readonly fragment: boolean;
  readonly events: readonly EtcdEvent[];
}

/** WatchRequest that creates a watch: in fragments where large, and with word from the server when nothing happens. */
export function encodeWatchCreate(request: WatchCreateRequest): Buffer {
  const create = new ProtoWriter()
    .bytes(1, request.key)
    .bytes(2, request.rangeEnd ?? '')
    .varint(3, request.startRevision)
    .flag(4, true)
    .flag(8, true)
    .finish();
  return new ProtoWriter().message(1, create).finish();
}

/** WatchResponse. */
export function decodeWatchResponse(bytes: Buffer): WatchResponse {
  const reader = new ProtoReader(bytes);
  const events: EtcdEvent[] = [];
  const response = {
    revision: 0,
    created: false,
    canceled: false,
    cancelReason: '',
    compactRevision: 0,
    fragment: false,
    events,
  };
  while (reader.next()) {
    if (reader.field === 1) response.revision = decodeHeader(reader.bytes());
    else if (reader.field === 3) response.created = reader.flag();
    else if (reader.field === 4) response.canceled = reader.flag();
    else if (reader.field === 5) response.compactRevision = reader.number();
    else if (reader.field === 6) response.cancelReason = reader.text();
    else if (reader.field === 7) response.fragment = reader.flag();
    else if (reader.field === 11) events.push(decodeEvent(reader.bytes()));
  }
  return response;
}

const DELETE = 1;

function decodeEvent(bytes: Buffer): EtcdEvent {
  const reader = new ProtoReader(bytes);
  let kind: EtcdEvent['kind'] = 'put';
  let kv: KeyValue | undefined;
  while (reader.next()) {
    if (reader.field === 1) kind = reader.number() === DELETE ? 'delete' : 'put';
    else if (reader.field === 2) kv = decodeKeyValue(reader.bytes());
  }
  return { kind, kv: kv ?? decodeKeyValue(Buffer.alloc(0)) };
}
