/**
 * NOTIFICATION: why a connection ends, sent right before it is closed.
 *
 * Source: RFC 4271 §4.5, §6; RFC 9003 §2 (shutdown communication, also in its older form of RFC 8203), RFC 8538 §3.1
 * (hard reset, which carries another NOTIFICATION).
 */

import type { Notification } from '../error.ts';
import { CeaseSubcode, ErrorCode, MessageType } from '../iana.ts';
import { notificationName } from '../notification-name.ts';
import { frameMessage } from './header.ts';

/** A NOTIFICATION as received or sent. */
export type NotificationMessage = Notification;

const MAX_COMMUNICATION_BYTES = 255;
const HEX_BYTES_SHOWN = 32;

/** Decodes the body of a NOTIFICATION; a header check has made sure of its two octets, missing ones read as 0. */
export function decodeNotification(bytes: Uint8Array, start: number, end: number): NotificationMessage {
  return {
    code: start < end ? (bytes[start] as number) : 0,
    subcode: start + 1 < end ? (bytes[start + 1] as number) : 0,
    data: bytes.slice(start + 2, end),
  };
}

/** Encodes a whole NOTIFICATION message, header included. */
export function encodeNotification({ code, subcode, data }: NotificationMessage): Uint8Array {
  const body = new Uint8Array(2 + data.length);
  body[0] = code;
  body[1] = subcode;
  body.set(data, 2);
  return frameMessage(MessageType.notification, body);
}

/** Packs a shutdown communication; text beyond 255 octets is cut at a character (RFC 9003 §2). */
export function encodeShutdownCommunication(text: string): Uint8Array {
  const bytes = new Uint8Array(1 + MAX_COMMUNICATION_BYTES);
  const { written } = new TextEncoder().encodeInto(text, bytes.subarray(1));
  bytes[0] = written;
  return bytes.slice(0, 1 + written);
}

/**
 * Reads the shutdown communication of an administrative shutdown or reset.
 *
 * @returns the text, with a replacement character for what is not UTF-8; undefined when there is none
 */
export function decodeShutdownCommunication(message: NotificationMessage): string | undefined {
  const { code, subcode, data } = message;
  const carries =
    subcode === CeaseSubcode.administrativeShutdown || subcode === CeaseSubcode.administrativeReset;
  if (code !== ErrorCode.cease || !carries) return undefined;
  const length = data[0] ?? 0;
  if (length === 0 || length > data.length - 1) return undefined;
  return new TextDecoder().decode(data.subarray(1, 1 + length));
}

/** Whether this NOTIFICATION is a hard reset, after which no route is kept: RFC 8538 §3.1. */
export function isHardReset({ code, subcode }: NotificationMessage): boolean {
  return code === ErrorCode.cease && subcode === CeaseSubcode.hardReset;
}

/** Writes a NOTIFICATION for people, e.g. `Cease / Administrative Shutdown: "maintenance"`. */
export function describeNotification(message: NotificationMessage): string {
  const name = notificationName(message.code, message.subcode);
  const text = decodeShutdownCommunication(message);
  if (text !== undefined) return `${name}: ${JSON.stringify(text)}`;
  if (message.data.length === 0) return name;
  return `${name} (data ${toHex(message.data.subarray(0, HEX_BYTES_SHOWN))})`;
}

function toHex(bytes: Uint8Array): string {
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('');
}
