/**
 * The prefixes in recorded UPDATEs: what a peer has announced or withdrawn.
 */
import { addressFromBytes, type Prefix, prefixFromBytes } from '@weft/ip';
import {
  createUpdateView,
  decodeAttributes,
  decodeOpen,
  type Family,
  type OpenMessage,
  type PathAttributes,
  splitUpdate,
  toFamily,
  type UpdateView,
} from 'bgp-speaker-ts';
import { ipv4Address } from './attribute-changes.ts';

const HEADER_BYTES = 19;
const PATH_ID_BYTES = 4;

/** The bytes of an address of a family; 0 for a family weft does not route. */
type Size = 0 | 4 | 16;

/** One prefix of an UPDATE; the next hop of an announced one. */
export interface HeardPrefix {
  readonly prefix: Prefix;
  readonly announced: boolean;
  readonly nextHop?: string | undefined;
  /** Of an announced one: all else the peer says of it. */
  readonly attributes?: PathAttributes | undefined;
}

/** How the UPDATEs of a session are written. */
export interface UpdateFormat {
  /** Families whose prefixes follow a path identifier. */
  readonly pathIds: ReadonlySet<Family>;
  readonly fourOctetAsn: boolean;
}

/** As those of most sessions. */
export const USUAL_FORMAT: UpdateFormat = { pathIds: new Set(), fourOctetAsn: true };

/**
 * How the peer writes: with path identifiers where it says that it sends them, and we that we take them (RFC 7911 §4); with AS
 * numbers of four octets where both know them (RFC 6793 §4.1).
 *
 * @param sent our OPEN, whole, and `received` the peer's
 */
export function updateFormat(sent: Uint8Array, received: Uint8Array): UpdateFormat {
  const opens = [sent, received].map((bytes) => decodeOpen(bytes, HEADER_BYTES, bytes.length));
  const [ours, theirs] = opens.flatMap((open) => (open.ok ? [open.value] : []));
  if (ours === undefined || theirs === undefined) return USUAL_FORMAT;
  const taken = addPathFamilies(ours, 'receive');
  return {
    pathIds: new Set(addPathFamilies(theirs, 'send').filter((family) => taken.includes(family))),
    fourOctetAsn: [ours, theirs].every(({ capabilities }) =>
      capabilities.some(({ kind }) => kind === 'four-octet-as'),
    ),
  };
}

function addPathFamilies({ capabilities }: OpenMessage, way: 'receive' | 'send'): Family[] {
  return capabilities
    .flatMap((capability) => (capability.kind === 'add-path' ? capability.families : []))
    .filter((family) => family[way])
    .flatMap(({ afi, safi }) => toFamily(afi, safi) ?? []);
}

/**
 * Gives the prefixes of whole UPDATE messages, one after the other. What cannot be read is left out: the speaker has refused
 * it, and that is recorded.
 */
export function* heardPrefixes(
  bytes: Uint8Array,
  { fourOctetAsn, pathIds }: UpdateFormat,
): Generator<HeardPrefix, void> {
  const view = createUpdateView();
  const sizes: Readonly<Record<Size, number>> = {
    0: 0,
    4: pathIds.has('ipv4-unicast') ? PATH_ID_BYTES : 0,
    16: pathIds.has('ipv6-unicast') ? PATH_ID_BYTES : 0,
  };
  const nlri = (start: number, end: number, size: Size, said: Said) =>
    prefixesIn(bytes, start, end, { size, skip: sizes[size] }, said);
  for (let start = 0; start + HEADER_BYTES <= bytes.length; ) {
    const end = start + (((bytes[start + 16] as number) << 8) | (bytes[start + 17] as number));
    if (end <= start || end > bytes.length) return;
    if (splitUpdate(bytes, start + HEADER_BYTES, end, view) === undefined) {
      yield* nlri(view.withdrawnStart, view.withdrawnEnd, 4, WITHDRAWN);
      const gone = sizeOf(view.unreachAfi, view.unreachSafi);
      yield* nlri(view.unreachNlriStart, view.unreachNlriEnd, gone, WITHDRAWN);
      const { attributes, plainNextHop } = attributesOf(bytes, view, fourOctetAsn);
      const said = { announced: true, attributes };
      yield* nlri(view.nlriStart, view.nlriEnd, 4, { ...said, nextHop: plainNextHop });
      const nextHop = nextHopOf(bytes.subarray(view.reachNextHopStart, view.reachNextHopEnd));
      const size = sizeOf(view.reachAfi, view.reachSafi);
      yield* nlri(view.reachNlriStart, view.reachNlriEnd, size, { ...said, nextHop });
    }
    start = end;
  }
}

function sizeOf(afi: number, safi: number): Size {
  const family = toFamily(afi, safi);
  return family === 'ipv4-unicast' ? 4 : family === 'ipv6-unicast' ? 16 : 0;
}

type Said = Omit<HeardPrefix, 'prefix'>;

const WITHDRAWN: Said = { announced: false };

/** NEXT_HOP is that of the prefixes outside MP_REACH_NLRI alone (RFC 4760 §3). */
function attributesOf(
  bytes: Uint8Array,
  { attributesEnd, attributesStart }: UpdateView,
  fourOctetAsn: boolean,
) {
  const { attributes } = decodeAttributes(bytes, attributesStart, attributesEnd, { fourOctetAsn });
  const { nextHop: octets } = attributes;
  const plainNextHop = octets === undefined ? undefined : ipv4Address(octets);
  return { attributes, plainNextHop };
}

function nextHopOf(bytes: Uint8Array): string | undefined {
  if (bytes.length === 4) return addressFromBytes(bytes);
  return bytes.length >= 16 ? addressFromBytes(bytes.subarray(0, 16)) : undefined;
}

function* prefixesIn(
  bytes: Uint8Array,
  start: number,
  end: number,
  { size, skip }: { readonly size: Size; readonly skip: number },
  said: Said,
): Generator<HeardPrefix, void> {
  if (size === 0) return;
  for (let offset = start + skip; offset < end; ) {
    const length = bytes[offset] as number;
    const octets = (length + 7) >>> 3;
    if (length > size * 8 || offset + 1 + octets > end) return;
    const address = new Uint8Array(size);
    address.set(bytes.subarray(offset + 1, offset + 1 + octets));
    yield { prefix: prefixFromBytes(address, length), ...said };
    offset += 1 + octets + skip;
  }
}
