/**
 * Decides whether a path is told to the members of an update group, and with which attributes.
 *
 * The order of the rules, each by the name `explain` shows: `policy-required` (RFC 8212), `ibgp-to-ibgp` (RFC 4271
 * §9.2.1, RFC 4456 §6), `no-advertise` and `no-export` (RFC 1997), `llgr-stale` (RFC 9494 §4.3), `otc-leak` (RFC 9234
 * §5), the export policy, `no-next-hop`, `too-long` (RFC 8654 §4). That a peer never gets back what it sent is not
 * decided here but by the group, per member.
 *
 * Most prefixes of a batch share attributes and source with others, so the answer for a pair of them is kept for the
 * length of the batch (`beginBatch`), in columns indexed by attribute id.
 */

import { forbiddenBy } from '../policy/built-in.ts';
import { createRouteFacts, type PolicyFunction, type RouteFacts, type RouteSource } from '../policy/facts.ts';
import { applyOperations } from '../policy/operation.ts';
import { Policy, type PolicyOutcome } from '../policy/policy.ts';
import { type AdjRibOut, NO_ROUTE } from '../rib/adj-rib-out.ts';
import { DEFAULT_LOCAL_PREF, Form, Mark } from '../rib/attribute-store.ts';
import { grow, grownCapacity, INITIAL_CAPACITY } from '../rib/columns.ts';
import { LOCAL_PEER } from '../rib/peer-table.ts';
import type { Rib } from '../rib/rib.ts';
import type { Tables } from '../rib/tables.ts';
import { encodeAttributes } from '../wire/attribute/encode.ts';
import {
  forwardToExternal,
  forwardToInternal,
  NOT_FORWARDED,
} from '../wire/attribute/forward-plain-block.ts';
import { MessageSize } from '../wire/iana.ts';
import { type Reflection, toExportedAttributes } from './export-attributes.ts';
import type { ExportProfile } from './export-profile.ts';
import { NextHopChoice } from './next-hop-choice.ts';
import { otcOnExport, wouldLeak } from './only-to-customer.ts';

/** Octets of an UPDATE that are neither attributes nor next hop, at most, with one longest prefix. */
const OVERHEAD_BYTES = MessageSize.header + 4 + 9 + 21;

/** Octets that forwarding adds to a block, at most: LOCAL_PREF, ORIGINATOR_ID, and a CLUSTER_LIST of two. */
const ADDED_BYTES = 32;

/** Interfaces of local routes by prefix id, for policies that look at them. */
export type LocalInterfaces = ReadonlyMap<number, string>;

/** Exports paths of one family under one profile; see the file comment. */
export class RouteExporter {
  /** Rule behind the last answer, for `explain`. */
  rule = '';

  readonly #profile: ExportProfile;
  readonly #policy: Policy;
  readonly #tables: Tables;
  readonly #rib: Rib;
  readonly #adjRibOut: AdjRibOut;
  readonly #localInterfaces: LocalInterfaces;
  readonly #nextHops: NextHopChoice;
  readonly #facts: RouteFacts;
  /** Room to write the key of a route in. */
  #key: Uint8Array = new Uint8Array(MessageSize.standard);

  /** Answers of this batch: valid where stamp, source and outcome are those asked for. */
  #stamp = 0;
  #stamps: Uint32Array = new Uint32Array(INITIAL_CAPACITY);
  #sources: Uint16Array = new Uint16Array(INITIAL_CAPACITY);
  #outcomes: Int32Array = new Int32Array(INITIAL_CAPACITY);
  #routes: Int32Array = new Int32Array(INITIAL_CAPACITY);

  constructor(
    profile: ExportProfile,
    tables: Tables,
    adjRibOut: AdjRibOut,
    localInterfaces: LocalInterfaces,
    functions: Readonly<Record<string, PolicyFunction>>,
  ) {
    const { family, peerType } = profile;
    this.#profile = profile;
    this.#policy = new Policy(profile.policy, { peerType, functions });
    this.#tables = tables;
    this.#rib = tables.ribs[family];
    this.#adjRibOut = adjRibOut;
    this.#localInterfaces = localInterfaces;
    this.#nextHops = new NextHopChoice(profile, tables);
    this.#facts = createRouteFacts(family);
  }

  /** Starts a batch: attributes and peers stay as they are until the next one. */
  beginBatch(): void {
    this.#stamp += 1;
  }

