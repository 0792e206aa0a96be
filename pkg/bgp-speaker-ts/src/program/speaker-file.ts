/**
 * The configuration file of `bgp-speaker`: YAML text → what the server is started with, or every mistake with its line.
 *
 * Strict: a key nobody knows is a mistake, because a key with a typing error would otherwise be a setting that is
 * silently not made. Pure: reading the file is left to the caller.
 */

import { type Address, familyOf, isUnspecified, type Prefix } from '@weft/ip';
import { z } from 'zod';
import type { ListenAddress, LocalRoute, PeerConfig, SpeakerConfig } from '../speaker/config.ts';
import { BGP_PORT } from '../transport/dial.ts';
import type { Family } from '../wire/family.ts';
import type { Failure } from './failure.ts';
import {
  asn,
  family,
  flag,
  holdTime,
  identifier,
  integer,
  ipAddress,
  ipPrefix,
  peerAddress,
  type Reader,
} from './fields.ts';
import { nearest } from './nearest.ts';
import { type ParsedYaml, type Path, parseYaml, showPath } from './yaml-lines.ts';

/** How long peers are asked to keep our routes while the program is started anew. */
const RESTART_TIME_SECONDS = 120;
const DEFAULT_HOLD_TIME_SECONDS = 90;

/** What a file asks for. */
export interface SpeakerFile {
  readonly config: SpeakerConfig;
  readonly routes: readonly LocalRoute[];
}

/** A file read, or all that is wrong with it. */
export type SpeakerFileResult =
  | { readonly ok: true; readonly file: SpeakerFile }
  | { readonly ok: false; readonly failures: readonly Failure[] };

/** A mistake and where it is, before its line is looked up. */
interface Mistake {
  readonly path: Path;
  readonly reason: string;
  readonly hint: string;
}

const listenSchema = object({
  address: field(ipAddress),
  port: field(integer(1, 65_535)).default(BGP_PORT),
});

const peerSchema = object({
  address: field(peerAddress),
  port: field(integer(1, 65_535)).default(BGP_PORT),
  asn: field(asn),
  localAddress: field(ipAddress).optional(),
  passive: field(flag).default(false),
  routeReflectorClient: field(flag).default(false),
  families: list(field(family)).min(1, 'must name at least one family').optional(),
});

const announceSchema = object({ prefix: field(ipPrefix) });

const fileSchema = object({
  asn: field(asn),
  routerId: field(identifier),
  listen: list(listenSchema),
  clusterId: field(identifier).optional(),
  holdTimeSeconds: field(holdTime).default(DEFAULT_HOLD_TIME_SECONDS),
  peers: list(peerSchema).default([]),
  announce: list(announceSchema).default([]),
});

type FileValues = z.output<typeof fileSchema>;
type PeerValues = FileValues['peers'][number];

const ITEM_SCHEMAS = { listen: listenSchema, peers: peerSchema, announce: announceSchema };

/** Reads the text of a file; `name` is how mistakes call it. */
export function parseSpeakerFile(text: string, name: string): SpeakerFileResult {
  const yaml = parseYaml(text);
  if (!yaml.ok) {
    const { line, reason } = yaml;
    const failure = { message: 'the configuration is not YAML', object: `${name}:${line}`, hint: reason };
    return { ok: false, failures: [failure] };
  }
  const parsed = fileSchema.safeParse(yaml.value);
  const mistakes = parsed.success ? contradictions(parsed.data) : parsed.error.issues.flatMap(readIssue);
  if (!parsed.success || mistakes.length > 0)
    return { ok: false, failures: mistakes.map((mistake) => placed(mistake, name, yaml)) };
  return { ok: true, file: build(parsed.data) };
}

function field<T>(read: Reader<T>): z.ZodPipe<z.ZodUnknown, z.ZodTransform<T, unknown>> {
  return z.unknown().transform((value, context): T => {
    const result = read(value);
    if (result.ok) return result.value;
    context.issues.push({ code: 'custom', message: result.reason, input: value });
    return z.NEVER;
  });
}

function object<T extends z.ZodRawShape>(shape: T): z.ZodObject<T, z.core.$strict> {
  return z.strictObject(shape, {
    error: ({ code, input }) =>
      code === 'unrecognized_keys'
        ? undefined
        : input === undefined
          ? 'is missing'
          : 'must be keys with values',
  });
}

function list<T extends z.ZodType>(item: T): z.ZodArray<T> {
  return z.array(item, { error: ({ input }) => (input === undefined ? 'is missing' : 'must be a list') });
}

