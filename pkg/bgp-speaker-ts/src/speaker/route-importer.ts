/**
 * Judges received routes: loops, import policy, and the attributes a route has after it.
 *
 * One importer serves all peers. `begin` looks at what all prefixes of an UPDATE share; `judge` then answers for each
 * prefix, from what is known already unless the policy looks at prefixes.
 */

import { GRACEFUL_SHUTDOWN_LOCAL_PREF, isShuttingDown } from '../policy/built-in.ts';
import { createRouteFacts, type RouteFacts } from '../policy/facts.ts';
import { applyOperations } from '../policy/operation.ts';
import type { PolicyOutcome } from '../policy/policy.ts';
import { type AttributeStore, Form } from '../rib/attribute-store.ts';
import { NO_ATTRIBUTES, REJECTIONS, type Rejection } from '../rib/path-table.ts';
import { countAsn, prependAsn } from '../wire/attribute/as-path.ts';
import type { PathAttributes } from '../wire/attribute/path-attributes.ts';
import { countAsnInPlainBlock, hasClusterInPlainBlock } from '../wire/attribute/plain-block.ts';
import type { Family } from '../wire/family.ts';
import type { ImportProfile } from './import-profile.ts';
import { internChanged } from './intern-changed.ts';
import { isLeak, otcOnImport } from './only-to-customer.ts';

const POLICY_REJECTION = REJECTIONS.indexOf('import-policy');

/** Judges routes of one attribute set after the other; see the file comment. */
export class RouteImporter {
  /** Answer of the last `judge`: attributes to select by, or `NO_ATTRIBUTES`; and an index into `REJECTIONS`. */
  effective: number = NO_ATTRIBUTES;
  rejection = 0;
  /** Rule that gave the answer, for `explain`. */
  rule = '';

  readonly #attributes: AttributeStore;
  readonly #facts: RouteFacts = createRouteFacts('ipv4-unicast');
  #profile: ImportProfile | undefined;
  #received: number = NO_ATTRIBUTES;
  /** Received attributes with what BGP itself changes before policy does; undefined when that is nothing. */
  #changed: PathAttributes | undefined;
  /** Set when the answer is the same for all prefixes. */
  #settled = false;
  /** Attributes made by outcomes of this set, by outcome id; each is held until `end`. */
  readonly #made: Map<number, number> = new Map();

  constructor(attributes: AttributeStore) {
    this.#attributes = attributes;
  }

  /** Starts on routes of one peer that share their attributes. */
  begin(profile: ImportProfile, family: Family, received: number): void {
    this.#profile = profile;
    this.#received = received;
    this.#settled = true;
    const loop = this.#findRejection(profile, received);
    if (loop !== 'none') {
      this.#reject(REJECTIONS.indexOf(loop), loop);
      return;
    }
    this.#changed = this.#applyBuiltIn(profile, received);
    const { policy } = profile;
    this.#settled = !policy.dependsOnPrefix;
    if (policy.isEmpty) {
      this.#accept(undefined);
      return;
    }
    const facts = this.#facts;
    facts.family = family;
    facts.source = profile.peerType;
    facts.attributes = this.#attributes.attributes(received);
    facts.interface = this.#attributes.nextHops.interface(this.#attributes.nextHopIds[received] as number);
    if (this.#settled) this.#conclude(policy.evaluate(facts));
  }

  /** Answers for one prefix, in `effective`, `rejection` and `rule`. */
  judge(word0: number, word1: number, word2: number, word3: number, length: number): void {
    if (this.#settled) return;
    const facts = this.#facts;
    facts.word0 = word0;
    facts.word1 = word1;
    facts.word2 = word2;
    facts.word3 = word3;
    facts.length = length;
    this.#conclude((this.#profile as ImportProfile).policy.evaluate(facts));
  }

  /** Ends the set; attributes made for it that no path took are freed. */
  end(): void {
    for (const id of this.#made.values()) this.#attributes.release(id);
    this.#made.clear();
  }

  #conclude(outcome: PolicyOutcome): void {
    if (outcome.accepted) this.#accept(outcome);
    else this.#reject(POLICY_REJECTION, outcome.rule);
  }

  #reject(rejection: number, rule: string): void {
    this.effective = NO_ATTRIBUTES;
    this.rejection = rejection;
    this.rule = rule;
  }

  #accept(outcome: PolicyOutcome | undefined): void {
    this.rejection = 0;
    this.rule = outcome?.rule ?? 'default';
    const operations = outcome?.operations ?? [];
    const changes = this.#changed !== undefined || operations.length > 0;
    this.effective = changes ? this.#change(outcome) : this.#received;
  }

