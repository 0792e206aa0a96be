/**
 * BGP communities as users write them.
 */
import type { Parsed } from '@weft/ip';
import { showValue } from '../issue.ts';

/** A community of RFC 1997 (two 16-bit parts) or a large community of RFC 8092 (three 32-bit parts). */
export type Community =
  | { readonly kind: 'standard'; readonly parts: readonly [number, number] }
  | { readonly kind: 'large'; readonly parts: readonly [number, number, number] };

/** Reads "aa:nn" or "aa:nn:mm". */
export function parseCommunity(text: string): Parsed<Community> {
  const parts = /^\d{1,10}(:\d{1,10}){1,2}$/.test(text) ? text.split(':').map(Number) : [];
  const [first = 0, second = 0, third = 0] = parts;
  if (parts.length === 2 && parts.every((part) => part <= 0xffff))
    return { ok: true, value: { kind: 'standard', parts: [first, second] } };
  if (parts.length === 3 && parts.every((part) => part <= 0xffff_ffff))
    return { ok: true, value: { kind: 'large', parts: [first, second, third] } };
  const expected = 'aa:nn of 16-bit numbers or aa:nn:mm of 32-bit numbers';
  return { ok: false, reason: `${showValue(text)} is not a community: ${expected}` };
}
