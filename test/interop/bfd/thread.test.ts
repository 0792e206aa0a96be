/** The BFD thread of a real process: it works while the main thread does not, and from a bundle. */
import { mkdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { bundle, bundleBfdThread } from '@weft/lab';
import type { PeerStatus } from 'bgp-speaker-ts';
import { expect, onTestFinished, test } from 'vitest';
import { waitFor } from '../../harness/wait-for.ts';
import { Network } from '../daemon/network.ts';
import { DEADLINE_MS, INTERVAL_MS } from '../daemon/pair.ts';
import { BusySpeaker, watchedBy } from './busy-speaker.ts';

const SCRIPT = join(import.meta.dirname, 'busy-process.ts');

/** Two speakers that watch each other, Established and Up at 3 × 50 ms. */
async function pair(script: string): Promise<[BusySpeaker, BusySpeaker]> {
  const network = await Network.create('bfd-thread');
  onTestFinished(() => network.remove());
  const ends = [network.speaker, network.daemon] as const;
  const left = new BusySpeaker(ends[0].netns, script);
  const right = new BusySpeaker(ends[1].netns, script);
  onTestFinished(async () => void (await Promise.all([left.kill(), right.kill()])));
  await left.start(watchedBy(ends[0], ends[1], 64512));
  await right.start(watchedBy(ends[1], ends[0], 64512));
  for (const speaker of [left, right])
    await waitFor('Up', async () => isUp(await speaker.peer()), DEADLINE_MS, INTERVAL_MS);
  return [left, right];
}

function isUp(peer: PeerStatus | undefined): boolean {
  const { bfd, state } = peer ?? {};
  return state === 'Established' && bfd?.state === 'Up' && bfd.detectionTimeMs === 150;
}

// A machine that takes the processor from everybody for 150 ms breaks it, too: not twice in a row.
test('BFD at 3 × 50 ms stays Up while the main thread is blocked for a second', { retry: 3 }, async () => {
  const [left, right] = await pair(SCRIPT);
  const before = (await right.peer())?.bfd?.counts?.received ?? 0;
  await left.block(1000);
  for (const speaker of [left, right]) {
    const peer = await speaker.peer();
    expect(peer).toMatchObject({ state: 'Established', establishedCount: 1 });
    expect(peer?.bfd).toMatchObject({ state: 'Up', counts: { ups: 1 } });
  }
  expect((await right.peer())?.bfd?.counts?.received).toBeGreaterThan(before + 10);
});

test('a bundled program starts the thread from the file beside it', async () => {
  const folder = join(import.meta.dirname, `../../../node_modules/.cache/weft/bfd-${process.pid}`);
  mkdirSync(folder, { recursive: true });
  onTestFinished(() => rmSync(folder, { recursive: true }));
  const script = join(folder, 'busy.mjs');
  await bundle(SCRIPT, script);
  await bundleBfdThread(folder);
  await pair(script);
});
