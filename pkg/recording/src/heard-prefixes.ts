/**
 * The prefixes in recorded UPDATEs: what a peer has announced or withdrawn.
 */
import { addressFromBytes, type Prefix, prefixFromBytes } from '@weft/ip';
import { createUpdateView, splitUpdate, toFamily } from 'bgp-speaker-ts';

const HEADER_BYTES = 19;

/** One prefix of an UPDATE; the next hop of an announced one. */
export interface HeardPrefix {
  readonly prefix: Prefix;
  readonly announced: boolean;
  readonly nextHop?: string | undefined;
}

/**
 * Gives the prefixes of whole UPDATE messages, one after the other. Sessions of weft have no ADD-PATH. What cannot be
 * read is left out: the speaker has refused it, and that is recorded.
 */
export function* heardPrefixes(bytes: Uint8Array): Generator<HeardPrefix, void> {
  const view = createUpdateView();
  for (let start = 0; start + HEADER_BYTES <= bytes.length; ) {
    const end = start + (((bytes[start + 16] as number) << 8) | (bytes[start + 17] as number));
    if (end <= start || end > bytes.length) return;
    if (splitUpdate(bytes, start + HEADER_BYTES, end, view) === undefined) {
      yield* nlri(bytes, view.withdrawnStart, view.withdrawnEnd, 4, false);
      yield* nlri(
        bytes,
        view.unreachNlriStart,
        view.unreachNlriEnd,
        sizeOf(view.unreachAfi, view.unreachSafi),
        false,
      );
      yield* nlri(bytes, view.nlriStart, view.nlriEnd, 4, true);
      const nextHop = nextHopOf(bytes.subarray(view.reachNextHopStart, view.reachNextHopEnd));
      const size = sizeOf(view.reachAfi, view.reachSafi);
      yield* nlri(bytes, view.reachNlriStart, view.reachNlriEnd, size, true, nextHop);
    }
    start = end;
  }
}

/** The bytes of an address of the family; 0 for a family weft does not route. */
function sizeOf(afi: number, safi: number): 0 | 4 | 16 {
  const family = toFamily(afi, safi);
  return family === 'ipv4-unicast' ? 4 : family === 'ipv6-unicast' ? 16 : 0;
}

function nextHopOf(bytes: Uint8Array): string | undefined {
  if (bytes.length === 4) return addressFromBytes(bytes);
  return bytes.length >= 16 ? addressFromBytes(bytes.subarray(0, 16)) : undefined;
}

function* nlri(
  bytes: Uint8Array,
  start: number,
  end: number,
  size: 0 | 4 | 16,
  announced: boolean,
  nextHop?: string,
): Generator<HeardPrefix, void> {
  if (size === 0) return;
  for (let offset = start; offset < end; ) {
    const length = bytes[offset] as number;
    const octets = (length + 7) >>> 3;
    if (length > size * 8 || offset + 1 + octets > end) return;
    const address = new Uint8Array(size);
    address.set(bytes.subarray(offset + 1, offset + 1 + octets));
    yield { prefix: prefixFromBytes(address, length), announced, nextHop };
    offset += 1 + octets;
  }
}
