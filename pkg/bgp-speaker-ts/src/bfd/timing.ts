/**
 * What a session knows of its peer's timing, and the jitter of its own.
 */

import type { ControlPacket } from './control-packet.ts';
import type { BfdState } from './iana.ts';

/** Intervals one side announces or uses. */
export interface Intervals {
  readonly transmitMs: number;
  readonly receiveMs: number;
}

/** The peer as its last packet shows it: the bfd.Remote… variables of RFC 5880 §6.8.1. */
export interface Remote {
  readonly discriminator: number;
  readonly state: BfdState;
  readonly diagnostic: number;
  readonly demand: boolean;
  readonly controlPlaneIndependent: boolean;
  readonly multiplier: number;
  readonly minTransmitMs: number;
  readonly minReceiveMs: number;
}

/** A peer of whom nothing is heard: the initial values of RFC 5880 §6.8.1, among them an interval of one microsecond. */
export const NOBODY: Remote = {
  discriminator: 0,
  state: 'Down',
  diagnostic: 0,
  demand: false,
  controlPlaneIndependent: false,
  multiplier: 0,
  minTransmitMs: 0,
  minReceiveMs: 0.001,
};

/** Reads the peer out of a packet. */
export function toRemote(packet: ControlPacket): Remote {
  return {
    discriminator: packet.myDiscriminator,
    state: packet.state,
    diagnostic: packet.diagnostic,
    demand: packet.demand,
    controlPlaneIndependent: packet.controlPlaneIndependent,
    multiplier: packet.detectMultiplier,
    minTransmitMs: packet.desiredMinTxMicroseconds / 1000,
    minReceiveMs: packet.requiredMinRxMicroseconds / 1000,
  };
}

/** Shortens an interval to 75–100 %, and to 75–90 % where one lost packet is the end: RFC 5880 §6.8.7. */
export function jittered(intervalMs: number, multiplier: number, random: () => number): number {
  return intervalMs * (0.75 + random() * (multiplier === 1 ? 0.15 : 0.25));
}

/** Converts to what the wire carries, four octets of microseconds. */
export function toMicroseconds(milliseconds: number): number {
  return Math.min(Math.round(milliseconds * 1000), 0xffff_ffff);
}
