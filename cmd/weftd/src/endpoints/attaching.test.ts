import type { AttachRequest } from '@weft/control';
import { expect, it, vi } from 'vitest';
import { Attaching, type AttachingOptions } from './attaching.ts';

const { patience, setTimeout } = vi.hoisted(() => {
  const patience = Promise.withResolvers<void>();
  return { patience, setTimeout: vi.fn((..._: unknown[]) => patience.promise) };
});
vi.mock('node:timers/promises', () => ({ setTimeout }));

/** With a datastore that is there, and that way of attaching. */
function attachingBy(attach: (abandoned: AbortSignal) => Promise<unknown>): Attaching {
  return new Attaching({
    options: { datastore: { type: 'etcd', endpoints: ['http://127.0.0.1:2379'] } },
    state: { health: { away: undefined } },
    attachments: {
      attach: (_id: string, _request: AttachRequest, abandoned: AbortSignal) => attach(abandoned),
    },
    metrics: { attached: () => {} },
    whyNotNow: () => undefined,
    whyNoMore: () => undefined,
  } as unknown as AttachingOptions);
}

it('waits for the end of an attach no longer than it takes', async () => {
  let abandoned: AbortSignal | undefined;
  const attaching = attachingBy(async (signal) => {
    abandoned = signal;
    return { kind: 'attached' };
  });
  expect(await attaching.attach('a', {} as AttachRequest)).toEqual({ kind: 'attached' });
  expect(setTimeout.mock.lastCall?.[2]).toMatchObject({ signal: { aborted: true } });
  expect(abandoned?.aborted).toBe(false);
});

it('tells an attach that takes too long that nobody waits for it any more', async () => {
  let abandoned: AbortSignal | undefined;
  const attaching = attachingBy((signal) => {
    abandoned = signal;
    return new Promise(() => {});
  });
  const answer = attaching.attach('a', {} as AttachRequest);
  await vi.waitFor(() => expect(abandoned?.aborted).toBe(false));
  patience.resolve();
  expect(await answer).toMatchObject({
    code: 'unavailable',
    message: expect.stringContaining('http://127.0.0.1:2379'),
  });
  expect(abandoned?.aborted).toBe(true);
});
