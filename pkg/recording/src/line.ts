/**
 * The lines of a record: each one JSON object with the time and what happened then.
 *
 * A record is a row of segments. Each begins with a `begin` line and a snapshot (lines of the same kinds that say how
 * things are), up to `complete`; the lines after it are changes. So each segment can be read without those before it.
 */
import type { Announcement, DesiredRoute } from '@weft/calc';
import type { Address, Prefix } from '@weft/ip';
import type { BestPath, DownReason, Family } from 'bgp-speaker-ts';

/** Version of the format; raised by a change that an older reader would misread. */
export const RECORD_FORMAT = 1;

/**
 * Why a segment begins: the daemon started, the segment before was full, lines were lost, or the clock of the machine
 * was set. Only after `full` does the snapshot say what the end of the segment before says.
 */
export type SegmentCause = 'start' | 'full' | 'gap' | 'clock';

/** The first line of a segment. */
export interface BeginLine {
  readonly kind: 'begin';
  readonly format: number;
  readonly segment: number;
  readonly cause: SegmentCause;
  readonly node: string;
  /** SHA-256 of the node's name, hexadecimal. */
  readonly nodeDigest: string;
  /** Version of the daemon. */
  readonly version: string;
}

/** What became of kernel routes that are alike in all but their destination. */
export interface KernelLine {
  readonly kind: 'kernel';
  readonly change: 'written' | 'removed' | 'repaired' | 'failed';
  readonly prefixes: readonly Prefix[];
  readonly metric: number;
  /** Absent for what was removed, and for what an earlier daemon left. */
  readonly route?: Omit<DesiredRoute, 'destination'> | undefined;
  /** Why it failed. */
  readonly detail?: string | undefined;
}

/** What a line may say beside its time. */
export type LineContent =
  | BeginLine
  /** The snapshot is complete. */
  | { readonly kind: 'complete' }
  /** An object that decisions are made from is so now; see `object-name.ts`. */
  | { readonly kind: 'put'; readonly object: string; readonly value: unknown }
  | { readonly kind: 'delete'; readonly object: string }
  /** Decisions were made from the objects as they are. */
  | {
      readonly kind: 'decide';
      readonly scope: 'everything' | 'endpoints';
      /** What is announced where that is not what was decided: a fuse holds some. */
      readonly held?: readonly Announcement[] | undefined;
    }
  /**
   * The speaker was configured: as decided, or with these peers, while sessions are kept until others take their place.
   * Where a peer has a key, a name stands for it.
   */
  | {
      readonly kind: 'configure';
      readonly peers?: readonly unknown[] | undefined;
      readonly withoutCease?: readonly Address[] | undefined;
    }
  /** The speaker was started with what was decided. `startedAt` is in ms since 1970. */
  | { readonly kind: 'speaker'; readonly startedAt: number; readonly restarting: boolean }
  | {
      readonly kind: 'session-up';
      readonly peer: Address;
      readonly sent: string;
      readonly received: string;
      readonly localAddress?: Address | undefined;
      readonly localPort?: number | undefined;
      readonly remotePort?: number | undefined;
    }
  /** UPDATE messages, whole, one after the other; base64. */
  | { readonly kind: 'updates'; readonly peer: Address; readonly bytes: string }
  | {
      readonly kind: 'refresh-mark';
      readonly peer: Address;
      readonly family: Family;
      readonly subtype: number;
    }
  | { readonly kind: 'bfd-changed'; readonly peer: Address; readonly status: unknown }
  | { readonly kind: 'session-down'; readonly peer: Address; readonly reason: unknown; readonly text: string }
  /** These prefixes have this best path now; none without `path`. */
  | {
      readonly kind: 'best';
      readonly prefixes: readonly Prefix[];
      readonly path?: BestPath | undefined;
      /** The steps that decided, by prefix; left out where very many changed at once. */
      readonly steps?: Readonly<Record<Prefix, string>> | undefined;
    }
  | KernelLine
  /** These prefixes are announced from now on, or no longer. */
  | {
      readonly kind: 'announced';
      readonly prefix: Prefix;
      readonly reason: string;
      /** Absent in records of weftd before it was written down. */
      readonly localPref?: number | undefined;
    }
  | { readonly kind: 'unannounced'; readonly prefix: Prefix }
  /** Something was refused or treated as faulty. */
  | {
      readonly kind: 'refused';
      readonly event: string;
      readonly text: string;
      readonly peer?: string | undefined;
    }
  /** The daemon has ended as it should. */
  | { readonly kind: 'end' };

/** One line: what it says, and when, in ms since 1970 on the clock of the node at the beginning of the segment. */
export type RecordLine = { readonly at: number } & LineContent;

/** Writes a line, without its end. Bytes anywhere in it become `{"base64": …}`. */
export function encodeLine(line: RecordLine): string {
  return JSON.stringify(line, (_key, value) =>
    value instanceof Uint8Array ? { base64: encodeBase64(value) } : value,
  );
}

/** What was read: a line, or why it is none. */
export type DecodedLine =
  | { readonly ok: true; readonly line: RecordLine }
  | { readonly ok: false; readonly reason: string };

/** Reads a line. What is not JSON with a time and a kind is damaged; kinds of a later weftd are passed on. */
export function decodeLine(text: string): DecodedLine {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return { ok: false, reason: 'it is not JSON' };
  }
  if (typeof value !== 'object' || value === null) return { ok: false, reason: 'it is no object' };
  const { at, kind } = value as { at?: unknown; kind?: unknown };
  if (typeof at !== 'number' || typeof kind !== 'string')
    return { ok: false, reason: 'it has no time or no kind' };
  return { ok: true, line: value as RecordLine };
}

/** Why a segment that begins so cannot be read; undefined when it can. */
export function whyUnreadable(first: RecordLine | undefined): string | undefined {
  if (first?.kind !== 'begin') return 'it does not begin with the first line of a record';
  if (first.format === RECORD_FORMAT) return undefined;
  const age = first.format > RECORD_FORMAT ? 'later' : 'earlier';
  return `it is of format ${first.format}, written by a ${age} weftd (${first.version}); this one reads format ${RECORD_FORMAT}`;
}

/** Gives bytes back that `encodeLine` has written, anywhere in a value. */
export function withBytes<T>(value: unknown): T {
  if (Array.isArray(value)) return value.map((item) => withBytes(item)) as T;
  if (typeof value !== 'object' || value === null) return value as T;
  if ('base64' in value && typeof value.base64 === 'string') return decodeBase64(value.base64) as T;
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, withBytes(item)])) as T;
}

/** Why a session ended, as it was written. */
export function downReasonOf(line: Extract<RecordLine, { kind: 'session-down' }>): DownReason {
  return withBytes<DownReason>(line.reason);
}

/** Bytes as base64. */
export function encodeBase64(bytes: Uint8Array): string {
  let text = '';
  for (const octet of bytes) text += String.fromCharCode(octet);
  return btoa(text);
}

/** Bytes of base64. Throws when it is none. */
export function decodeBase64(text: string): Uint8Array {
  const binary = atob(text);
  const bytes = new Uint8Array(binary.length);
  for (let index = 0; index < binary.length; index += 1) bytes[index] = binary.charCodeAt(index);
  return bytes;
}
