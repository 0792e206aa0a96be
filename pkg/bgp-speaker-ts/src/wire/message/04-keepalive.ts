/** KEEPALIVE: a header and nothing else. Source: RFC 4271 §4.4. */

import { MessageType } from '../iana.ts';
import { frameMessage } from './header.ts';

const KEEPALIVE = frameMessage(MessageType.keepalive, new Uint8Array(0));

/** Gives a whole KEEPALIVE message; the same array each time, to be read only. */
export function encodeKeepalive(): Uint8Array {
  return KEEPALIVE;
}
