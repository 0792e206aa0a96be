/**
 * The header every BGP message begins with: 16 octets of ones, the length, the type.
 *
 * Source: RFC 4271 §4.1 (layout), §6.1 (errors), RFC 8654 §4 (longer messages).
 */

import { type SessionError, sessionError } from '../error.ts';
import { ErrorCode, HeaderSubcode, MessageSize, MessageType } from '../iana.ts';

const TYPE_OFFSET = 18;
const LENGTH_OFFSET = 16;

/** Smallest whole message per type, in octets; the index is the type (RFC 4271 §6.1). */
const SHORTEST: readonly number[] = [0, 29, 23, 21, 19, 23];

/** Reads the length field of a header, in octets of the whole message. */
export function readMessageLength(bytes: Uint8Array, offset: number): number {
  return ((bytes[offset + LENGTH_OFFSET] as number) << 8) | (bytes[offset + LENGTH_OFFSET + 1] as number);
}

/** Reads the type field of a header. */
export function readMessageType(bytes: Uint8Array, offset: number): number {
  return bytes[offset + TYPE_OFFSET] as number;
}

/**
 * Checks a header of 19 octets at an offset.
 *
 * @param maxBytes longest message that may be received now: 4096, or 65535 after extended messages were agreed
 * @returns the error with its NOTIFICATION (1/1, 1/2 with the length, 1/3 with the type), or undefined
 */
export function checkHeader(bytes: Uint8Array, offset: number, maxBytes: number): SessionError | undefined {
  for (let index = offset; index < offset + LENGTH_OFFSET; index += 1) {
    if (bytes[index] !== 0xff) return notSynchronized();
  }
  const length = readMessageLength(bytes, offset);
  const type = readMessageType(bytes, offset);
  if (length < MessageSize.header || length > maxBytes) return badLength(length, type);
  const shortest = SHORTEST[type];
  if (shortest === undefined || type === 0) return badType(type);
  const limit = lengthLimit(type);
  return length < shortest || length > limit ? badLength(length, type) : undefined;
}

/** Writes a header; the type decides nothing else. */
export function writeHeader(bytes: Uint8Array, offset: number, length: number, type: number): void {
  bytes.fill(0xff, offset, offset + LENGTH_OFFSET);
  bytes[offset + LENGTH_OFFSET] = length >>> 8;
  bytes[offset + LENGTH_OFFSET + 1] = length & 0xff;
  bytes[offset + TYPE_OFFSET] = type;
}

/** Puts a header in front of a body. */
export function frameMessage(type: number, body: Uint8Array): Uint8Array {
  const message = new Uint8Array(MessageSize.header + body.length);
  writeHeader(message, 0, message.length, type);
  message.set(body, MessageSize.header);
  return message;
}

/** OPEN and KEEPALIVE stay at their old limits even when extended messages are in use: RFC 8654 §4. */
function lengthLimit(type: number): number {
  if (type === MessageType.keepalive) return MessageSize.header;
  return type === MessageType.open ? MessageSize.standard : MessageSize.extended;
}

function notSynchronized(): SessionError {
  return sessionError(
    ErrorCode.messageHeader,
    HeaderSubcode.connectionNotSynchronized,
    'the marker is not all ones: this is no BGP message, or the stream lost its place',
  );
}

function badLength(length: number, type: number): SessionError {
  const detail = `length ${length} is not possible for message type ${type}`;
  const data = new Uint8Array([length >>> 8, length & 0xff]);
  return sessionError(ErrorCode.messageHeader, HeaderSubcode.badMessageLength, detail, data);
}

function badType(type: number): SessionError {
  const detail = `message type ${type} is not known`;
  return sessionError(ErrorCode.messageHeader, HeaderSubcode.badMessageType, detail, new Uint8Array([type]));
}
