/** Addresses and prefixes on the command line; what cannot be read is exit code 2. */
import { type Address, parseAddress } from '@weft/ip';
import { usageError } from '../failure.ts';

/** The address a user wrote. */
export function readAddress(text: string): Address {
  const parsed = parseAddress(text);
  if (parsed.ok) return parsed.value;
  throw usageError(
    'This is no IP address',
    text,
    'Write it as 10.0.0.5 or fd00::5, without a prefix length.',
  );
}