function readIssue(issue: z.core.$ZodIssue): Mistake[] {
  const path = issue.path as Path;
  if (issue.code !== 'unrecognized_keys')
    return [{ path, reason: issue.message, hint: 'correct the value and start again, or send SIGHUP' }];
  const known = knownKeys(path);
  return issue.keys.map((key) => ({ path: [...path, key], ...unknownKey(key, known) }));
}

function unknownKey(key: string, known: readonly string[]): Pick<Mistake, 'reason' | 'hint'> {
  const meant = nearest(key, known);
  const all = `known here: ${known.join(', ')}`;
  return { reason: 'is no known key', hint: meant === undefined ? all : `did you mean "${meant}"? ${all}` };
}

function knownKeys([room]: Path): string[] {
  const schema = room === undefined ? fileSchema : ITEM_SCHEMAS[room as keyof typeof ITEM_SCHEMAS];
  return Object.keys(schema.shape);
}

function placed({ path, reason, hint }: Mistake, name: string, yaml: ParsedYaml): Failure {
  const key = showPath(path);
  return {
    message: `the configuration is wrong: ${key === '' ? 'the file' : key} ${reason}`,
    object: `${name}:${yaml.lineOf(path)}${key === '' ? '' : ` ${key}`}`,
    hint,
  };
}

/** Values that are right alone and wrong together. */
function contradictions(file: FileValues): Mistake[] {
  const { listen, peers, announce } = file;
  return [
    ...repeated(
      'listen',
      listen.map(({ address, port }) => `${address} port ${port}`),
      '',
    ),
    ...repeated(
      'peers',
      peers.map(({ address }) => address),
      'address',
    ),
    ...repeated(
      'announce',
      announce.map(({ prefix }) => prefix),
      'prefix',
    ),
    ...peers.flatMap((peer, index) => peerContradictions(file, peer, ['peers', index])),
  ];
}

function repeated(room: string, names: readonly string[], key: string): Mistake[] {
  return names.flatMap((name, index) => {
    if (names.indexOf(name) === index) return [];
    const path = [room, index, ...(key === '' ? [] : [key])];
    return [{ path, reason: `stands there twice: ${name}`, hint: 'remove one of them' }];
  });
}

function peerContradictions(file: FileValues, peer: PeerValues, path: Path): Mistake[] {
  const mistakes: Mistake[] = [];
  const { address, localAddress, routeReflectorClient } = peer;
  const client = [...path, 'routeReflectorClient'];
  if (routeReflectorClient && file.clusterId === undefined) {
    const reason = 'needs a route reflector, and this speaker has no clusterId';
    mistakes.push({ path: client, reason, hint: 'add clusterId, usually the routerId' });
  }
  if (routeReflectorClient && peer.asn !== file.asn) {
    const reason = `is for peers of AS ${file.asn}, and this one is in AS ${peer.asn} (RFC 4456)`;
    mistakes.push({ path: client, reason, hint: 'remove it, or correct the asn' });
  }
  if (localAddress !== undefined && familyOf(localAddress) !== familyOf(address)) {
    const reason = `is not of the family of ${address}`;
    mistakes.push({ path: [...path, 'localAddress'], reason, hint: 'give an address of that family' });
  }
  return mistakes;
}

function build(file: FileValues): SpeakerFile {
  const { asn: ownAsn, routerId, listen, clusterId, holdTimeSeconds, peers, announce } = file;
  return {
    config: {
      asn: ownAsn,
      identifier: routerId,
      listen,
      holdTimeSeconds,
      clusterId,
      gracefulRestart: { restartTimeSeconds: RESTART_TIME_SECONDS },
      peers: peers.map((peer) => buildPeer(peer, listen)),
    },
    routes: announce.map(({ prefix }: { prefix: Prefix }) => ({ prefix })),
  };
}

function buildPeer(peer: PeerValues, listen: readonly ListenAddress[]): PeerConfig {
  const own = familyOf(peer.address);
  return {
    ...peer,
    families:
      peer.families === undefined ? [own === 4 ? 'ipv4-unicast' : 'ipv6-unicast'] : unique(peer.families),
    nextHop: 'auto',
    nextHopAddresses: own === 4 ? { ipv6: firstOf(listen, 6) } : { ipv4: firstOf(listen, 4) },
    importPolicy: [],
    exportPolicy: [],
  };
}

function unique(families: readonly Family[]): Family[] {
  return [...new Set(families)];
}

/** The next hop of routes of the family the session itself does not run over. */
function firstOf(listen: readonly ListenAddress[], wanted: 4 | 6): Address | undefined {
  return listen.find(({ address }) => familyOf(address) === wanted && !isUnspecified(address))?.address;
}
