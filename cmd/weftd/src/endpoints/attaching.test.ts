import type { AttachRequest } from '@weft/control';
import { expect, it, vi } from 'vitest';
import { Attaching, type AttachingOptions } from './attaching.ts';

const patience = vi.hoisted(() => Promise.withResolvers<void>());
vi.mock('node:timers/promises', () => ({ setTimeout: () => patience.promise }));

it('tells an attach that takes too long that nobody waits for it any more', async () => {
  let abandoned: AbortSignal | undefined;
  const attaching = new Attaching({
    options: { datastore: { type: 'etcd', endpoints: ['http://127.0.0.1:2379'] } },
    state: { health: { away: undefined } },
    attachments: {
      attach: (_id: string, _request: AttachRequest, signal: AbortSignal) => {
        abandoned = signal;
        return new Promise(() => {});
      },
    },
    metrics: { attached: () => {} },
    whyNotNow: () => undefined,
    whyNoMore: () => undefined,
  } as unknown as AttachingOptions);
  const answer = attaching.attach('a', {} as AttachRequest);
  await vi.waitFor(() => expect(abandoned?.aborted).toBe(false));
  patience.resolve();
  expect(await answer).toMatchObject({
    code: 'unavailable',
    message: expect.stringContaining('http://127.0.0.1:2379'),
  });
  expect(abandoned?.aborted).toBe(true);
});
