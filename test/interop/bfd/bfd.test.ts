import { join } from 'node:path';
import { prefix } from '@weft/ip';
import type { BfdCounts, PeerBfdStatus } from 'bgp-speaker-ts';
import { execa } from 'execa';
import { expect } from 'vitest';
import { waitFor } from '../../harness/wait-for.ts';
import { describeDaemons } from '../daemon/case.ts';
import { inNamespace } from '../daemon/network.ts';
import { DEADLINE_MS, INTERVAL_MS, type Pair } from '../daemon/pair.ts';
import { bfd, DAEMON_TIMERS } from './case.ts';
import { bfdOf, type DaemonBfd } from './observe.ts';
import { cutSilently, insertRouter } from './router.ts';

const OURS = { minTransmitIntervalMs: 100, minReceiveIntervalMs: 90, multiplier: 25 } as const;
const TRANSPORTS = ['ipv4', 'ipv6'] as const;
const DAEMON_VALUES = {
  bfdTx: DAEMON_TIMERS.tx,
  bfdRx: DAEMON_TIMERS.rx,
  bfdMultiplier: DAEMON_TIMERS.multiplier,
  hops: undefined,
  birdMode: 'on',
};
const DIRECT = { peer: { bfd: OURS }, values: DAEMON_VALUES } as const;
const ROUTED = { peer: { bfd: OURS, multihop: 2 }, values: { ...DAEMON_VALUES, hops: 2 } } as const;

/** What both sides must agree on: the greater of what one wants to send and the other to receive. */
const NEGOTIATED = { transmitIntervalMs: 120, receiveIntervalMs: 90, detectionTimeMs: 20 * 90 } as const;
const NEGOTIATED_BY_DAEMON: DaemonBfd = { up: true, transmitMs: 90, detectionMs: 25 * 120 };

async function until(wanted: string, ask: () => Promise<boolean>): Promise<void> {
  await waitFor(wanted, ask, DEADLINE_MS, INTERVAL_MS);
}

async function ourBfd(pair: Pair): Promise<PeerBfdStatus> {
  const { bfd: status } = await pair.status();
  if (status === undefined) throw new Error('the peer has no BFD');
  return status;
}

async function counts(pair: Pair): Promise<BfdCounts> {
  const { counts: found } = await ourBfd(pair);
  if (found === undefined) throw new Error('nothing is counted');
  return found;
}

/** Waits until both sides show the session as they must. */
async function agreed(
  pair: Pair,
  ours: Partial<PeerBfdStatus> = NEGOTIATED,
  theirs: DaemonBfd = NEGOTIATED_BY_DAEMON,
): Promise<void> {
  const wanted = JSON.stringify({ ours: { state: 'Up', ...ours }, theirs });
  let seen = '';
  await until('both agree', async () => {
    const own = await ourBfd(pair);
    const shown = Object.fromEntries(
      Object.keys({ state: '', ...ours }).map((key) => [key, own[key as keyof PeerBfdStatus]]),
    );
    seen = JSON.stringify({ ours: shown, theirs: await bfdOf(pair) });
    return seen === wanted;
  }).catch((error: Error) => {
    throw new Error(`${error.message}: ${wanted}; it is ${seen}`);
  });
}

function bfdChanges({ speaker }: Pair): string[] {
  return speaker.reports.flatMap((report) => (report.kind === 'peer-bfd-changed' ? [report.to] : []));
}

/** Changes the speaker's BFD configuration of the daemon. */
async function configureBfd(pair: Pair, changes: object): Promise<void> {
  const [peer] = pair.config.peers;
  if (peer === undefined) throw new Error('the speaker has no peer');
  await pair.speaker.configure({ ...pair.config, peers: [{ ...peer, bfd: { ...OURS, ...changes } }] });
}

/** Waits until BGP has ended by BFD on our side; it must not have been the hold timer. */
async function endedByBfd(pair: Pair): Promise<void> {
  const down = await waitFor(
    'the session down',
    () => pair.speaker.reports.find((report) => report.kind === 'peer-down'),
    DEADLINE_MS,
    INTERVAL_MS,
  );
  // The end that hears nothing first says so; what it says may still get through while the link is being cut.
  expect(down).toMatchObject({
    reason: {
      kind: expect.stringMatching(/^notification-(sent|received)$/),
      notification: { code: 6, subcode: 10 },
    },
  });
  await until('the daemon has noticed', async () => (await bfdOf(pair))?.up === false);
  await until('the daemon’s session down', async () => (await pair.daemon.sessionState()) !== 'Established');
}

