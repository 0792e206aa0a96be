/**
 * The ways in which a node finds its own address, as an operator writes them: `first-found`, `can-reach=192.0.2.1`,
 * `interface=eth.*,ens3`, `skip-interface=eth1`, `cidr=10.0.0.0/8`, `kubernetes-internal-ip`.
 *
 * Source: Calico's IP_AUTODETECTION_METHOD.
 */
import { type Parsed, type Prefix, parseInterfaceAddress } from '@weft/ip';

/** One way. */
export type AutodetectMethod =
  /** The first address on an interface whose name is not one of those that never carry a node's address. */
  | { readonly kind: 'first-found' }
  /** The address that packets to an address, or to a host of that name, leave with. */
  | { readonly kind: 'can-reach'; readonly destination: string }
  /** The first address on an interface with such a name, whichever that is. */
  | { readonly kind: 'interface'; readonly names: readonly RegExp[] }
  /** As first-found, without the interfaces of these names. */
  | { readonly kind: 'skip-interface'; readonly names: readonly RegExp[] }
  /** The first address in one of the ranges, on whichever interface. */
  | { readonly kind: 'cidr'; readonly ranges: readonly Prefix[] }
  /** The InternalIP of the Node of Kubernetes. */
  | { readonly kind: 'kubernetes-internal-ip' };

/** The way of a node that is told none. */
export const FIRST_FOUND: AutodetectMethod = { kind: 'first-found' };

const FORMS =
  'first-found, can-reach=ADDRESS, interface=REGEX,…, skip-interface=REGEX,…, cidr=CIDR,… or kubernetes-internal-ip';

/** Reads a way; empty is first-found. */
export function parseAutodetectMethod(text: string): Parsed<AutodetectMethod> {
  const [, word = '', argument] = /^\s*([^=]*?)\s*(?:=(.*))?$/s.exec(text) ?? [];
  if (argument === undefined) return withoutArgument(word, text);
  const parts = argument.split(',').map((part) => part.trim());
  if (parts.includes('')) return refused(text, `nothing may be empty after ${word}=`);
  switch (word) {
    case 'can-reach':
      return { ok: true, value: { kind: word, destination: argument.trim() } };
    case 'interface':
    case 'skip-interface':
      return collected(parts, parseName, (names) => ({ kind: word, names }));
    case 'cidr':
      return collected(parts, parseRange, (ranges) => ({ kind: word, ranges }));
    default:
      return refused(text, `it must be ${FORMS}`);
  }
}

function withoutArgument(word: string, text: string): Parsed<AutodetectMethod> {
  if (word === '' || word === 'first-found') return { ok: true, value: FIRST_FOUND };
  if (word === 'kubernetes-internal-ip') return { ok: true, value: { kind: word } };
  return refused(text, `it must be ${FORMS}`);
}

function collected<T>(
  parts: readonly string[],
  parse: (part: string) => Parsed<T>,
  methodOf: (values: readonly T[]) => AutodetectMethod,
): Parsed<AutodetectMethod> {
  const values: T[] = [];
  for (const part of parts) {
    const parsed = parse(part);
    if (!parsed.ok) return parsed;
    values.push(parsed.value);
  }
  return { ok: true, value: methodOf(values) };
}

/** A regular expression that is found anywhere in a name, as Go's are. */
function parseName(text: string): Parsed<RegExp> {
  try {
    return { ok: true, value: new RegExp(text) };
  } catch {
    return refused(text, 'it is no regular expression');
  }
}

/** A range, whose host bits do not matter. */
function parseRange(text: string): Parsed<Prefix> {
  const parsed = parseInterfaceAddress(text);
  return parsed.ok ? { ok: true, value: parsed.value.prefix } : refused(text, parsed.reason);
}

function refused(text: string, why: string): { readonly ok: false; readonly reason: string } {
  return { ok: false, reason: `${JSON.stringify(text)} is no way to find the node's address: ${why}` };
}
