/** Builds the bytes of hand-made messages as hex, with right lengths, so that only the fault under test is wrong. */

/** An attribute with its length filled in; a flags octet with 0x10 gets the longer length field. */
export function attributeHex(flags: number, code: number, value: string): string {
  const length = value.length / 2;
  return octets(flags, 1) + octets(code, 1) + octets(length, (flags & 0x10) === 0 ? 1 : 2) + value;
}

/** The body of an UPDATE of these parts. */
export function updateHex(attributes: string, nlri = '', withdrawn = ''): string {
  return octets(withdrawn.length / 2, 2) + withdrawn + octets(attributes.length / 2, 2) + attributes + nlri;
}

/** A number in so many octets. */
export function octets(value: number, count: number): string {
  return value.toString(16).padStart(count * 2, '0');
}
