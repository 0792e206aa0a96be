/**
 * IPv4 dotted decimal, to and from four bytes.
 */

// No leading zeros: some parsers read 010 as octal, so the same text would mean two addresses.
const octet = '(0|[1-9][0-9]{0,2})';
const dottedDecimal = new RegExp(`^${octet}\\.${octet}\\.${octet}\\.${octet}$`);

/** Four bytes, or undefined when the text is not four decimal octets without leading zeros. */
export function ipv4Bytes(text: string): Uint8Array | undefined {
  const octets = dottedDecimal.exec(text)?.slice(1).map(Number);
  if (octets === undefined || octets.some((value) => value > 255)) return undefined;
  return Uint8Array.from(octets);
}

/** Dotted decimal of the four bytes at `offset`. */
export function ipv4Text(bytes: Uint8Array, offset = 0): string {
  return `${bytes[offset]}.${bytes[offset + 1]}.${bytes[offset + 2]}.${bytes[offset + 3]}`;
}
