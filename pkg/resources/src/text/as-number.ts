/**
 * AS numbers as users write them.
 */
import type { Parsed } from '@weft/ip';
import { showValue } from '../issue.ts';

const maximum = 4_294_967_295;

/**
 * Reads an AS number: an integer, decimal text, or "high.low" of two 16-bit halves (RFC 5396 asdot+).
 * Refuses 0, which RFC 7607 reserves.
 */
export function parseAsNumber(value: unknown): Parsed<number> {
  const asNumber = typeof value === 'string' ? fromText(value) : value;
  if (typeof asNumber === 'number' && Number.isInteger(asNumber) && asNumber >= 1 && asNumber <= maximum)
    return { ok: true, value: asNumber };
  const hint = typeof value === 'number' && !Number.isInteger(value) ? '; write "high.low" in quotes' : '';
  return { ok: false, reason: `${showValue(value)} is not an AS number between 1 and ${maximum}${hint}` };
}

function fromText(text: string): number | undefined {
  if (/^\d{1,10}$/.test(text)) return Number(text);
  const halves = /^(\d{1,5})\.(\d{1,5})$/.exec(text)?.slice(1).map(Number);
  if (halves === undefined || halves.some((half) => half > 0xffff)) return undefined;
  const [high = 0, low = 0] = halves;
  return high * 0x1_0000 + low;
}
