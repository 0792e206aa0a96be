/**
 * Writes UPDATEs into one buffer: attributes once per message, as many prefixes behind them as fit.
 *
 * The caller opens a group of prefixes that share everything (`beginReach`, `beginWithdraw`), adds numbers, and closes
 * it (`end`); the packer starts a further message by itself when one is full. No object is made per prefix. The bytes
 * that `take` gives can be written to every peer that shares them.
 *
 * IPv4 prefixes with an IPv4 next hop go into the classic fields, all others into MP_REACH_NLRI, which then stands
 * first (RFC 7606 §5.1). Source: RFC 4271 §4.3; RFC 4760; RFC 7911 §3; RFC 8654; RFC 8950.
 */

import { findAttributePlace } from './attribute/header.ts';
import { type Family, toAfiSafi } from './family.ts';
import { AttributeCode, MessageSize, MessageType } from './iana.ts';
import { writeHeader } from './message/header.ts';

/** Two length fields of an UPDATE without withdrawn routes and attributes. */
const EMPTY_BODY_BYTES = 4;
const NEXT_HOP_ATTRIBUTE_BYTES = 7;
/** Flags, code and two octets of length. */
const MP_HEADER_BYTES = 4;
/** Optional, non-transitive, with the longer length field. */
const MP_FLAGS = 0x90;
const PATH_ID_BYTES = 4;
const MAX_PREFIX_BYTES = 17;

/** How the prefixes of a message are framed. */
type Layout = 'none' | 'classic-reach' | 'classic-withdraw' | 'mp-reach' | 'mp-unreach';

const NOTHING: Uint8Array = new Uint8Array(0);

/** Packs UPDATEs for peers that take messages of the same length. */
export class UpdatePacker {
  readonly maxMessageBytes: number;
  /** Messages finished since the last `take`. */
  messageCount = 0;

  #bytes: Uint8Array;
  #length = 0;
  #layout: Layout = 'none';
  #family: Family = 'ipv4-unicast';
  #addPath = false;
  /** Next hop and attribute block of the open group, as ranges of one array. */
  #source: Uint8Array = NOTHING;
  #nextHopStart = 0;
  #attributesStart = 0;
  #attributesEnd = 0;
  /** Where the open message began; only used while `#isOpen`. */
  #messageStart = 0;
  #isOpen = false;
  /** First octet that prefixes of the open message may not use. */
  #limit = 0;
  /** Octets written behind the prefixes when the message ends. */
  #tailBytes = 0;

  /** @param maxMessageBytes 4096, or 65535 for peers with extended messages (RFC 8654) */
  constructor(maxMessageBytes: number) {
    this.maxMessageBytes = maxMessageBytes;
    this.#bytes = new Uint8Array(maxMessageBytes * 2);
  }

  /** Octets of finished messages since the last `take`. */
  get byteLength(): number {
    return this.#length;
  }

  /**
   * Opens announcements that share attributes and next hop.
   *
   * @param attributes block from `encodeAttributes` without NEXT_HOP; not copied until `end`
   * @param nextHop 4, 16 or 32 octets as in `encodeNextHop`
   * @returns false when the attributes leave no room for a prefix, and nothing was opened: such a route cannot be
   *   told to this peer (RFC 8654 §4)
   */
  beginReach(family: Family, attributes: Uint8Array, nextHop: Uint8Array, addPath: boolean): boolean {
    const key = new Uint8Array(1 + nextHop.length + attributes.length);
    key[0] = nextHop.length;
    key.set(nextHop, 1);
    key.set(attributes, 1 + nextHop.length);
    return this.beginKeyed(family, key, 0, key.length, addPath);
  }

