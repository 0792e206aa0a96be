/**
 * What a container's packets pay for the network they travel by: one TCP stream, and the round trip of a small packet,
 * for every way between two hosts in turn. Compare within one run: the ratio to the hosts' own path is the figure.
 */
import { defaultTopology, status } from '@weft/lab';
import { execa } from 'execa';
import { withLab } from '../bench-lab.ts';
import type { Figure } from '../run.ts';
import { quantile, round } from '../statistics.ts';
import { makeNetworks, type Network, runInside } from './networks.ts';

const ROUNDS = 9;
const STREAM_SECONDS = 1;
const PINGS = 400;
const LISTEN_MILLISECONDS = 5_000;

interface Sample {
  readonly gigabits: number;
  readonly roundTripMicroseconds: number;
}

export async function* dataplaneBench(): AsyncGenerator<Figure> {
  const rounds = await withLab('bench-dp', defaultTopology(2, 1), async (lab) => {
    const { pods } = await status(lab);
    const target = pods.find(({ name }) => name === 'node2-pod1')?.addresses[0] ?? '';
    return measureInTurn(await makeNetworks(lab, target));
  });
  for (const name of rounds[0]?.keys() ?? []) {
    const of = (pick: (sample: Sample, host: Sample) => number): number =>
      quantile(
        rounds.map((round) => pick(round.get(name) as Sample, round.get('host to host') as Sample)),
        0.5,
      );
    yield {
      benchmark: 'dataplane',
      network: name,
      rounds: ROUNDS,
      gigabitsPerSecond: of(({ gigabits }) => gigabits),
      throughputRatio: of(({ gigabits }, host) => round(gigabits / host.gigabits)),
      roundTripMicroseconds: of(({ roundTripMicroseconds }) => roundTripMicroseconds),
      roundTripRatio: of(({ roundTripMicroseconds }, host) =>
        round(roundTripMicroseconds / host.roundTripMicroseconds),
      ),
    };
  }
}

/** Every network once in each round, so that what else the machine does meets all of them. */
async function measureInTurn(networks: readonly Network[]): Promise<Map<string, Sample>[]> {
  const rounds: Map<string, Sample>[] = [];
  // The first packets resolve neighbours and are not counted.
  for (const network of networks) await roundTrip(network, 5);
  while (rounds.length < ROUNDS) {
    const samples = new Map<string, Sample>();
    for (const network of networks) {
      const roundTripMicroseconds = await roundTrip(network, PINGS);
      samples.set(network.name, { gigabits: await stream(network), roundTripMicroseconds });
    }
    rounds.push(samples);
  }
  return rounds;
}

/** Gbit/s of one TCP stream, as the receiver counts them. */
async function stream({ client, server, address }: Network): Promise<number> {
  const listener = execa('nsenter', [`--net=/run/netns/${server}`, 'iperf3', '--server', '--one-off']);
  try {
    await untilListening(server);
    const seconds = `${STREAM_SECONDS}`;
    const report = await runInside(client, ['iperf3', '--client', address, '--time', seconds, '--json']);
    await listener;
    const { end } = JSON.parse(report) as { end: { sum_received: { bits_per_second: number } } };
    return end.sum_received.bits_per_second / 1e9;
  } finally {
    listener.kill();
  }
}

async function untilListening(server: string): Promise<void> {
  const deadline = performance.now() + LISTEN_MILLISECONDS;
  while ((await runInside(server, ['ss', '-Hltn', 'sport', '=', ':5201'])) === '')
    if (performance.now() > deadline) throw new Error(`iperf3 does not listen in ${server}`);
}

/** Half of the echoes came back within so many microseconds. */
async function roundTrip({ client, address }: Network, count: number): Promise<number> {
  const report = await runInside(client, ['ping', '-n', '-c', `${count}`, '-i', '0.002', address]);
  const times = [...report.matchAll(/time=([\d.]+) ms/g)].map(([, time]) => Number(time) * 1000);
  return quantile(times, 0.5);
}
