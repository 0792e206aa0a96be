/** When the dashboard has somebody to ask. */
import type { ControlClient } from '@weft/control';
import { expect, it } from 'vitest';
import type { DaemonTarget } from '../where.ts';
import { requireAnswer } from './dashboard.ts';

const target = (status: () => Promise<unknown>): DaemonTarget => ({
  client: { status } as unknown as ControlClient,
});
const silent = target(() => new Promise(() => {}));
const answering = target(async () => ({ node: 'node2' }));
const failing = (text: string) => target(() => Promise.reject(new Error(text)));

it('does not wait for who is silent once another has answered', async () => {
  await requireAnswer([silent, failing('no socket'), answering]);
});

it('says what the first failed with where nobody answers', async () => {
  await expect(requireAnswer([failing('no socket'), failing('no route')])).rejects.toThrow('no socket');
});
