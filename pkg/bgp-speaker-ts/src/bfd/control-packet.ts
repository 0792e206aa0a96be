/**
 * The BFD Control packet.
 *
 *      0                   1                   2                   3
 *     |Vers |  Diag   |Sta|P|F|C|A|D|M|  Detect Mult  |    Length     |
 *     |                       My Discriminator                        |
 *     |                      Your Discriminator                       |
 *     |                    Desired Min TX Interval                    |
 *     |                   Required Min RX Interval                    |
 *     |                 Required Min Echo RX Interval                 |
 *
 * Decoding makes all checks of RFC 5880 §6.8.6 that need nothing but the packet, in the order of the RFC. Departs from
 * it in nothing, but has no authentication: a packet with the A bit is discarded, as the RFC wants it where none is in use.
 */

import { ByteReader } from '../wire/reader.ts';
import { ByteWriter } from '../wire/writer.ts';
import { BFD_STATES, type BfdState } from './iana.ts';

/** A control packet without authentication. Intervals are in microseconds, as on the wire. */
export interface ControlPacket {
  /** Why the sender's state changed last. */
  readonly diagnostic: number;
  readonly state: BfdState;
  readonly poll: boolean;
  readonly final: boolean;
  /** C bit: the sender's BFD does not share fate with its control plane. */
  readonly controlPlaneIndependent: boolean;
  /** D bit: the sender wants no periodic packets while both sides are Up. */
  readonly demand: boolean;
  readonly detectMultiplier: number;
  readonly myDiscriminator: number;
  /** What the sender has received from us as ours; 0 when it has received nothing. */
  readonly yourDiscriminator: number;
  readonly desiredMinTxMicroseconds: number;
  /** 0: no periodic packets at all. */
  readonly requiredMinRxMicroseconds: number;
  /** 0: the sender does not return echo packets. */
  readonly requiredMinEchoRxMicroseconds: number;
}

/** Why a packet was thrown away: first what the packet itself shows, then what its session and its way here do. */
export const DISCARD_REASONS = [
  'truncated',
  'version',
  'length',
  'detect-multiplier-zero',
  'multipoint',
  'my-discriminator-zero',
  'your-discriminator-zero',
  'authentication',
  'no-session',
  'ttl',
] as const;

/** One reason. */
export type DiscardReason = (typeof DISCARD_REASONS)[number];

/** A packet, or why it counts as never received. */
export type DecodedPacket =
  | { readonly ok: true; readonly value: ControlPacket }
  | { readonly ok: false; readonly reason: DiscardReason };

/** Octets of a packet without authentication. */
export const CONTROL_PACKET_BYTES = 24;
const AUTHENTICATED_BYTES = 26;
const VERSION = 1;

const Flag = {
  poll: 0x20,
  final: 0x10,
  independent: 0x08,
  authentication: 0x04,
  demand: 0x02,
  multipoint: 0x01,
};

/** Decodes `bytes[start…end)`; what lies behind the packet's own length is not looked at. */
export function decodeControlPacket(bytes: Uint8Array, start: number, end: number): DecodedPacket {
  const reader = new ByteReader(bytes, start, end);
  const first = reader.readUint8();
  const flags = reader.readUint8();
  const detectMultiplier = reader.readUint8();
  const length = reader.readUint8();
  const packet: ControlPacket = {
    diagnostic: first & 0x1f,
    state: BFD_STATES[flags >>> 6] as BfdState,
    poll: (flags & Flag.poll) !== 0,
    final: (flags & Flag.final) !== 0,
    controlPlaneIndependent: (flags & Flag.independent) !== 0,
    demand: (flags & Flag.demand) !== 0,
    detectMultiplier,
    myDiscriminator: reader.readUint32(),
    yourDiscriminator: reader.readUint32(),
    desiredMinTxMicroseconds: reader.readUint32(),
    requiredMinRxMicroseconds: reader.readUint32(),
    requiredMinEchoRxMicroseconds: reader.readUint32(),
  };
  if (reader.failed) return { ok: false, reason: 'truncated' };
  const reason = judge(packet, first >>> 5, flags, length, end - start);
  return reason === undefined ? { ok: true, value: packet } : { ok: false, reason };
}

/** Encodes a packet of version 1 without authentication. */
export function encodeControlPacket(packet: ControlPacket): Uint8Array {
  const writer = new ByteWriter(CONTROL_PACKET_BYTES);
  writer.writeUint8((VERSION << 5) | packet.diagnostic);
  writer.writeUint8((BFD_STATES.indexOf(packet.state) << 6) | flagsOf(packet));
  writer.writeUint8(packet.detectMultiplier);
  writer.writeUint8(CONTROL_PACKET_BYTES);
  writer.writeUint32(packet.myDiscriminator);
  writer.writeUint32(packet.yourDiscriminator);
  writer.writeUint32(packet.desiredMinTxMicroseconds);
  writer.writeUint32(packet.requiredMinRxMicroseconds);
  writer.writeUint32(packet.requiredMinEchoRxMicroseconds);
  return writer.take();
}

function flagsOf({ poll, final, controlPlaneIndependent, demand }: ControlPacket): number {
  return (
    (poll ? Flag.poll : 0) |
    (final ? Flag.final : 0) |
    (controlPlaneIndependent ? Flag.independent : 0) |
    (demand ? Flag.demand : 0)
  );
}

/** RFC 5880 §6.8.6, up to the selection of the session. */
function judge(
  packet: ControlPacket,
  version: number,
  flags: number,
  length: number,
  payloadBytes: number,
): DiscardReason | undefined {
  const authenticated = (flags & Flag.authentication) !== 0;
  if (version !== VERSION) return 'version';
  if (length < (authenticated ? AUTHENTICATED_BYTES : CONTROL_PACKET_BYTES)) return 'length';
  if (length > payloadBytes) return 'truncated';
  if (packet.detectMultiplier === 0) return 'detect-multiplier-zero';
  if ((flags & Flag.multipoint) !== 0) return 'multipoint';
  if (packet.myDiscriminator === 0) return 'my-discriminator-zero';
  const begins = packet.state === 'Down' || packet.state === 'AdminDown';
  if (packet.yourDiscriminator === 0 && !begins) return 'your-discriminator-zero';
  return authenticated ? 'authentication' : undefined;
}
