/**
 * Reads a whole UPDATE into one plain value, the way the RIB does step by step: for tests, which compare values.
 */

import type { AttributeContext } from '../attribute/codec.ts';
import { parseAttributes } from '../attribute/decode.ts';
import { judgeUpdate } from '../attribute/judge.ts';
import type { PathAttributes } from '../attribute/path-attributes.ts';
import type { SessionError, Treatment } from '../error.ts';
import { type Family, toFamily } from '../family.ts';
import {
  attributeKeyStart,
  checkUpdateNlri,
  endOfRibFamily,
  splitUpdate,
  writeAttributeKey,
} from '../message/02-update.ts';
import { decodeNextHop, type NextHop } from '../next-hop.ts';
import { createNlriCursor, type NlriCursor, nextIpv4, nextIpv6, seekNlri } from '../nlri.ts';
import { createUpdateView } from '../update-view.ts';

/** A prefix as text, with `#` and the path identifier behind it when there is one. */
export type PrefixText = string;

/** An UPDATE as a value. */
export interface ReadUpdate {
  readonly withdrawn: readonly PrefixText[];
  readonly announced: readonly PrefixText[];
  readonly reach?: { family: string; nextHop: NextHop | undefined; prefixes: readonly PrefixText[] };
  readonly unreach?: { family: string; prefixes: readonly PrefixText[] };
  readonly attributes: PathAttributes;
  readonly endOfRib: Family | undefined;
  readonly treatment: Treatment | undefined;
  readonly faults: readonly string[];
}

/** How a session reads UPDATEs. */
export interface ReadContext extends AttributeContext {
  readonly addPath: boolean;
  readonly extendedNextHop: boolean;
}

/** Reads the body of an UPDATE, `bytes[start…end)`. */
export function readUpdate(
  bytes: Uint8Array,
  start: number,
  end: number,
  context: ReadContext,
): ReadUpdate | SessionError {
  const view = createUpdateView();
  const error =
    splitUpdate(bytes, start, end, view) ?? checkUpdateNlri(view, context.addPath, context.addPath);
  if (error !== undefined) return error;
  const key = new Uint8Array(end - start + 1);
  const keyLength = writeAttributeKey(view, key);
  const parsed = parseAttributes(key, attributeKeyStart(key), keyLength, context);
  const { treatment, faults } = judgeUpdate(view, parsed, context.extendedNextHop);
  const list = (from: number, to: number, family: string): PrefixText[] =>
    listPrefixes(bytes, from, to, family, context.addPath);
  const reachFamily = familyText(view.reachAfi, view.reachSafi);
  const unreachFamily = familyText(view.unreachAfi, view.unreachSafi);
  return {
    withdrawn: list(view.withdrawnStart, view.withdrawnEnd, 'ipv4-unicast'),
    announced: list(view.nlriStart, view.nlriEnd, 'ipv4-unicast'),
    ...(view.reachAfi > 0 && {
      reach: {
        family: reachFamily,
        nextHop: decodeNextHop(bytes, view.reachNextHopStart, view.reachNextHopEnd),
        prefixes: list(view.reachNlriStart, view.reachNlriEnd, reachFamily),
      },
    }),
    ...(view.unreachAfi > 0 && {
      unreach: {
        family: unreachFamily,
        prefixes: list(view.unreachNlriStart, view.unreachNlriEnd, unreachFamily),
      },
    }),
    attributes: parsed.attributes,
    endOfRib: endOfRibFamily(view),
    treatment,
    faults: faults.map(({ code, fault }) => `${code} ${fault}`),
  };
}

function familyText(afi: number, safi: number): string {
  return toFamily(afi, safi) ?? `${afi}/${safi}`;
}

function listPrefixes(
  bytes: Uint8Array,
  start: number,
  end: number,
  family: string,
  addPath: boolean,
): PrefixText[] {
  if (family !== 'ipv4-unicast' && family !== 'ipv6-unicast') return [];
  const cursor = createNlriCursor();
  seekNlri(cursor, bytes, start, end, addPath);
  const found: PrefixText[] = [];
  const next = family === 'ipv4-unicast' ? nextIpv4 : nextIpv6;
  while (next(cursor)) found.push(prefixText(cursor, family, addPath));
  return found;
}

function prefixText(cursor: NlriCursor, family: Family, addPath: boolean): PrefixText {
  const words = [cursor.word0, cursor.word1, cursor.word2, cursor.word3];
  const address =
    family === 'ipv4-unicast'
      ? [24, 16, 8, 0].map((shift) => (cursor.word0 >>> shift) & 255).join('.')
      : words.map((word) => word.toString(16).padStart(8, '0')).join(':');
  return `${address}/${cursor.length}${addPath ? `#${cursor.pathId}` : ''}`;
}
