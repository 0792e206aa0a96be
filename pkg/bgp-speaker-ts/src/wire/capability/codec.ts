/**
 * The shape every capability file has: read the value from a reader over exactly its octets, write it back.
 */

import type { ByteReader } from '../reader.ts';
import type { ByteWriter } from '../writer.ts';
import type { Capability } from './capability.ts';

/** How one capability stands on the wire. */
export interface CapabilityCodec<C extends Capability> {
  readonly code: number;
  /**
   * Reads a value. Too few octets set `failed` on the reader, octets left over are seen by the caller: both make the
   * capability malformed.
   */
  decode(reader: ByteReader): C;
  /** Writes the value, without code and length. */
  encode(writer: ByteWriter, capability: C): void;
}
