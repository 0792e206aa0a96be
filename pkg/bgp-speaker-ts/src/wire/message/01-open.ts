/**
 * OPEN: the first message of a connection, with what its sender is and can do.
 *
 * Source: RFC 4271 §4.2, RFC 5492 §4 (capabilities), RFC 9072 §2 (extended optional parameters length). This file
 * decodes structure; whether the values suit a session is decided in `fsm/negotiate.ts`.
 */

import type { Capability } from '../capability/capability.ts';

/** An OPEN as it stands on the wire. */
export interface OpenMessage {
  readonly version: number;
  /** My Autonomous System, two octets; AS_TRANS when the real one needs four. */
  readonly asn: number;
  readonly holdTimeSeconds: number;
  readonly identifier: number;
  readonly capabilities: readonly Capability[];
}
