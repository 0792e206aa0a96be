/**
 * A peer that is not there.
 */

import type { Address } from '@weft/ip';
import type { Failure } from '../failure.ts';

/** Peers named in a hint. */
const SHOWN = 5;

/** Says that there is no such peer, and which there are. */
export function unknownPeer(name: string, peers: readonly Address[]): Failure {
  const some = peers.slice(0, SHOWN).join(', ');
  const more =
    peers.length > SHOWN ? ` and ${peers.length - SHOWN} more; "bgp-speaker status" lists them` : '';
  const hint = peers.length === 0 ? 'the file has no peers' : `peers are ${some}${more}`;
  return { message: 'there is no such peer', object: name, hint };
}
