/**
 * From the bytes of an UPDATE to paths in the Adj-RIB-In, without an object per prefix.
 *
 *     splitUpdate ─▶ checkUpdateNlri ─▶ attribute key ─┬─ plain block ──────────────────────┬─▶ withdraw, announce
 *                                                      └─ parsed (once a key), judgeUpdate ─┘
 *
 * Source: RFC 4271 §6.3, §9; RFC 4760; RFC 7606 (what a fault leads to); RFC 4724 §2 (End-of-RIB).
 */

import { Form, fromTag } from '../rib/attribute-store.ts';
import { MAX_PATHS_OF_PREFIX, type Rib } from '../rib/rib.ts';
import type { Tables } from '../rib/tables.ts';
import type { ParsedAttributes } from '../wire/attribute/codec.ts';
import { parseAttributes } from '../wire/attribute/decode.ts';
import { isNextHopWrong, judgeUpdate, type Verdict } from '../wire/attribute/judge.ts';
import { createPlainBlock, readPlainBlock } from '../wire/attribute/plain-block.ts';
import { attributeName } from '../wire/attribute/table.ts';
import { type SessionError, sessionError } from '../wire/error.ts';
import { type Family, toFamily } from '../wire/family.ts';
import { CeaseSubcode, ErrorCode, MessageSize } from '../wire/iana.ts';
import {
  attributeKeyStart,
  checkUpdateNlri,
  endOfRibFamily,
  hasReachable,
  splitUpdate,
  writeAttributeKey,
} from '../wire/message/02-update.ts';
import { createNlriCursor, nextIpv4, nextIpv6, seekNlri } from '../wire/nlri.ts';
import { createUpdateView, type UpdateView } from '../wire/update-view.ts';
import type { ImportProfile } from './import-profile.ts';
import { RouteImporter } from './route-importer.ts';

/** What an UPDATE was. */
export type ReceiveResult =
  /** Routes, now in the RIB. */
  | { readonly kind: 'routes' }
  | { readonly kind: 'end-of-rib'; readonly family: Family }
  /** Faulty, treated by RFC 7606; the session goes on. */
  | { readonly kind: 'fault'; readonly verdict: Verdict }
  /** Faulty beyond repair; nothing of it was applied. */
  | { readonly kind: 'error'; readonly error: SessionError };

const ROUTES: ReceiveResult = { kind: 'routes' };
/** RFC 4486 §4: with ADD-PATH nothing but memory bounds the paths of a prefix, and their list is walked for each. */
const CROWDED: ReceiveResult = {
  kind: 'error',
  error: sessionError(
    ErrorCode.cease,
    CeaseSubcode.outOfResources,
    `it sent more than ${MAX_PATHS_OF_PREFIX} paths of one prefix`,
  ),
};
const NOT_FOUND = -1;

/** Reads UPDATEs of all peers into the tables. */
export class UpdateReceiver {
  readonly importer: RouteImporter;

  readonly #tables: Tables;
  readonly #view = createUpdateView();
  readonly #cursor = createNlriCursor();
  readonly #key: Uint8Array = new Uint8Array(MessageSize.extended);
  /** The block of the key at hand, when it is plain and was read. */
  readonly #plain = createPlainBlock();
  #isPlainRead = false;
  /** A prefix of the UPDATE at hand has more paths from its peer than the RIB takes. */
  #crowded = false;

  constructor(tables: Tables) {
    this.#tables = tables;
    this.importer = new RouteImporter(tables.attributes);
  }

  /** Reads the body of one UPDATE, `bytes[start…end)`. */
  receive(profile: ImportProfile, bytes: Uint8Array, start: number, end: number): ReceiveResult {
    const view = this.#view;
    const error =
      splitUpdate(bytes, start, end, view) ?? checkUpdateNlri(view, profile.ipv4AddPath, profile.ipv6AddPath);
    if (error !== undefined) return { kind: 'error', error };
    if (profile.onInterface) preferLinkLocal(view);
    const family = endOfRibFamily(view);
    if (family !== undefined) return { kind: 'end-of-rib', family };
    this.#crowded = false;
    const result = this.#read(profile);
    return this.#crowded ? CROWDED : result;
  }