  /**
   * As `beginReach`, for a key of the form `writeAttributeKey` gives, `bytes[start…end)`: the octets of the next hop
   * with their count in front, then the block.
   */
  beginKeyed(family: Family, bytes: Uint8Array, start: number, end: number, addPath: boolean): boolean {
    const nextHopBytes = bytes[start] as number;
    const attributesBytes = end - start - 1 - nextHopBytes;
    const classic = family === 'ipv4-unicast' && nextHopBytes === 4;
    const overhead = classic ? NEXT_HOP_ATTRIBUTE_BYTES : MP_HEADER_BYTES + 5 + nextHopBytes;
    const fixed = MessageSize.header + EMPTY_BODY_BYTES + attributesBytes + overhead;
    if (fixed + PATH_ID_BYTES + MAX_PREFIX_BYTES > this.maxMessageBytes) return false;
    this.#begin(classic ? 'classic-reach' : 'mp-reach', family, addPath);
    this.#source = bytes;
    this.#nextHopStart = start + 1;
    this.#attributesStart = start + 1 + nextHopBytes;
    this.#attributesEnd = end;
    this.#tailBytes = classic ? 0 : attributesBytes;
    return true;
  }

  /** Opens withdrawals of one family. */
  beginWithdraw(family: Family, addPath: boolean): void {
    const classic = family === 'ipv4-unicast';
    this.#begin(classic ? 'classic-withdraw' : 'mp-unreach', family, addPath);
    this.#tailBytes = classic ? 2 : 0;
  }

  /** Adds an IPv4 prefix; the path identifier is used only when the group has path identifiers. */
  addIpv4(address: number, length: number, pathId: number): void {
    const octets = (length + 7) >>> 3;
    let offset = this.#reservePrefix(octets, length, pathId);
    const bytes = this.#bytes;
    if (octets > 0) bytes[offset++] = address >>> 24;
    if (octets > 1) bytes[offset++] = address >>> 16;
    if (octets > 2) bytes[offset++] = address >>> 8;
    if (octets > 3) bytes[offset++] = address;
    this.#length = offset;
  }

  /** Adds an IPv6 prefix given as four words. */
  addIpv6(word0: number, word1: number, word2: number, word3: number, length: number, pathId: number): void {
    const octets = (length + 7) >>> 3;
    let offset = this.#reservePrefix(octets, length, pathId);
    const bytes = this.#bytes;
    for (let index = 0; index < octets; index += 1) {
      const word = index < 8 ? (index < 4 ? word0 : word1) : index < 12 ? word2 : word3;
      bytes[offset++] = word >>> (24 - 8 * (index & 3));
    }
    this.#length = offset;
  }

  /** Closes the group and finishes its last message; a group without prefixes leaves no message. */
  end(): void {
    if (this.#isOpen) this.#finishMessage();
    this.#layout = 'none';
    this.#source = NOTHING;
    this.#attributesStart = this.#attributesEnd = 0;
  }

  /** Adds the End-of-RIB mark of a family: RFC 4724 §2. */
  addEndOfRib(family: Family): void {
    this.#begin(family === 'ipv4-unicast' ? 'classic-withdraw' : 'mp-unreach', family, false);
    this.#tailBytes = family === 'ipv4-unicast' ? 2 : 0;
    this.#startMessage();
    this.end();
  }

  /** Gives all finished messages as one array and starts anew; the array is the caller's. */
  take(): Uint8Array {
    const taken = this.#bytes.slice(0, this.#length);
    this.#length = 0;
    this.messageCount = 0;
    return taken;
  }

  #begin(layout: Layout, family: Family, addPath: boolean): void {
    this.end();
    this.#layout = layout;
    this.#family = family;
    this.#addPath = addPath;
  }

