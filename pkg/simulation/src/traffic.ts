/**
 * What goes over the links, counted: messages are told from the bytes as a peer would.
 */

/** Type of an UPDATE: RFC 4271 §4.1. */
const UPDATE = 2;
/** Marker, length and type: RFC 4271 §4.1. */
const HEADER_BYTES = 19;

/** What was sent. */
export interface Traffic {
  /** BGP messages of all types. */
  messages: number;
  /** UPDATEs among them, End-of-RIB included. */
  updates: number;
  /** Bytes of them, without what TCP and IP put around. */
  bytes: number;
}

/** Adds what one write sends. Returns whether an UPDATE is among it. */
export function countTraffic(traffic: Traffic, bytes: Uint8Array): boolean {
  const before = traffic.updates;
  traffic.bytes += bytes.length;
  for (const [, type] of messagesOf(bytes)) {
    traffic.messages += 1;
    if (type === UPDATE) traffic.updates += 1;
  }
  return traffic.updates > before;
}

/** One write without its UPDATEs. */
export function withoutUpdates(bytes: Uint8Array): Uint8Array[] {
  return [...messagesOf(bytes)].filter(([, type]) => type !== UPDATE).map(([message]) => message);
}

/** A speaker writes whole messages. */
function* messagesOf(bytes: Uint8Array): Generator<readonly [Uint8Array, number]> {
  for (let at = 0; at < bytes.length; ) {
    const length = ((bytes[at + 16] as number) << 8) | (bytes[at + 17] as number);
    if (!(length >= HEADER_BYTES && at + length <= bytes.length))
      throw new Error(`a write of ${bytes.length} bytes has no whole message at ${at}`);
    yield [bytes.subarray(at, at + length), bytes[at + 18] as number];
    at += length;
  }
}
