import { describe, expect, test } from 'vitest';
import { resolveCollision } from './collision.ts';
import { negotiate } from './negotiate.ts';
import { CONFIG, peerOpen } from './test/fixtures.ts';
import type { Negotiated } from './types.ts';

function between(
  localIdentifier: number,
  peerIdentifier: number,
  peerAsn: number = CONFIG.localAsn,
): Negotiated {
  const open = peerOpen({ localIdentifier: peerIdentifier, localAsn: peerAsn });
  const result = negotiate({ ...CONFIG, localIdentifier, peerAsn }, open);
  if (!result.ok) throw new Error(result.error.detail);
  return result.value;
}

describe('RFC 4271 §6.8 connection collision', () => {
  test.each([
    ['ours, when our identifier is higher', 'local', 'remote', 2, 1, 'keep-existing'],
    ['ours, when our identifier is higher', 'remote', 'local', 2, 1, 'keep-newcomer'],
    ['theirs, when their identifier is higher', 'local', 'remote', 1, 2, 'keep-newcomer'],
    ['theirs, when their identifier is higher', 'remote', 'local', 1, 2, 'keep-existing'],
    ['by unsigned comparison', 'local', 'remote', 0xc0000001, 0x0a000001, 'keep-existing'],
    ['the newer of two the peer opened', 'remote', 'remote', 2, 1, 'keep-newcomer'],
  ] as const)('keeps %s (%s first, then %s)', (_name, existing, newcomer, ours, theirs, expected) => {
    expect(resolveCollision(existing, newcomer, between(ours, theirs))).toBe(expected);
  });

  test('RFC 6286 §2.3: with equal identifiers the higher AS number decides', () => {
    expect(resolveCollision('local', 'remote', between(7, 7, 64513))).toBe('keep-newcomer');
    expect(resolveCollision('local', 'remote', between(7, 7, 100))).toBe('keep-existing');
  });
});
