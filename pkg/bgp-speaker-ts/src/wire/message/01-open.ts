/**
 * OPEN: the first message of a connection, with what its sender is and can do.
 *
 * Source: RFC 4271 §4.2, RFC 5492 §4 (capabilities), RFC 9072 §2 (more than 255 octets of parameters). This file
 * decodes structure; whether the values suit a session is decided in `fsm/negotiate.ts`.
 */

import type { Capability } from '../capability/capability.ts';
import { decodeCapabilities, encodeCapabilities } from '../capability/table.ts';
import { type Decoded, sessionError } from '../error.ts';
import { ErrorCode, MessageType, OpenSubcode } from '../iana.ts';
import { ByteReader } from '../reader.ts';
import { ByteWriter } from '../writer.ts';
import { frameMessage } from './header.ts';

/** An OPEN as it stands on the wire. */
export interface OpenMessage {
  readonly version: number;
  /** My Autonomous System, two octets; AS_TRANS when the real one needs four. */
  readonly asn: number;
  readonly holdTimeSeconds: number;
  readonly identifier: number;
  readonly capabilities: readonly Capability[];
}

/** The version of BGP this speaker speaks. */
export const BGP_VERSION = 4;

const CAPABILITIES_PARAMETER = 2;
/** Both the length and the type that announce the longer form: RFC 9072 §2. */
const EXTENDED = 255;

/** Decodes the body of an OPEN, `bytes[start…end)`; errors are 2/0, 2/1 and 2/4. */
export function decodeOpen(bytes: Uint8Array, start: number, end: number): Decoded<OpenMessage> {
  const reader = new ByteReader(bytes, start, end);
  const version = reader.readUint8();
  if (version !== BGP_VERSION) return unsupportedVersion(version);
  const asn = reader.readUint16();
  const holdTimeSeconds = reader.readUint16();
  const identifier = reader.readUint32();
  const parameters = decodeParameters(reader);
  if (!parameters.ok) return parameters;
  return { ok: true, value: { version, asn, holdTimeSeconds, identifier, capabilities: parameters.value } };
}

/** Encodes a whole OPEN message, header included. */
export function encodeOpen(open: OpenMessage): Uint8Array {
  const writer = new ByteWriter(128);
  writer.writeUint8(open.version);
  writer.writeUint16(open.asn);
  writer.writeUint16(open.holdTimeSeconds);
  writer.writeUint32(open.identifier);
  writeParameters(writer, encodeCapabilities(open.capabilities));
  return frameMessage(MessageType.open, writer.take());
}

/** Reads the optional parameters in either form; both must end exactly where the message ends. */
function decodeParameters(reader: ByteReader): Decoded<readonly Capability[]> {
  let length = reader.readUint8();
  const extended = length !== 0 && reader.bytes[reader.offset] === EXTENDED && reader.remaining > 0;
  if (extended) {
    reader.readUint8();
    length = reader.readUint16();
  }
  if (reader.failed || reader.remaining !== length) return malformed('the optional parameters do not fit');
  const capabilities: Capability[] = [];
  while (reader.remaining > 0) {
    const type = reader.readUint8();
    const value = reader.readRange(extended ? reader.readUint16() : reader.readUint8());
    if (reader.failed) return malformed('an optional parameter reaches past the end');
    if (type !== CAPABILITIES_PARAMETER) return unsupportedParameter(type);
    const result = decodeCapabilities(value, capabilities);
    if (!result.ok) return result;
  }
  return { ok: true, value: capabilities };
}

/** All capabilities go into one parameter: RFC 5492 §4 asks for no more. */
function writeParameters(writer: ByteWriter, capabilities: Uint8Array): void {
  if (capabilities.length === 0) {
    writer.writeUint8(0);
    return;
  }
  const extended = capabilities.length > 253;
  if (extended) {
    writer.writeUint8(EXTENDED);
    writer.writeUint8(EXTENDED);
    writer.writeUint16(capabilities.length + 3);
    writer.writeUint8(CAPABILITIES_PARAMETER);
    writer.writeUint16(capabilities.length);
  } else {
    writer.writeUint8(capabilities.length + 2);
    writer.writeUint8(CAPABILITIES_PARAMETER);
    writer.writeUint8(capabilities.length);
  }
  writer.writeBytes(capabilities);
}

function unsupportedVersion(version: number): Decoded<never> {
  const data = new Uint8Array([0, BGP_VERSION]);
  const detail = `OPEN: version ${version} is not supported`;
  return { ok: false, error: sessionError(ErrorCode.open, OpenSubcode.unsupportedVersion, detail, data) };
}

function unsupportedParameter(type: number): Decoded<never> {
  const detail = `OPEN: optional parameter ${type} is not supported`;
  return { ok: false, error: sessionError(ErrorCode.open, OpenSubcode.unsupportedOptionalParameter, detail) };
}

function malformed(detail: string): Decoded<never> {
  return { ok: false, error: sessionError(ErrorCode.open, OpenSubcode.unspecific, `OPEN: ${detail}`) };
}
