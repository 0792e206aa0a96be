/** The BFD thread of a real process: it works while the main thread does not, and from a bundle. */
import { mkdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { address } from '@weft/ip';
import { bundle, bundleBfdThread } from '@weft/lab';
import type { PeerStatus } from 'bgp-speaker-ts';
import { execa } from 'execa';
import { expect, onTestFinished, test } from 'vitest';
import { waitFor } from '../../harness/wait-for.ts';
import { Network } from '../daemon/network.ts';
import { DEADLINE_MS, INTERVAL_MS } from '../daemon/pair.ts';
import { BusySpeaker, watching } from './busy-speaker.ts';

const SCRIPT = join(import.meta.dirname, 'busy-process.ts');

/** Two speakers that watch each other, not started. */
async function create(script: string): Promise<{ network: Network; speakers: [BusySpeaker, BusySpeaker] }> {
  const network = await Network.create('bfd-thread');
  onTestFinished(() => network.remove());
  const left = new BusySpeaker(network.speaker.netns, script);
  const right = new BusySpeaker(network.daemon.netns, script);
  onTestFinished(async () => void (await Promise.all([left.kill(), right.kill()])));
  return { network, speakers: [left, right] };
}

/** The same, Established and Up at 3 × 50 ms. */
async function pair(script: string): Promise<[BusySpeaker, BusySpeaker]> {
  const { network, speakers } = await create(script);
  const [left, right] = speakers;
  await left.start(watching(network.speaker, network.daemon));
  await right.start(watching(network.daemon, network.speaker));
  for (const speaker of speakers) {
    await until('Established and Up', async () => {
      const peer = await speaker.peer();
      return peer?.state === 'Established' && isUp(peer);
    });
  }
  return speakers;
}

async function until(wanted: string, ask: () => Promise<boolean>): Promise<void> {
  await waitFor(wanted, ask, DEADLINE_MS, INTERVAL_MS);
}

function isUp(peer: PeerStatus | undefined): boolean {
  return peer?.bfd?.state === 'Up' && peer.bfd.detectionTimeMs === 150;
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

test('a process that ends without stopping its server ends at once, and its peer hears AdminDown', {
  retry: 3,
}, async () => {
  const [left, right] = await pair(SCRIPT);
  expect(await left.exit()).toBe(0);
  await until('AdminDown', async () => (await right.peer())?.bfd?.state === 'Down');
  expect((await right.peer())?.bfd?.remoteState).toBe('AdminDown');
});

test('link-local peers are watched by the scope of their interface', async () => {
  const { network, speakers } = await create(SCRIPT);
  const [left, right] = [address('fe80::1'), address('fe80::2')];
  for (const [end, own] of [
    [network.speaker, left],
    [network.daemon, right],
  ] as const)
    await execa('ip', ['-n', end.netns, 'address', 'add', `${own}/64`, 'dev', 'eth0', 'nodad']);
  const bfd = { minTransmitIntervalMs: 50, minReceiveIntervalMs: 50, interface: 'eth0' };
  const { speaker, daemon } = network;
  await speakers[0].start(
    watching(speaker, daemon, { address: right, interface: 'eth0', localAddress: left, bfd }),
  );
  await speakers[1].start(
    watching(daemon, speaker, { address: left, interface: 'eth0', localAddress: right, bfd }),
  );
  for (const item of speakers) await until('Up', async () => isUp(await item.peer()));
});