  #read(profile: ImportProfile): ReceiveResult {
    const view = this.#view;
    const { attributes } = this.#tables;
    const keyEnd = writeAttributeKey(view, this.#key);
    if (keyEnd === 1 && view.faults.length === 0 && !hasReachable(view)) {
      this.#withdrawAll(profile);
      return ROUTES;
    }
    const known = attributes.find(this.#key, 0, keyEnd, profile.tag);
    this.#isPlainRead = known === NOT_FOUND;
    const form = known === NOT_FOUND ? this.#readPlain(profile, keyEnd) : (attributes.forms[known] as number);
    const result = isFaultless(view, form, profile.extendedNextHop)
      ? this.#applyPlain(profile, keyEnd, known)
      : this.#applyParsed(profile, keyEnd, known);
    if (known !== NOT_FOUND) attributes.release(known);
    return result;
  }

  /** Gives the form of a new key's block: bits of `Form`. */
  #readPlain(profile: ImportProfile, keyEnd: number): number {
    const start = attributeKeyStart(this.#key);
    if (!readPlainBlock(this.#key, start, keyEnd, fromTag(profile.tag), this.#plain)) return 0;
    return this.#plain.nextHop === 0 ? Form.plain : Form.plain | Form.nextHop;
  }

  #applyPlain(profile: ImportProfile, keyEnd: number, known: number): ReceiveResult {
    this.#withdrawAll(profile);
    this.#announceAll(profile, keyEnd, known, undefined);
    return ROUTES;
  }

  #applyParsed(profile: ImportProfile, keyEnd: number, known: number): ReceiveResult {
    const view = this.#view;
    const parsed = known === NOT_FOUND ? this.#parse(profile, keyEnd) : this.#tables.attributes.parsed(known);
    const verdict = judgeUpdate(view, parsed, profile.extendedNextHop);
    const { treatment } = verdict;
    // RFC 7606 §2: where one family cannot be disabled alone, the session is reset.
    if (treatment === 'session-reset' || treatment === 'afi-safi-disable') {
      return { kind: 'error', error: toSessionError(verdict) };
    }
    this.#withdrawAll(profile);
    if (treatment === 'treat-as-withdraw') this.#withdrawAnnounced(profile);
    else this.#announceAll(profile, keyEnd, known, parsed);
    // A discarded attribute is reported once, when its block is new.
    const silent = treatment === undefined || (treatment === 'attribute-discard' && known !== NOT_FOUND);
    return silent ? ROUTES : { kind: 'fault', verdict };
  }

  #parse(profile: ImportProfile, keyEnd: number): ParsedAttributes {
    return parseAttributes(this.#key, attributeKeyStart(this.#key), keyEnd, fromTag(profile.tag));
  }

  #withdrawAll(profile: ImportProfile): void {
    const view = this.#view;
    this.#withdraw(profile, 'ipv4-unicast', view.withdrawnStart, view.withdrawnEnd);
    const family = toFamily(view.unreachAfi, view.unreachSafi);
    this.#withdraw(profile, family, view.unreachNlriStart, view.unreachNlriEnd);
  }

