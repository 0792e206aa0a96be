/**
 * IPv6 text, to and from sixteen bytes. Reads every form of RFC 4291 §2.2 but zones; writes RFC 5952.
 */
import { ipv4Bytes, ipv4Text } from './ipv4-text.ts';

const hextetText = /^[0-9a-fA-F]{1,4}$/;

/** Sixteen bytes, or undefined when the text is not an IPv6 address. */
export function ipv6Bytes(text: string): Uint8Array | undefined {
  const halves = text.split('::');
  if (halves.length > 2) return undefined;
  const compressed = halves.length === 2;
  const head = hextets(halves[0] ?? '', !compressed);
  const tail = hextets(halves[1] ?? '', true);
  if (head === undefined || tail === undefined) return undefined;
  const written = head.length + tail.length;
  // RFC 4291 §2.2: "::" stands for one or more groups of zeros.
  if (compressed ? written > 7 : written !== 8) return undefined;
  const zeros = new Array<number>(8 - written).fill(0);
  return Uint8Array.from([...head, ...zeros, ...tail].flatMap((group) => [group >> 8, group & 0xff]));
}

/** The groups of one side of "::"; dotted decimal may stand only for the last two groups of the address. */
function hextets(text: string, endsAddress: boolean): number[] | undefined {
  if (text === '') return [];
  const groups = text.split(':');
  const dotted =
    endsAddress && groups.at(-1)?.includes('.') ? ipv4Bytes(groups.pop() ?? '') : new Uint8Array();
  if (dotted === undefined || !groups.every((group) => hextetText.test(group))) return undefined;
  const values = groups.map((group) => Number.parseInt(group, 16));
  for (let index = 0; index < dotted.length; index += 2) values.push(groupAt(dotted, index));
  return values;
}

/** RFC 5952: lower case, no leading zeros, the first longest run of two or more zero groups as "::". */
export function ipv6Text(bytes: Uint8Array): string {
  const groups = Array.from({ length: 8 }, (_, index) => groupAt(bytes, index * 2));
  const run = longestZeroRun(groups);
  // RFC 5952 §5: the last 32 bits of an IPv4-mapped address are written as IPv4.
  if (run.start === 0 && run.length === 5 && groups[5] === 0xffff) return `::ffff:${ipv4Text(bytes, 12)}`;
  const hex = groups.map((group) => group.toString(16));
  if (run.length < 2) return hex.join(':');
  return `${hex.slice(0, run.start).join(':')}::${hex.slice(run.start + run.length).join(':')}`;
}

function longestZeroRun(groups: readonly number[]): { start: number; length: number } {
  let longest = { start: 0, length: 0 };
  let length = 0;
  groups.forEach((group, index) => {
    length = group === 0 ? length + 1 : 0;
    if (length > longest.length) longest = { start: index - length + 1, length };
  });
  return longest;
}

function groupAt(bytes: Uint8Array, offset: number): number {
  return ((bytes[offset] ?? 0) << 8) | (bytes[offset + 1] ?? 0);
}