  /**
   * Gives the route under which a path is told, an id in the Adj-RIB-Out's `encoded` with one more user, or `NO_ROUTE`.
   */
  export(path: number): number {
    const { paths } = this.#rib;
    const attributes = paths.effective[path] as number;
    const source = paths.peers[path] as number;
    if (!this.#policy.dependsOnPrefix) return this.#exportBy(undefined, path, attributes, source);
    const refusal = this.#refusal(attributes, source);
    if (refusal !== undefined) return this.#refuse(refusal);
    const outcome = this.#evaluate(path, attributes, source);
    if (!outcome.accepted) return this.#refuse(outcome.rule);
    return this.#exportBy(outcome, path, attributes, source);
  }

  /** Answers from the batch's memory, or works the answer out; without an outcome the whole answer is remembered. */
  #exportBy(outcome: PolicyOutcome | undefined, path: number, attributes: number, source: number): number {
    if (attributes >= this.#stamps.length) this.#growMemory(attributes);
    const outcomeId = outcome?.id ?? NO_ROUTE;
    const remembered =
      this.#stamps[attributes] === this.#stamp &&
      this.#sources[attributes] === source &&
      this.#outcomes[attributes] === outcomeId;
    if (remembered) return this.#retain(this.#routes[attributes] as number);
    const route =
      outcome === undefined
        ? this.#exportWhole(path, attributes, source)
        : this.#intern(outcome, attributes, source);
    this.#stamps[attributes] = this.#stamp;
    this.#sources[attributes] = source;
    this.#outcomes[attributes] = outcomeId;
    this.#routes[attributes] = route;
    return route;
  }

  #exportWhole(path: number, attributes: number, source: number): number {
    const refusal = this.#refusal(attributes, source);
    if (refusal !== undefined) return this.#refuse(refusal);
    const outcome = this.#evaluate(path, attributes, source);
    return outcome.accepted ? this.#intern(outcome, attributes, source) : this.#refuse(outcome.rule);
  }

