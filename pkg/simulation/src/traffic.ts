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

/** Adds what one write sends. Returns how many UPDATEs are among it. */
export function countTraffic(traffic: Traffic, bytes: Uint8Array): number {
  let updates = 0;
  for (let at = 0; at < bytes.length; at += messageLength(bytes, at)) {
    traffic.messages += 1;
    if (bytes[at + 18] === UPDATE) updates += 1;
  }
  traffic.updates += updates;
  traffic.bytes += bytes.length;
  return updates;
}

/** One write without its UPDATEs: the messages left. */
export function withoutUpdates(bytes: Uint8Array): Uint8Array[] {
  const left: Uint8Array[] = [];
  for (let at = 0; at < bytes.length; ) {
    const end = at + messageLength(bytes, at);
    if (bytes[at + 18] !== UPDATE) left.push(bytes.subarray(at, end));
    at = end;
  }
  return left;
}

/** A speaker writes whole messages. */
function messageLength(bytes: Uint8Array, at: number): number {
  const length = ((bytes[at + 16] as number) << 8) | (bytes[at + 17] as number);
  if (length >= HEADER_BYTES && at + length <= bytes.length) return length;
  throw new Error(`a write of ${bytes.length} bytes has no whole message at ${at}`);
}