  /** GRACEFUL_SHUTDOWN (RFC 8326 §4), Only to Customer (RFC 9234 §5), and the AS number a peer sees (RFC 7705 §3.1). */
  #applyBuiltIn(profile: ImportProfile, received: number): PathAttributes | undefined {
    const { peerType, roleSession, prependedAsn } = profile;
    const shuttingDown = isShuttingDown(this.#attributes.marks[received] as number, peerType);
    if (!shuttingDown && roleSession === undefined && prependedAsn === undefined) return undefined;
    const otc =
      roleSession === undefined ? undefined : otcOnImport(roleSession, this.#attributes.otc(received));
    if (!shuttingDown && otc === undefined && prependedAsn === undefined) return undefined;
    const attributes = this.#attributes.attributes(received);
    const { asPath = [], localPref } = attributes;
    return {
      ...attributes,
      asPath: prependedAsn === undefined ? asPath : prependAsn(asPath, prependedAsn),
      localPref: shuttingDown ? GRACEFUL_SHUTDOWN_LOCAL_PREF : localPref,
      otc: otc ?? attributes.otc,
    };
  }

  /** Gives the id of the attributes after policy; policy has its say after the built-in rules (RFC 8326 §4). */
  #change(outcome: PolicyOutcome | undefined): number {
    const key = outcome?.id ?? -1;
    const known = this.#made.get(key);
    if (known !== undefined) return known;
    const base = this.#changed ?? this.#attributes.attributes(this.#received);
    const attributes = applyOperations(base, outcome?.operations ?? []);
    const id = internChanged(this.#attributes, this.#received, attributes);
    this.#made.set(key, id);
    return id;
  }

  #findRejection(profile: ImportProfile, received: number): Rejection {
    if (profile.refuseAll) return 'policy-required';
    const plain = ((this.#attributes.forms[received] as number) & Form.plain) !== 0;
    const loop = plain ? this.#findPlainLoop(profile, received) : this.#findLoop(profile, received);
    if (loop !== 'none') return loop;
    if (this.#isOwnNextHop(profile, received)) return 'own-next-hop';
    const { roleSession } = profile;
    const leak = roleSession !== undefined && isLeak(roleSession, this.#attributes.otc(received));
    return leak ? 'otc-leak' : 'none';
  }

  #findLoop(profile: ImportProfile, received: number): Rejection {
    const attributes = this.#attributes.attributes(received);
    if (hasSet(attributes)) return 'as-set';
    if (hasOwnAsn(profile, attributes)) return 'as-loop';
    if (attributes.originatorId === profile.identifier) return 'originator-loop';
    return attributes.clusterList?.some((id) => profile.clusterIds.includes(id)) ? 'cluster-loop' : 'none';
  }

  /** As `#findLoop`, on the octets; a plain block has no AS_SET. */
  #findPlainLoop(profile: ImportProfile, received: number): Rejection {
    const store = this.#attributes;
    const { arena } = store;
    const start = store.blockStart(received);
    const end = store.blockEnd(received);
    for (const asn of profile.ownAsns) {
      if (countAsnInPlainBlock(arena, start, end, asn) > profile.allowedOwnAsns) return 'as-loop';
    }
    if (store.originatorIds[received] === profile.identifier) return 'originator-loop';
    if (store.clusterListLengths[received] === 0) return 'none';
    for (const id of profile.clusterIds) {
      if (hasClusterInPlainBlock(arena, start, end, id)) return 'cluster-loop';
    }
    return 'none';
  }

  #isOwnNextHop({ ownAddresses }: ImportProfile, received: number): boolean {
    const nextHop = this.#attributes.nextHop(received);
    for (const own of ownAddresses) if (startsWith(nextHop, own)) return true;
    return false;
  }
}

/**
 * RFC 9774 §3: nobody says AS_SET or AS_CONFED_SET any more, and a route that has one is as good as withdrawn. It is
 * kept as rejected, so that `explain` can tell.
 */
function hasSet({ asPath = [] }: PathAttributes): boolean {
  return asPath.some(({ kind }) => kind === 'set' || kind === 'confederation-set');
}

/** RFC 4271 §9.1.2: a path through our own AS, more often than allowed (RFC 7705 §3.3 knows migrations that need it). */
function hasOwnAsn({ ownAsns, allowedOwnAsns }: ImportProfile, { asPath = [] }: PathAttributes): boolean {
  return ownAsns.some((asn) => countAsn(asPath, asn) > allowedOwnAsns);
}

/** An IPv6 next hop may have a link-local address behind the global one. */
function startsWith(bytes: Uint8Array, front: Uint8Array): boolean {
  if (front.length === 4 ? bytes.length !== 4 : bytes.length < 16) return false;
  for (let index = 0; index < front.length; index += 1) if (bytes[index] !== front[index]) return false;
  return true;
}