  #retain(route: number): number {
    if (route !== NO_ROUTE) this.#adjRibOut.encoded.retain(route);
    return route;
  }

  #refuse(rule: string): number {
    this.rule = rule;
    return NO_ROUTE;
  }

  /** The rules that come before policy. */
  #refusal(attributes: number, source: number): string | undefined {
    const { peerType, client, refuseAll, role } = this.#profile;
    if (refuseAll) return 'policy-required';
    const { external, clients } = this.#tables.peers;
    const internalSource = source !== LOCAL_PEER && external[source] === 0;
    if (internalSource && peerType === 'internal' && !client && clients[source] === 0) return 'ibgp-to-ibgp';
    const { attributes: store } = this.#tables;
    const forbidden = forbiddenBy(store.marks[attributes] as number, peerType);
    if (forbidden !== undefined) return forbidden;
    if (peerType === 'external' && this.#isLastResort(attributes)) return 'llgr-stale';
    if (role === undefined) return undefined;
    return wouldLeak(role, store.otc(attributes)) ? 'otc-leak' : undefined;
  }

  /** A long-lived stale route on its way to peers that do not know what that is. */
  #isLastResort(attributes: number): boolean {
    const marks = this.#tables.attributes.marks[attributes] as number;
    return (marks & Mark.longLivedStale) !== 0 && !this.#profile.longLivedAware;
  }

  #evaluate(path: number, attributes: number, source: number): PolicyOutcome {
    const facts = this.#facts;
    const { prefixes, paths } = this.#rib;
    const { attributes: store } = this.#tables;
    const prefix = paths.prefixes[path] as number;
    facts.word0 = prefixes.word0[prefix] as number;
    facts.word1 = prefixes.word1[prefix] ?? 0;
    facts.word2 = prefixes.word2[prefix] ?? 0;
    facts.word3 = prefixes.word3[prefix] ?? 0;
    facts.length = prefixes.lengths[prefix] as number;
    facts.source = this.#sourceOf(source);
    if (this.#policy.isEmpty) return this.#policy.evaluate(facts);
    facts.attributes = store.attributes(attributes);
    facts.interface =
      source === LOCAL_PEER
        ? this.#localInterfaces.get(prefix)
        : store.nextHops.interface(store.nextHopIds[attributes] as number);
    return this.#policy.evaluate(facts);
  }

  #sourceOf(source: number): RouteSource {
    if (source === LOCAL_PEER) return 'local';
    return this.#tables.peers.external[source] === 1 ? 'external' : 'internal';
  }

  /** Writes the key of the route as it is told: next hop, then attributes. */
  #intern(outcome: PolicyOutcome, attributes: number, source: number): number {
    const nextHop = this.#nextHops.choose(attributes, source);
    if (nextHop === undefined) return this.#refuse('no-next-hop');
    const plain = this.#isForwardable(outcome, attributes, source);
    const forwarded = plain ? this.#forward(nextHop, attributes, source) : NOT_FORWARDED;
    const keyEnd =
      forwarded === NOT_FORWARDED ? this.#encode(outcome, nextHop, attributes, source) : forwarded;
    if (keyEnd - 1 + OVERHEAD_BYTES > this.#profile.maxMessageBytes) return this.#refuse('too-long');
    this.rule = outcome.rule;
    return this.#adjRibOut.encoded.intern(this.#key, 0, keyEnd, 0);
  }

  /** Says whether a route can be told without decoding its attributes. */
  #isForwardable({ operations }: PolicyOutcome, attributes: number, source: number): boolean {
    const plain = ((this.#tables.attributes.forms[attributes] as number) & Form.plain) !== 0;
    if (!plain || operations.length > 0 || source === LOCAL_PEER) return false;
    if (this.#isLastResort(attributes)) return false;
    const { peerType, fourOctetAsn, role, localAsn, hiddenAsn } = this.#profile;
    if (peerType === 'external' && hiddenAsn !== undefined) return false;
    return fourOctetAsn && (role === undefined || otcOnExport(role, localAsn) === undefined);
  }

  /** Writes the key from octets to octets; gives where it ends. */
  #forward(nextHop: Uint8Array, attributes: number, source: number): number {
    const { peerType, localAsn } = this.#profile;
    const { attributes: store } = this.#tables;
    const { arena } = store;
    const start = store.blockStart(attributes);
    const end = store.blockEnd(attributes);
    const keyStart = this.#beginKey(nextHop, end - start);
    if (peerType === 'external') return forwardToExternal(arena, start, end, localAsn, this.#key, keyStart);
    const reflection = this.#findReflection(source);
    return forwardToInternal(arena, start, end, DEFAULT_LOCAL_PREF, reflection, this.#key, keyStart);
  }

  /** Writes the key by way of decoded attributes; gives where it ends. */
  #encode(outcome: PolicyOutcome, nextHop: Uint8Array, attributes: number, source: number): number {
    const { peerType, localAsn, hiddenAsn, role, fourOctetAsn } = this.#profile;
    const received = this.#tables.attributes.attributes(attributes);
    const exported = toExportedAttributes(applyOperations(received, outcome.operations), {
      peerType,
      localAsn,
      hiddenAsn,
      source: this.#sourceOf(source),
      otc: role === undefined ? undefined : otcOnExport(role, localAsn),
      reflection: this.#findReflection(source),
      lastResort: this.#isLastResort(attributes),
    });
    const block = encodeAttributes(exported, { fourOctetAsn });
    const start = this.#beginKey(nextHop, block.length);
    this.#key.set(block, start);
    return start + block.length;
  }

  /** Writes the next hop; gives where the attributes begin, with room for so many octets and what forwarding adds. */
  #beginKey(nextHop: Uint8Array, blockBytes: number): number {
    const needed = 1 + nextHop.length + blockBytes + ADDED_BYTES;
    if (needed > this.#key.length) this.#key = new Uint8Array(needed * 2);
    this.#key[0] = nextHop.length;
    this.#key.set(nextHop, 1);
    return 1 + nextHop.length;
  }

  /** RFC 4456 §8: between internal peers the route gets its originator, and the cluster of each side that has one. */
  #findReflection(source: number): Reflection | undefined {
    const { external, clusterIds, identifiers } = this.#tables.peers;
    if (this.#profile.peerType === 'external' || source === LOCAL_PEER || external[source] === 1)
      return undefined;
    const passed = [this.#profile.clusterId, clusterIds[source] as number].filter((id) => id !== 0);
    return { originatorId: identifiers[source] as number, clusterIds: [...new Set(passed)] };
  }

  #growMemory(attributes: number): void {
    const capacity = grownCapacity(this.#stamps.length, attributes + 1);
    this.#stamps = grow(this.#stamps, capacity);
    this.#sources = grow(this.#sources, capacity);
    this.#outcomes = grow(this.#outcomes, capacity);
    this.#routes = grow(this.#routes, capacity);
  }
}
