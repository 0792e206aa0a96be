/**
 * The identity of an object of crd.projectcalico.org/v1, as users of projectcalico.org/v3 see it: two objects of two groups
 * may not share one uid, so Calico derives one from the other.
 *
 * Source: Calico libcalico-go/lib/backend/k8s/conversion, ConvertUID.
 */

/** The bytes of a UUID that hold its version and variant stay as they are. */
const UNTOUCHED = [6, 8];

/**
 * Reverses the bits within each byte of a UUID but two. Its own inverse; a text that is no UUID comes back as it is.
 */
export function convertUid(uid: string): string {
  if (!/^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i.test(uid)) return uid;
  const bytes = Buffer.from(uid.replaceAll('-', ''), 'hex').map((byte, index) =>
    UNTOUCHED.includes(index) ? byte : reverseBits(byte),
  );
  const hex = Buffer.from(bytes).toString('hex');
  return [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20), hex.slice(20)].join('-');
}

function reverseBits(byte: number): number {
  let reversed = 0;
  for (let bit = 0; bit < 8; bit++) if (byte & (1 << bit)) reversed |= 0x80 >> bit;
  return reversed;
}
