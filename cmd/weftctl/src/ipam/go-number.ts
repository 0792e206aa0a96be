/** Numbers as Go's fmt prints them, so that tables look like calicoctl's. */

/** `%.5g`: five significant digits, with an exponent when five do not reach: `65536`, `1.0486e+06`, `1.2089e+24`. */
export function fiveDigits(count: bigint): string {
  const value = Number(count);
  if (value < 99_999.5) return String(Number(value.toPrecision(5)));
  const [, mantissa = '', exponent = ''] = /^([\d.]+)e\+(\d+)$/.exec(value.toExponential(4)) ?? [];
  return `${String(Number(mantissa))}e+${exponent.padStart(2, '0')}`;
}

/** `%.f%%` of a part: whole percents, halves to the even neighbour; 0 of nothing. */
export function percent(part: bigint, whole: bigint): string {
  if (whole === 0n) return '0%';
  const exact = (100 * Number(part)) / Number(whole);
  const floor = Math.floor(exact);
  const rest = exact - floor;
  const up = rest > 0.5 || (rest === 0.5 && floor % 2 === 1);
  return `${up ? floor + 1 : floor}%`;
}
