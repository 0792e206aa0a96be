import { createMemoryStore } from '@weft/datastore';
import { describe, expect, test } from 'vitest';
import { hostOwner } from '../core/owner.ts';
import { createContext, firstSequenceNumber, type IpamContext } from './context.ts';

const NOW = Date.UTC(2026, 7, 22, 6, 33, 20);

function context(): IpamContext {
  return createContext({ store: createMemoryStore({ now: () => NOW, uuid: () => 'uid' }), now: () => NOW });
}

describe('the first sequence number of a block', () => {
  test('is the time in nanoseconds, to the millisecond', () => {
    expect(firstSequenceNumber(context(), hostOwner('node1')) / 1_000_000n).toBe(BigInt(NOW));
  });

  test('differs between two blocks made in one millisecond, by one node or by two', () => {
    const one = context();
    const numbers = [
      firstSequenceNumber(one, hostOwner('node1')),
      firstSequenceNumber(one, hostOwner('node1')),
      firstSequenceNumber(context(), hostOwner('node2')),
    ];
    expect(new Set(numbers).size).toBe(3);
  });
});
