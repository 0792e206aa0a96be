/** One look at a daemon: what it says of itself and its peers, and the counters that rates are made of. */
import type { BgpPeer, ControlClient, Health } from '@weft/control';
import { type Failure, failuresOf } from '../failure.ts';
import type { DaemonTarget } from '../where.ts';

/** What a daemon was like at a time. */
export interface Sample {
  readonly node: string;
  /** On a clock that does not jump, in ms. */
  readonly at: number;
  /** Start of the process, RFC 3339. */
  readonly since: string;
  readonly readiness: Health;
  readonly peers: readonly BgpPeer[];
  /** Value of a metric by name, over all its labels. */
  readonly totals: ReadonlyMap<string, number>;
  /** Kernel routes that are wanted, and those that are there. */
  readonly routes: { readonly wanted: number; readonly inKernel: number };
}

/** A daemon that did not answer, and why. */
export interface Silence {
  readonly node: string;
  readonly failures: readonly Failure[];
}

/** Looks at a daemon. */
export async function lookAt({ client, name }: DaemonTarget, now: () => number): Promise<Sample | Silence> {
  try {
    return await sampleOf(client, now);
  } catch (error) {
    return { node: name ?? '-', failures: failuresOf(error) };
  }
}

async function sampleOf(client: ControlClient, now: () => number): Promise<Sample> {
  const [{ node, readiness, since }, { peers }, page] = await Promise.all([
    client.status(),
    client.bgpPeers(),
    client.metrics(),
  ]);
  const lines = page.split('\n').filter((line) => line !== '' && !line.startsWith('#'));
  return {
    node,
    at: now(),
    since,
    readiness,
    peers,
    totals: totalsOf(lines),
    routes: {
      wanted: seriesValue(lines, 'weft_route_table_routes{state="wanted"}'),
      inKernel: seriesValue(lines, 'weft_route_table_routes{state="in-kernel"}'),
    },
  };
}

/** Sums of the series of each metric. */
export function totalsOf(lines: readonly string[]): Map<string, number> {
  const totals = new Map<string, number>();
  for (const line of lines) {
    const name = line.slice(0, line.search(/[{ ]/));
    totals.set(name, (totals.get(name) ?? 0) + Number(line.slice(line.lastIndexOf(' ') + 1)));
  }
  return totals;
}

function seriesValue(lines: readonly string[], series: string): number {
  const line = lines.find((text) => text.startsWith(`${series} `));
  return Number(line?.slice(series.length + 1) ?? 0);
}
