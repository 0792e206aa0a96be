/** A peer, a block that it announces, and what a record has of that. */
import { type Address, address, type Prefix, prefix } from '@weft/ip';
import type { BestPath } from 'bgp-speaker-ts';
import type { LineContent } from '../src/line.ts';

export const BLOCK: Prefix = prefix('10.1.0.0/26');
export const PEER: Address = address('192.0.2.2');
export const PATH: BestPath = {
  source: 'internal',
  peer: PEER,
  nextHops: [{ address: PEER }],
  localPref: 100,
  stale: false,
};

/** An UPDATE that announces the block, next hop the peer; hexadecimal. */
export const ANNOUNCES: string = `${'f'.repeat(32)}0031020000001540010100400200400304c000020240050400000064${'1a0a010000'}`;

/** The line of UPDATEs from the peer. */
export function updates(hex: string): LineContent {
  return { kind: 'updates', peer: PEER, bytes: Buffer.from(hex, 'hex').toString('base64') };
}
