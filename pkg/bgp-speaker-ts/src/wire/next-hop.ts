/**
 * Next hops as they stand in MP_REACH_NLRI: 4 octets, 16, or 32 with a link-local address behind the global one.
 *
 * Source: RFC 4760 §3, RFC 2545 §3, RFC 8950 §3. The length alone says which form it is; whether that form may be
 * used with a family is for the reader of the UPDATE to say.
 */

/** An IPv6 address as four unsigned 32-bit words. */
export type Ipv6Words = readonly [number, number, number, number];

/** Where packets for a route go. */
export type NextHop =
  | { readonly kind: 'ipv4'; readonly address: number }
  | { readonly kind: 'ipv6'; readonly address: Ipv6Words; readonly linkLocal?: Ipv6Words | undefined };

/** Reads a next hop of 4, 16 or 32 octets; undefined for any other length. */
export function decodeNextHop(bytes: Uint8Array, start: number, end: number): NextHop | undefined {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  switch (end - start) {
    case 4:
      return { kind: 'ipv4', address: view.getUint32(start) };
    case 16:
      return { kind: 'ipv6', address: readWords(view, start) };
    case 32:
      return { kind: 'ipv6', address: readWords(view, start), linkLocal: readWords(view, start + 16) };
    default:
      return undefined;
  }
}

/** Writes a next hop in the form of MP_REACH_NLRI: 4, 16 or 32 octets. */
export function encodeNextHop(nextHop: NextHop): Uint8Array {
  if (nextHop.kind === 'ipv4') return fromWords([nextHop.address]);
  return fromWords([...nextHop.address, ...(nextHop.linkLocal ?? [])]);
}

function readWords(view: DataView, offset: number): Ipv6Words {
  return [
    view.getUint32(offset),
    view.getUint32(offset + 4),
    view.getUint32(offset + 8),
    view.getUint32(offset + 12),
  ];
}

function fromWords(words: readonly number[]): Uint8Array {
  const bytes = new Uint8Array(words.length * 4);
  const view = new DataView(bytes.buffer);
  for (const [index, word] of words.entries()) view.setUint32(index * 4, word);
  return bytes;
}
