/**
 * All capabilities this speaker knows, and the list of capabilities in an OPEN's optional parameter.
 *
 * Source: RFC 5492 §4. A capability of another code is kept byte for byte and otherwise ignored (§3). A known one whose
 * value does not have its form is an error: to ignore it could leave the two sides with different ideas of, for
 * example, how long an AS number is.
 */

import { type Decoded, sessionError } from '../error.ts';
import { ErrorCode, OpenSubcode } from '../iana.ts';
import type { ByteReader } from '../reader.ts';
import { ByteWriter } from '../writer.ts';
import { multiprotocol } from './01-multiprotocol.ts';
import { routeRefresh } from './02-route-refresh.ts';
import { extendedNextHop } from './05-extended-next-hop.ts';
import { extendedMessage } from './06-extended-message.ts';
import { role } from './09-role.ts';
import { gracefulRestart } from './64-graceful-restart.ts';
import { fourOctetAs } from './65-four-octet-as.ts';
import { addPath } from './69-add-path.ts';
import { enhancedRouteRefresh } from './70-enhanced-route-refresh.ts';
import { longLivedGracefulRestart } from './71-llgr.ts';
import type { Capability } from './capability.ts';
import type { CapabilityCodec } from './codec.ts';

type KnownKind = Exclude<Capability['kind'], 'unknown'>;

const CODECS: { readonly [K in KnownKind]: CapabilityCodec<Extract<Capability, { kind: K }>> } = {
  multiprotocol,
  'route-refresh': routeRefresh,
  'extended-next-hop': extendedNextHop,
  'extended-message': extendedMessage,
  role,
  'graceful-restart': gracefulRestart,
  'four-octet-as': fourOctetAs,
  'add-path': addPath,
  'enhanced-route-refresh': enhancedRouteRefresh,
  'long-lived-graceful-restart': longLivedGracefulRestart,
};

const BY_CODE: ReadonlyMap<number, CapabilityCodec<Capability>> = new Map(
  Object.values(CODECS).map((codec) => [codec.code, codec as CapabilityCodec<Capability>]),
);

/** Reads capabilities to the end of a reader and appends them to `out`; the error when they do not fit together. */
export function decodeCapabilities(reader: ByteReader, out: Capability[]): Decoded<readonly Capability[]> {
  while (reader.remaining > 0) {
    const code = reader.readUint8();
    const value = reader.readRange(reader.readUint8());
    if (reader.failed) return malformed('a capability reaches past the end of its parameter');
    const capability = decodeCapability(code, value);
    if (capability === undefined) return malformed(`capability ${code} has a value of the wrong form`);
    out.push(capability);
  }
  return { ok: true, value: out };
}

/** Writes capabilities one after the other, each with code and length. */
export function encodeCapabilities(capabilities: readonly Capability[]): Uint8Array {
  const writer = new ByteWriter(128);
  for (const capability of capabilities) encodeCapability(writer, capability);
  return writer.take();
}

function decodeCapability(code: number, reader: ByteReader): Capability | undefined {
  const codec = BY_CODE.get(code);
  if (codec === undefined) return { kind: 'unknown', code, value: reader.readBytes(reader.remaining) };
  const capability = codec.decode(reader);
  return reader.failed || reader.remaining > 0 ? undefined : capability;
}

function encodeCapability(writer: ByteWriter, capability: Capability): void {
  if (capability.kind === 'unknown') {
    writer.writeUint8(capability.code);
    writer.writeUint8(capability.value.length);
    writer.writeBytes(capability.value);
    return;
  }
  const codec = CODECS[capability.kind] as CapabilityCodec<Capability>;
  writer.writeUint8(codec.code);
  const lengthOffset = writer.length;
  writer.writeUint8(0);
  codec.encode(writer, capability);
  writer.patchUint8(lengthOffset, writer.length - lengthOffset - 1);
}

function malformed(detail: string): Decoded<never> {
  return { ok: false, error: sessionError(ErrorCode.open, OpenSubcode.unspecific, `OPEN: ${detail}`) };
}