  #withdrawAnnounced(profile: ImportProfile): void {
    const view = this.#view;
    this.#withdraw(profile, 'ipv4-unicast', view.nlriStart, view.nlriEnd);
    const family = toFamily(view.reachAfi, view.reachSafi);
    this.#withdraw(profile, family, view.reachNlriStart, view.reachNlriEnd);
  }

  /**
   * The prefixes of MP_REACH_NLRI have its next hop, those of the message itself have NEXT_HOP: two keys.
   *
   * @param known id of the whole key, if there is one
   * @param parsed undefined for a plain block
   */
  #announceAll(
    profile: ImportProfile,
    keyEnd: number,
    known: number,
    parsed: ParsedAttributes | undefined,
  ): void {
    const view = this.#view;
    const family = toFamily(view.reachAfi, view.reachSafi);
    this.#announce(profile, family, view.reachNlriStart, view.reachNlriEnd, 0, keyEnd, known, parsed);
    if (view.nlriStart === view.nlriEnd) return;
    const keyStart = attributeKeyStart(this.#key) - 1;
    this.#key[keyStart] = 0;
    const id =
      keyStart === 0 ? known : this.#tables.attributes.find(this.#key, keyStart, keyEnd, profile.tag);
    this.#announce(profile, 'ipv4-unicast', view.nlriStart, view.nlriEnd, keyStart, keyEnd, id, parsed);
    if (keyStart > 0 && id !== NOT_FOUND) this.#tables.attributes.release(id);
  }

  #announce(
    profile: ImportProfile,
    family: Family | undefined,
    start: number,
    end: number,
    keyStart: number,
    keyEnd: number,
    known: number,
    parsed: ParsedAttributes | undefined,
  ): void {
    if (start === end || family === undefined || !profile.families.has(family)) return;
    const id = known === NOT_FOUND ? this.#add(profile, keyStart, keyEnd, parsed) : known;
    this.importer.begin(profile, family, id);
    if (family === 'ipv4-unicast') this.#announceIpv4(profile, id, start, end);
    else this.#announceIpv6(profile, id, start, end);
    this.importer.end();
    if (known === NOT_FOUND) this.#tables.attributes.release(id);
  }

  #add(
    profile: ImportProfile,
    keyStart: number,
    keyEnd: number,
    parsed: ParsedAttributes | undefined,
  ): number {
    const { attributes } = this.#tables;
    const { tag } = profile;
    if (parsed !== undefined) return attributes.add(this.#key, keyStart, keyEnd, tag, parsed);
    // Of two keys one can be new and the other known.
    if (!this.#isPlainRead) this.#readPlain(profile, keyEnd);
    return attributes.addPlain(this.#key, keyStart, keyEnd, tag, this.#plain);
  }

  #announceIpv4(profile: ImportProfile, id: number, start: number, end: number): void {
    const cursor = this.#cursor;
    const rib = this.#tables.ribs['ipv4-unicast'];
    const { importer } = this;
    seekNlri(cursor, this.#view.bytes, start, end, profile.ipv4AddPath);
    while (nextIpv4(cursor)) {
      const { word0, length } = cursor;
      importer.judge(word0, 0, 0, 0, length);
      const prefix = rib.insertPrefix(word0, 0, 0, 0, length);
      const { effective, rejection } = importer;
      if (!rib.announce(prefix, profile.peer, cursor.pathId, id, effective, rejection)) this.#crowded = true;
    }
  }

  #announceIpv6(profile: ImportProfile, id: number, start: number, end: number): void {
    const cursor = this.#cursor;
    const rib = this.#tables.ribs['ipv6-unicast'];
    const { importer } = this;
    seekNlri(cursor, this.#view.bytes, start, end, profile.ipv6AddPath);
    while (nextIpv6(cursor)) {
      const { word0, word1, word2, word3, length } = cursor;
      importer.judge(word0, word1, word2, word3, length);
      const prefix = rib.insertPrefix(word0, word1, word2, word3, length);
      const { effective, rejection } = importer;
      if (!rib.announce(prefix, profile.peer, cursor.pathId, id, effective, rejection)) this.#crowded = true;
    }
  }

  #withdraw(profile: ImportProfile, family: Family | undefined, start: number, end: number): void {
    if (start === end || family === undefined || !profile.families.has(family)) return;
    const cursor = this.#cursor;
    const ipv4 = family === 'ipv4-unicast';
    const rib = this.#tables.ribs[family];
    seekNlri(cursor, this.#view.bytes, start, end, ipv4 ? profile.ipv4AddPath : profile.ipv6AddPath);
    while (ipv4 ? nextIpv4(cursor) : nextIpv6(cursor)) this.#withdrawOne(rib, profile.peer);
  }

  #withdrawOne(rib: Rib, peer: number): void {
    const { word0, word1, word2, word3, length, pathId } = this.#cursor;
    const ipv4 = rib.family === 'ipv4-unicast';
    const prefix = ipv4
      ? rib.prefixes.find(word0, 0, 0, 0, length)
      : rib.prefixes.find(word0, word1, word2, word3, length);
    if (prefix !== NOT_FOUND) rib.withdraw(prefix, peer, pathId);
  }
}

/** Leaves of a next hop with a global and a link-local address the second. */
function preferLinkLocal(view: UpdateView): void {
  const { bytes, reachNextHopStart, reachNextHopEnd } = view;
  if (reachNextHopEnd - reachNextHopStart !== 32) return;
  const linkLocal = reachNextHopStart + 16;
  const isLinkLocal = bytes[linkLocal] === 0xfe && ((bytes[linkLocal + 1] ?? 0) & 0xc0) === 0x80;
  if (isLinkLocal) view.reachNextHopStart = linkLocal;
}

/** Says whether nothing can be wrong with an UPDATE whose attribute block has a form. */
function isFaultless(view: UpdateView, form: number, extendedNextHop: boolean): boolean {
  if ((form & Form.plain) === 0 || view.faults.length > 0) return false;
  if (view.nlriStart !== view.nlriEnd && (form & Form.nextHop) === 0) return false;
  return !isNextHopWrong(view, extendedNextHop);
}

/** The fault that weighs most speaks for the UPDATE in the NOTIFICATION. */
function toSessionError({ faults }: Verdict): SessionError {
  const fault =
    faults.find(({ treatment }) => treatment === 'session-reset') ??
    faults.find(({ treatment }) => treatment !== 'attribute-discard');
  const { code, subcode, data } = fault?.notification ?? { code: 3, subcode: 0, data: new Uint8Array(0) };
  const detail = `UPDATE: ${attributeName(fault?.code ?? 0)} is faulty (${fault?.fault ?? 'unknown'})`;
  return sessionError(code, subcode, detail, data);
}
