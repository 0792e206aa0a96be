/** The MTU of containers that ask for none. */
import type { LocalFacts } from '@weft/calc';

const fallbackBytes = 1500;

/** The smallest MTU of the host's interfaces that are up and have an address: their packets may leave by any of them. */
export function nodeMtuBytes({ interfaces }: LocalFacts): number {
  const used = interfaces.filter(({ name, up, addresses }) => up && name !== 'lo' && addresses.length > 0);
  return used.length === 0 ? fallbackBytes : Math.min(...used.map(({ mtuBytes }) => mtuBytes));
}
