/**
 * What BMP messages begin with, and their numbers.
 *
 *     version 3 │ length (4 octets) │ type         common header, RFC 7854 §4.1
 *     type │ flags │ distinguisher (8) │ address (16) │ AS │ BGP Identifier │ seconds │ microseconds     §4.2
 *
 * Source: RFC 7854; RFC 9069 §4 (Loc-RIB as a peer of its own).
 */

import { type Address, addressBytes } from '@weft/ip';
import { ByteWriter } from '../wire/writer.ts';

/** Types of messages: RFC 7854 §4.1. */
export const BmpType = {
  routeMonitoring: 0,
  statistics: 1,
  peerDown: 2,
  peerUp: 3,
  initiation: 4,
  termination: 5,
} as const;

/** Version of BMP. */
export const BMP_VERSION = 3;
/** Octets of the common header, of the per-peer header, and where in the latter the time stands. */
export const BMP_HEADER_BYTES = 6;
export const PEER_HEADER_BYTES = 42;
export const PEER_TIME_OFFSET = 34;

const LENGTH_OFFSET = 1;
const LOC_RIB_PEER = 3;
const IPV6_FLAG = 0x80;
const POST_POLICY_FLAG = 0x40;
const TWO_OCTET_FLAG = 0x20;
const ADDRESS_BYTES = 16;

/** Which RIB a message speaks of. */
export type BmpView = 'pre-policy' | 'post-policy' | 'loc-rib';

/** Of whom a message speaks. */
export interface BmpPeer {
  readonly view: BmpView;
  /** Undefined for the Loc-RIB. */
  readonly address: Address | undefined;
  readonly asn: number;
  readonly identifier: number;
  /** The AS_PATH in the message has AS numbers of two octets. */
  readonly twoOctetAsn: boolean;
  /** When it happened, in ms since 1970. */
  readonly unixMs: number;
}

/** Writes a common header whose length is open; gives where the message begins. */
export function beginMessage(writer: ByteWriter, type: number): number {
  const start = writer.length;
  writer.writeUint8(BMP_VERSION);
  writer.writeUint32(0);
  writer.writeUint8(type);
  return start;
}

/** Fills in the length of the message that ends here. */
export function endMessage(writer: ByteWriter, start: number): void {
  writer.patchUint32(start + LENGTH_OFFSET, writer.length - start);
}

/** Gives a per-peer header by itself, to be used for many messages. */
export function encodePeerHeader(peer: BmpPeer): Uint8Array {
  const writer = new ByteWriter(PEER_HEADER_BYTES);
  writePeerHeader(writer, peer);
  return writer.take();
}

/** Writes a per-peer header. */
export function writePeerHeader(writer: ByteWriter, peer: BmpPeer): void {
  const { view, address, asn, identifier, twoOctetAsn, unixMs } = peer;
  const isIpv6 = address?.includes(':') === true;
  writer.writeUint8(view === 'loc-rib' ? LOC_RIB_PEER : 0);
  writer.writeUint8(
    (isIpv6 ? IPV6_FLAG : 0) |
      (view === 'post-policy' ? POST_POLICY_FLAG : 0) |
      (twoOctetAsn ? TWO_OCTET_FLAG : 0),
  );
  writer.writeUint32(0);
  writer.writeUint32(0);
  writeAddress(writer, address);
  writer.writeUint32(asn);
  writer.writeUint32(identifier);
  const seconds = Math.floor(unixMs / 1000);
  writer.writeUint32(seconds);
  writer.writeUint32(Math.floor((unixMs - seconds * 1000) * 1000));
}

/** Writes an address in 16 octets, an IPv4 one at their end; zeros for none. */
export function writeAddress(writer: ByteWriter, address: Address | undefined): void {
  const bytes = address === undefined ? new Uint8Array(ADDRESS_BYTES) : addressBytes(address);
  writer.writeBytes(new Uint8Array(ADDRESS_BYTES - bytes.length));
  writer.writeBytes(bytes);
}

/** Writes a piece of information: type, length, value (RFC 7854 §4.4). */
export function writeInformation(writer: ByteWriter, type: number, value: Uint8Array): void {
  writer.writeUint16(type);
  writer.writeUint16(value.length);
  writer.writeBytes(value);
}
