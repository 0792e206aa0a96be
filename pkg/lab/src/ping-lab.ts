/** `lab ping`: every pod of a lab pings every other. */
import { podAddresses } from './observe.ts';
import { type PingResult, pingAllPairs } from './ping.ts';
import type { Progress } from './progress.ts';
import { requireState } from './state.ts';

/** Every pod of the lab pings every address of every other pod once. */
export async function pingAll(lab: string, progress: Progress): Promise<PingResult[]> {
  const state = requireState(lab);
  const addresses = await podAddresses(lab);
  const pods = state.pods.map(({ name }) => ({
    pod: name,
    addresses: addresses.get(name) ?? [],
  }));
  if (pods.length > 1) progress(`pinging all pairs of ${pods.length} pods`);
  return pingAllPairs(lab, pods);
}
