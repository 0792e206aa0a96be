/**
 * What tshark 4.0 does not know, and what in its words is no complaint.
 *
 * Everything else that sounds like one fails the tests: `Malformed Packet`, expert information, anything unknown.
 */

/** A line that is allowed, and why. */
interface Quirk {
  readonly line: RegExp;
  readonly reason: string;
}

export const QUIRKS: readonly Quirk[] = [
  {
    line: /^\s*Unknown: 0[0-4]$/,
    reason: 'the value of the BGP Role capability (RFC 9234) is shown as octets',
  },
  {
    line: /^\s*Unknown: ((0001|0002)01(80|00)[0-9a-f]{6})+$/,
    reason: 'the value of the long-lived graceful restart capability (RFC 9494) is shown as octets',
  },
  {
    line: /Path Attribute - Unknown \(35\)$|Type Code: Unknown \(35\)$/,
    reason: 'ONLY_TO_CUSTOMER (RFC 9234)',
  },
  {
    line: /Path Attribute - Unknown \(201\)$|Type Code: Unknown \(201\)$/,
    reason: 'the attribute of these tests that nobody is to know',
  },
  { line: /^\s*Unknown Path attributes$/, reason: 'the value of either' },
  { line: /Minor error Code \(Open Message\): Unknown \(0\)$/, reason: 'Unspecific (RFC 4271 §6.2)' },
  { line: /Minor error Code \(Open Message\): Unknown \(11\)$/, reason: 'Role Mismatch (RFC 9234 §4.2)' },
  { line: /Minor error Code \(State Machine\): Unknown \(0\)$/, reason: 'Unspecified Error (RFC 6608 §3)' },
  { line: /Minor error Code \(Cease\): Unknown \(10\)$/, reason: 'BFD Down (RFC 9384 §3)' },
  { line: /Major error Code: Unknown \(8\)$/, reason: 'Send Hold Timer Expired (RFC 9687 §4)' },
  { line: /Minor error Code \(Unknown\): 0$|Unknown notification error \(8\)/, reason: 'the same' },
  {
    line: /Malformed (Attribute List|AS_PATH) \(\d+\)$/,
    reason: 'the names of subcodes of UPDATE Message Error',
  },
  {
    line: /Major error Code: CAPABILITY Message Error \(7\)$|\(Capability Message\): Invalid Action Value \(1\)$/,
    reason: 'ROUTE-REFRESH Message Error (RFC 7313 §5), a code that an older draft had for something else',
  },
  { line: /Length is invalid 6043\]$|^\s*\[Group: Malformed\]$/, reason: 'extended messages (RFC 8654)' },
];

const COMPLAINT = /malformed|expert info|unknown|invalid|too short|too long/i;
/** Names of code points that sound like complaints. */
const NAMES = /Minor error Code|Invalid (ORIGIN|NEXT_HOP|Network Field)/;

/** Lines of a dissection that say something is wrong. */
export function complaintsIn(dissection: string): string[] {
  return dissection
    .split('\n')
    .filter((line) => COMPLAINT.test(line))
    .filter((line) => !QUIRKS.some((quirk) => quirk.line.test(line)))
    .filter((line) => !(NAMES.test(line) && !/unknown/i.test(line)));
}
