/**
 * Pings between pods: who reaches whom, and how many hops away.
 *
 * `fping` sends one round from one pod to all the others in one process, so that a hundred pods take seconds.
 */
import type { Address } from '@weft/ip';
import { execa } from 'execa';
import { namespaceOf } from './names.ts';

/** A pod and the addresses it is pinged at. */
export interface PingTarget {
  readonly pod: string;
  readonly addresses: readonly Address[];
}

/** One pod pinging one address of another. */
export interface PingResult {
  readonly from: string;
  readonly to: string;
  readonly address: Address;
  readonly ok: boolean;
  readonly milliseconds?: number;
}

const roundTripLimitMilliseconds = 1000;

/** Every pod pings every address of every other pod once, four pods at a time. The results are in the order of the pods. */
export async function pingAllPairs(lab: string, pods: readonly PingTarget[]): Promise<PingResult[]> {
  const results: PingResult[][] = [];
  const waiting = pods.entries();
  const worker = async (): Promise<void> => {
    for (const [index, { pod }] of waiting) results[index] = await pingFrom(lab, pod, pods);
  };
  await Promise.all(Array.from({ length: 4 }, worker));
  return results.flat();
}

async function pingFrom(lab: string, from: string, pods: readonly PingTarget[]): Promise<PingResult[]> {
  const others = pods.filter(({ pod }) => pod !== from);
  const addresses = others.flatMap((target) => target.addresses);
  if (addresses.length === 0) return [];
  const limit = String(roundTripLimitMilliseconds);
  const fping = ['fping', '-C', '1', '-q', '-r', '0', '-t', limit, '-i', '1', ...addresses];
  const { stderr } = await execa('ip', ['netns', 'exec', namespaceOf(lab, from), ...fping], {
    reject: false,
  });
  const times = roundTripTimes(stderr);
  return others.flatMap(({ pod, addresses: targets }) =>
    targets.map((address) => pingResult(from, pod, address, times.get(address))),
  );
}

function pingResult(
  from: string,
  to: string,
  address: Address,
  milliseconds: number | undefined,
): PingResult {
  return milliseconds === undefined
    ? { from, to, address, ok: false }
    : { from, to, address, ok: true, milliseconds };
}

// Reads `fping -C 1 -q`: one line an address, `10.0.0.1 : 0.05`, or `-` where no answer came.
function roundTripTimes(output: string): Map<string, number> {
  const answered = output.matchAll(/^(\S+)\s+: ([\d.]+)$/gm);
  return new Map([...answered].map(([, address = '', time]) => [address, Number(time)]));
}