describeDaemons(bfd, (test) => {
  for (const transport of TRANSPORTS) {
    test(`one hop, ${transport}: Up, with the intervals both agree on`, {
      ...DIRECT,
      transport,
    }, async (pair) => {
      await pair.start();
      await agreed(pair);
      expect(bfdChanges(pair)).not.toContain('AdminDown');
    });

    test(`over a router, ${transport}: Up, with the intervals both agree on`, {
      ...ROUTED,
      transport,
    }, async (pair) => {
      const removeRouter = await insertRouter(pair.network);
      try {
        await pair.start();
        await agreed(pair);
      } finally {
        await removeRouter();
      }
    });

    test(`a link is cut, ${transport}: BGP ends by BFD`, { ...DIRECT, transport }, async (pair) => {
      await pair.start();
      await agreed(pair);
      await cutSilently(pair.network);
      await endedByBfd(pair);
      expect(await ourBfd(pair)).toMatchObject({ state: 'Down' });
    });
  }

  test('a link is cut behind a router: BGP ends by BFD', ROUTED, async (pair) => {
    const removeRouter = await insertRouter(pair.network);
    await pair
      .start()
      .then(() => agreed(pair))
      .finally(removeRouter);
    await endedByBfd(pair);
  });

  test('other intervals of the speaker', DIRECT, async (pair) => {
    await pair.start();
    await agreed(pair);
    await configureBfd(pair, { minTransmitIntervalMs: 250, minReceiveIntervalMs: 70, multiplier: 30 });
    await agreed(
      pair,
      { transmitIntervalMs: 250, receiveIntervalMs: 80, detectionTimeMs: 20 * 80 },
      { up: true, transmitMs: 80, detectionMs: 30 * 250 },
    );
    expect(await counts(pair)).toMatchObject({ ups: 1, discarded: 0 });
    expect((await pair.status()).establishedCount).toBe(1);
  });

  test('other intervals of the daemon', DIRECT, async (pair) => {
    await pair.start();
    await agreed(pair);
    const timers = ['detect-multiplier 15', 'receive-interval 300', 'transmit-interval 150'];
    await pair.daemon.ask('configure terminal', 'bfd', 'profile speaker', ...timers, 'end');
    await agreed(
      pair,
      { transmitIntervalMs: 300, receiveIntervalMs: 150, detectionTimeMs: 15 * 150 },
      { up: true, transmitMs: 150, detectionMs: 25 * 300 },
    );
    expect(await counts(pair)).toMatchObject({ ups: 1 });
  });

  test('RFC 5881 §5: a packet that was forwarded counts for nothing', DIRECT, async (pair) => {
    await pair.start();
    await agreed(pair);
    const { daemon, speaker } = pair.network;
    const send = async (ttl: number): Promise<void> => {
      const script = join(import.meta.dirname, 'send-packet.ts');
      const command = [process.execPath, script, daemon.ipv4, speaker.ipv4, `${ttl}`];
      const [program, ...args] = inNamespace(daemon.netns, command);
      await execa(program, args);
    };
    await send(254);
    await until('the packet discarded', async () => (await counts(pair)).discarded === 1);
    expect(await counts(pair)).toMatchObject({ lastDiscard: 'ttl', ups: 1 });
    expect(await ourBfd(pair)).toMatchObject({ state: 'Up' });
    // The same from the link itself is the word of the neighbour.
    await send(255);
    await until(
      'the session down',
      async () => bfdChanges(pair).at(-1) !== 'Up' || (await counts(pair)).ups > 1,
    );
    expect((await pair.status()).establishedCount).toBe(1);
  });

  test('RFC 5882 §4.3: a speaker that ends for a restart ends BGP first, and its routes stay', {
    ...DIRECT,
    speaker: { gracefulRestart: { restartTimeSeconds: 300 } },
    values: { ...DAEMON_VALUES, birdMode: 'graceful' },
  }, async (pair) => {
    await pair.start([{ prefix: prefix('10.1.0.0/26') }]);
    await agreed(pair);
    await pair.daemonHas('10.1.0.0/26');
    await pair.speaker.stop({ graceful: true });
    await until('BFD down at the daemon', async () => (await bfdOf(pair))?.up !== true);
    const [route] = await pair.daemon.routes();
    expect(route?.prefix).toBe('10.1.0.0/26');
    if (pair.daemon.name === 'frr') expect(route?.stale).toBe(true);
  });
});
