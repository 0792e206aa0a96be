/**
 * The whole configuration file: its keys, their defaults, and its JSON Schema.
 */

import type { Address } from '@weft/ip';
import { z } from 'zod';
import type {
  GracefulRestartConfig,
  ListenAddress,
  LocalRoute,
  LongLivedConfig,
  SpeakerConfig,
} from '../../speaker/config.ts';
import { BGP_PORT } from '../../transport/dial.ts';
import { DEFAULT_SOCKET_PATH } from '../protocol.ts';
import { bmpSchema } from './bmp-schema.ts';
import {
  asn,
  type FieldType,
  family,
  flag,
  holdTime,
  identifier,
  integer,
  ipAddress,
  port,
  text,
} from './fields.ts';
import { type PeerValues, peerSchema } from './peer-schema.ts';
import { routeSchema } from './route-schema.ts';
import {
  type Complete,
  either,
  list,
  object,
  optional,
  optionalPart,
  required,
  withDefault,
} from './schema.ts';

/** How long peers are asked to keep our routes while the program is started anew. */
const RESTART_TIME_SECONDS = 120;
const DEFAULT_HOLD_TIME_SECONDS = 90;
const OWNER_ONLY = 0o600;

/** Graceful restart, and how the program knows that it has restarted. */
export interface GracefulRestartValues extends Complete<GracefulRestartConfig> {
  /** A file that lives as long as peers may keep our routes; default: beside the control socket. */
  readonly marker: string | undefined;
}

/** The control socket. */
export interface ControlValues {
  readonly socket: string;
  /** Permissions of the socket: 0600 or 0660. */
  readonly mode: number;
}

/** A file whose values are right one by one. */
export interface FileValues
  extends Complete<Omit<SpeakerConfig, 'identifier' | 'peers' | 'gracefulRestart'>> {
  readonly routerId: Address;
  readonly gracefulRestart: GracefulRestartValues | false;
  readonly control: ControlValues | false;
  readonly peers: readonly PeerValues[];
  readonly announce: readonly LocalRoute[];
}

const seconds = integer(0, 86_400);

/** The field has 24 bits: RFC 9494 §3.1. */
const longLivedSeconds = integer(0, 0xff_ff_ff);

const longLivedSchema: z.ZodType<Complete<LongLivedConfig>> = object({
  family: required(family, 'address family'),
  staleTimeSeconds: required(
    longLivedSeconds,
    'how long peers are asked to keep our routes as their last choice',
  ),
  maxStaleTimeSeconds: optional(
    longLivedSeconds,
    'longest time routes of a peer are kept so; as it asks without',
  ),
});

const gracefulRestartSchema: z.ZodType<GracefulRestartValues> = object({
  restartTimeSeconds: withDefault(
    integer(0, 4095),
    RESTART_TIME_SECONDS,
    'how long peers are asked to keep our routes while we are away',
  ),
  notification: withDefault(flag, false, 'keep routes after a NOTIFICATION too (RFC 8538)'),
  staleTimeSeconds: optional(
    seconds,
    'longest time stale routes of a peer that is back are kept; 360 without',
  ),
  selectionDeferralSeconds: optional(
    seconds,
    'longest wait for peers after a restart; restartTimeSeconds without',
  ),
  longLived: optionalPart(
    list(longLivedSchema),
    'families with long-lived graceful restart (RFC 9494); empty: only take long-lived stale routes',
  ),
  marker: optional(text, 'file that tells a restart from a first start; beside the control socket without'),
});

const listenSchema: z.ZodType<ListenAddress> = object({
  address: required(ipAddress, 'address to accept connections on'),
  port: withDefault(port, BGP_PORT, 'TCP port'),
});

const socketMode: FieldType<number> = {
  schema: { enum: ['0600', '0660'] },
  read: (value) => {
    // Without quotes YAML has a number.
    const digits = `${value}`.padStart(4, '0');
    if (digits === '0600' || digits === '0660') return { ok: true, value: Number.parseInt(digits, 8) };
    return { ok: false, reason: `must be "0600" or "0660", and is ${JSON.stringify(value)}` };
  },
};

const controlSchema: z.ZodType<ControlValues> = object({
  socket: withDefault(text, DEFAULT_SOCKET_PATH, 'unix socket the commands talk to; relative to this file'),
  mode: optional(socketMode, '"0600" without: the owner only; "0660": the group too').transform(
    (mode) => mode ?? OWNER_ONLY,
  ),
});

/** The file. */
export const fileSchema: z.ZodType<FileValues> = object({
  asn: required(asn, 'our AS number'),
  routerId: required(identifier, 'BGP Identifier'),
  listen: list(listenSchema).describe('addresses to accept connections on; may be empty'),
  clusterId: optional(identifier, 'cluster this route reflector serves (RFC 4456)'),
  offPath: withDefault(
    flag,
    false,
    'no packet takes its way through this speaker: own addresses are next hops like any other',
  ),
  holdTimeSeconds: withDefault(holdTime, DEFAULT_HOLD_TIME_SECONDS, 'hold time; 0 for no keepalives'),
  gracefulRestart: either(z.literal(false), gracefulRestartSchema, 'false, or keys with values')
    .prefault({})
    .describe('graceful restart (RFC 4724); false to offer none'),
  externalRequiresPolicy: withDefault(
    flag,
    false,
    'no routes from and to external peers without policy (RFC 8212)',
  ),
  control: either(z.literal(false), controlSchema, 'false, or keys with values')
    .prefault({})
    .describe('where the commands reach this daemon; false for nowhere'),
  bmp: list(bmpSchema).default([]).describe('BMP collectors that are told what happens (RFC 7854)'),
  peers: list(peerSchema).default([]).describe('neighbours'),
  announce: list(routeSchema).default([]).describe('routes to announce'),
});

/** The JSON Schema of the file, for editors. */
export function jsonSchema(): object {
  const schema = z.toJSONSchema(fileSchema, {
    io: 'input',
    // Zod leaves out the defaults of values that are transformed.
    override: ({ zodSchema, jsonSchema: described }) => {
      const value = z.globalRegistry.get(zodSchema)?.default;
      if (value !== undefined) Object.assign(described, { default: value });
    },
  });
  return { title: 'Configuration of bgp-speaker', ...schema };
}
