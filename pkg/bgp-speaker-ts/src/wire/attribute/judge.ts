/**
 * The verdict on one UPDATE: the faults of its attribute block, of its multiprotocol attributes, and what is missing.
 *
 * A block is parsed once and cached; what depends on the UPDATE around it is decided here, in a few comparisons.
 * Source: RFC 7606 §3 d and h (mandatory attributes, the strongest treatment wins), §5.2 (no prefixes), §7.3;
 * RFC 8950 §4 (next hops of the other family).
 */

import { type AttributeFault, isStronger, type Treatment } from '../error.ts';
import { Afi, AttributeCode, UpdateSubcode } from '../iana.ts';
import { hasReachable } from '../message/02-update.ts';
import type { UpdateView } from '../update-view.ts';
import type { ParsedAttributes } from './codec.ts';
import { attributeFault, quoteAttribute } from './fault.ts';

/** What is to be done with one UPDATE, and why. */
export interface Verdict {
  /** Undefined when nothing is wrong. */
  readonly treatment: Treatment | undefined;
  readonly faults: readonly AttributeFault[];
}

const NO_FAULT: Verdict = { treatment: undefined, faults: [] };

/**
 * Judges an UPDATE by its view and its parsed attributes.
 *
 * @param extendedNextHop whether IPv6 next hops for IPv4 prefixes were agreed on (RFC 8950)
 */
export function judgeUpdate(view: UpdateView, parsed: ParsedAttributes, extendedNextHop: boolean): Verdict {
  const reachable = hasReachable(view);
  const found = reachable ? findMissing(view, parsed, extendedNextHop) : undefined;
  if (found === undefined && parsed.faults.length === 0 && view.faults.length === 0) return NO_FAULT;
  const faults = [...parsed.faults, ...view.faults, ...(found ?? [])];
  return { treatment: strongest(faults, reachable), faults };
}

/**
 * The strongest treatment of all. An UPDATE without prefixes and with a fault that is more than one attribute may have
 * had prefixes that the fault hides: there the session is reset (RFC 7606 §5.2).
 */
function strongest(faults: readonly AttributeFault[], reachable: boolean): Treatment {
  let treatment: Treatment = 'attribute-discard';
  for (const fault of faults) if (isStronger(fault.treatment, treatment)) treatment = fault.treatment;
  return treatment !== 'attribute-discard' && !reachable ? 'session-reset' : treatment;
}

/**
 * Departs from RFC 4271 §5.1.5: an internal peer that leaves LOCAL_PREF out is not at fault, the route counts as one of
 * the default preference. Only what a route cannot do without is asked for.
 */
function findMissing(
  view: UpdateView,
  { attributes, faults }: ParsedAttributes,
  extendedNextHop: boolean,
): readonly AttributeFault[] | undefined {
  const needsNextHop = view.nlriStart !== view.nlriEnd;
  const complete =
    attributes.origin !== undefined &&
    attributes.asPath !== undefined &&
    (!needsNextHop || attributes.nextHop !== undefined);
  const badNextHop = isNextHopWrong(view, extendedNextHop);
  if (complete && !badNextHop) return undefined;
  const found: AttributeFault[] = [];
  if (badNextHop) found.push(nextHopFault(view));
  if (attributes.origin === undefined) found.push(...missing(AttributeCode.origin, faults));
  if (attributes.asPath === undefined) found.push(...missing(AttributeCode.asPath, faults));
  if (needsNextHop && attributes.nextHop === undefined) found.push(...missing(AttributeCode.nextHop, faults));
  return found;
}

/** An attribute that was there but faulty is not reported again as missing. */
function missing(code: number, faults: readonly AttributeFault[]): AttributeFault[] {
  if (faults.some((fault) => fault.code === code)) return [];
  const data = new Uint8Array([code]);
  const { missingWellKnownAttribute } = UpdateSubcode;
  return [attributeFault(code, 'missing', 'treat-as-withdraw', missingWellKnownAttribute, data)];
}

/** Says whether the next hop of MP_REACH_NLRI has a length that its family and the session do not allow. */
export function isNextHopWrong(view: UpdateView, extendedNextHop: boolean): boolean {
  if (view.reachNlriStart === view.reachNlriEnd) return false;
  const length = view.reachNextHopEnd - view.reachNextHopStart;
  const ipv6Form = length === 16 || length === 32;
  if (view.reachAfi === Afi.ipv6) return !ipv6Form;
  if (view.reachAfi === Afi.ipv4) return !(length === 4 || (ipv6Form && extendedNextHop));
  return false;
}

/**
 * Departs from RFC 7606 §7.11, which resets the session for a next hop of unexpected length: the prefixes behind it
 * were found and checked, so withdrawing them is enough.
 */
function nextHopFault(view: UpdateView): AttributeFault {
  const data = quoteAttribute(view.bytes, view.reachStart, view.reachEnd);
  const { mpReachNlri } = AttributeCode;
  return attributeFault(mpReachNlri, 'length', 'treat-as-withdraw', UpdateSubcode.optionalAttribute, data);
}
