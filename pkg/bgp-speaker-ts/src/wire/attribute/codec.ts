/**
 * The contract of one path attribute, and the contexts a value is read and written in.
 *
 * Adding an attribute is a file with such a row and its place in `table.ts`.
 */

import type { AttributeFault, Treatment } from '../error.ts';
import type { ByteReader } from '../reader.ts';
import type { ByteWriter } from '../writer.ts';
import type { PathAttributes } from './path-attributes.ts';

/** What the meaning of received attributes depends on; blocks are cached per context. */
export interface AttributeContext {
  /** AS numbers are four octets long: both sides have the capability of RFC 6793. */
  readonly fourOctetAsn: boolean;
  /** Whether the sender is in our AS. */
  readonly peerType: 'internal' | 'external';
}

/** What the form of sent attributes depends on. */
export interface EncodeContext {
  readonly fourOctetAsn: boolean;
}

/** What an attribute block says, and what is wrong with it. */
export interface ParsedAttributes {
  readonly attributes: PathAttributes;
  readonly faults: readonly AttributeFault[];
}

/** One path attribute: where it stands, how it is read and written, and what a fault in it leads to. */
export interface AttributeCodec<K extends keyof PathAttributes> {
  readonly code: number;
  /** Name as in the RFCs. */
  readonly name: string;
  readonly key: K;
  /** Optional and Transitive bits it must have; a conflict is treat-as-withdraw (RFC 7606 §3 c). */
  readonly flags: number;
  /** What a wrong length or value leads to (RFC 7606 §7, or the attribute's own RFC). */
  readonly malformed: Treatment;
  /** Set when the attribute means nothing between ASes and is dropped there, whatever its value. */
  readonly discardFromExternal?: true;
  /** UPDATE error subcode of a wrong value, should it end the session. */
  readonly valueSubcode: number;
  /** Whether a value may have this many octets. */
  isLength(length: number, context: EncodeContext): boolean;
  /** Reads a value of a length `isLength` accepted; undefined when the value is not possible. */
  decode(reader: ByteReader, context: EncodeContext): NonNullable<PathAttributes[K]> | undefined;
  /** Writes the value, without flags, code and length. */
  encode(writer: ByteWriter, value: NonNullable<PathAttributes[K]>, context: EncodeContext): void;
}

/** Flags of well-known attributes: neither optional nor announced as anything but transitive. */
export const WELL_KNOWN = 0x40;
/** Flags of optional transitive attributes. */
export const OPTIONAL_TRANSITIVE = 0xc0;
/** Flags of optional non-transitive attributes. */
export const OPTIONAL_NON_TRANSITIVE = 0x80;