  /** Makes room for one prefix, writes path identifier and length; returns where the address goes. */
  #reservePrefix(octets: number, length: number, pathId: number): number {
    const needed = 1 + octets + (this.#addPath ? PATH_ID_BYTES : 0);
    if (this.#isOpen && this.#length + needed > this.#limit) this.#finishMessage();
    if (!this.#isOpen) this.#startMessage();
    const bytes = this.#bytes;
    let offset = this.#length;
    if (this.#addPath) {
      bytes[offset++] = pathId >>> 24;
      bytes[offset++] = pathId >>> 16;
      bytes[offset++] = pathId >>> 8;
      bytes[offset++] = pathId;
    }
    bytes[offset++] = length;
    return offset;
  }

  /** Writes everything of a message that comes before the prefixes. */
  #startMessage(): void {
    this.#isOpen = true;
    this.#messageStart = this.#length;
    this.#limit = this.#messageStart + this.maxMessageBytes - this.#tailBytes;
    this.#growTo(this.#messageStart + this.maxMessageBytes);
    this.#length += MessageSize.header + 2;
    if (this.#layout === 'classic-withdraw') return;
    this.#writeUint16(this.#length - 2, 0);
    this.#length += 2;
    if (this.#layout === 'classic-reach') this.#writeClassicAttributes();
    else this.#writeMultiprotocolHeader();
  }

  /** Fills in what is known only at the end: the lengths, and the attributes behind MP_REACH_NLRI. */
  #finishMessage(): void {
    const start = this.#messageStart;
    const body = start + MessageSize.header;
    if (this.#layout === 'classic-withdraw') {
      this.#writeUint16(body, this.#length - body - 2);
      this.#writeUint16(this.#length, 0);
      this.#length += 2;
    } else if (this.#layout !== 'classic-reach') {
      this.#writeUint16(
        body + EMPTY_BODY_BYTES + 2,
        this.#length - body - EMPTY_BODY_BYTES - MP_HEADER_BYTES,
      );
      this.#append(this.#source, this.#attributesStart, this.#attributesEnd);
      this.#writeUint16(body + 2, this.#length - body - EMPTY_BODY_BYTES);
    }
    writeHeader(this.#bytes, start, this.#length - start, MessageType.update);
    this.#isOpen = false;
    this.messageCount += 1;
  }

  /** Writes the attributes with NEXT_HOP in its place by code: RFC 4271 §5. */
  #writeClassicAttributes(): void {
    const start = this.#attributesStart;
    const end = this.#attributesEnd;
    const place = findAttributePlace(this.#source, start, end, AttributeCode.nextHop);
    this.#writeUint16(this.#length - 2, end - start + NEXT_HOP_ATTRIBUTE_BYTES);
    this.#append(this.#source, start, place);
    this.#append(NEXT_HOP_HEADER, 0, NEXT_HOP_HEADER.length);
    this.#append(this.#source, this.#nextHopStart, start);
    this.#append(this.#source, place, end);
  }

  #writeMultiprotocolHeader(): void {
    const reach = this.#layout === 'mp-reach';
    const { afi, safi } = toAfiSafi(this.#family);
    const bytes = this.#bytes;
    bytes[this.#length] = MP_FLAGS;
    bytes[this.#length + 1] = reach ? AttributeCode.mpReachNlri : AttributeCode.mpUnreachNlri;
    this.#writeUint16(this.#length + MP_HEADER_BYTES, afi);
    bytes[this.#length + MP_HEADER_BYTES + 2] = safi;
    this.#length += MP_HEADER_BYTES + 3;
    if (!reach) return;
    bytes[this.#length++] = this.#attributesStart - this.#nextHopStart;
    this.#append(this.#source, this.#nextHopStart, this.#attributesStart);
    bytes[this.#length++] = 0;
  }

  /** Octet by octet: the parts are short, and a view of one costs more than copying it. */
  #append(part: Uint8Array, start: number, end: number): void {
    const bytes = this.#bytes;
    let length = this.#length;
    for (let index = start; index < end; index += 1) {
      bytes[length] = part[index] as number;
      length += 1;
    }
    this.#length = length;
  }

  #writeUint16(offset: number, value: number): void {
    this.#bytes[offset] = value >>> 8;
    this.#bytes[offset + 1] = value;
  }

  #growTo(length: number): void {
    if (length <= this.#bytes.length) return;
    const grown = new Uint8Array(Math.max(length, this.#bytes.length * 2));
    grown.set(this.#bytes.subarray(0, this.#length));
    this.#bytes = grown;
  }
}

/** Header of a NEXT_HOP attribute: well-known, code 3, four octets. */
const NEXT_HOP_HEADER: Uint8Array = new Uint8Array([0x40, AttributeCode.nextHop, 4]);
