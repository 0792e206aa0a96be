/**
 * Whether packets as large as this host sends them reach the other nodes: pings that must not be cut on their way. What a
 * path loses by being too small is large packets alone, and nothing else shows it.
 */
import { type Address, familyOf } from '@weft/ip';
import { type Node, nodeAddresses } from '@weft/resources';
import { runBounded } from '../diags/bounded-command.ts';
import type { Check } from './checks.ts';

/** One end of another node. */
export interface Peer {
  readonly nodeName: string;
  readonly address: Address;
}

/** Sends one packet of so many bytes, IP header included, that must not be cut; true when it is answered. */
export type Probe = (address: Address, bytes: number) => Promise<boolean>;

/** The interface packets to an address leave by. */
export interface Way {
  readonly interface: string;
  readonly mtuBytes: number;
}

const smallestBytes = { 4: 576, 6: 1280 } as const;

/** The nodes' addresses but for those of this host. */
export function peersOf(nodes: readonly Node[], ownAddresses: ReadonlySet<string>): Peer[] {
  return nodes
    .flatMap((node) => nodeAddresses(node).map((address) => ({ nodeName: node.metadata.name, address })))
    .filter(({ address }) => !ownAddresses.has(address))
    .sort((left, right) => (left.nodeName < right.nodeName ? -1 : 1));
}

/** Finds out what reaches a peer. */
export async function checkPath(
  { address, nodeName }: Peer,
  way: Way | undefined,
  probe: Probe,
): Promise<Check> {
  const name = `path to ${nodeName} (${address})`;
  if (way === undefined)
    return { name, result: 'FAIL', found: 'no route', hint: `See \`ip route get ${address}\`.` };
  const { interface: device, mtuBytes } = way;
  if (await probe(address, mtuBytes))
    return { name, result: 'OK', found: `packets of ${mtuBytes} bytes arrive` };
  const smallest = smallestBytes[familyOf(address)];
  if (!(await probe(address, smallest)))
    return {
      name,
      result: 'SKIP',
      found: `no answer, not even to ${smallest} bytes`,
      hint: 'Are pings let through?',
    };
  const bytes = await largest(smallest, mtuBytes, (size) => probe(address, size));
  return {
    name,
    result: 'FAIL',
    found: `packets of ${bytes} bytes arrive, and not those of ${mtuBytes} that ${device} sends`,
    hint:
      `Raise the MTU on the way to ${nodeName}, or set that of ${device} to ${bytes} ` +
      `(\`ip link set ${device} mtu ${bytes}\`): new workloads then get what fits, tunnels included.`,
  };
}

/** The largest size that arrives; `low` does and `high` does not. */
async function largest(
  low: number,
  high: number,
  arrives: (bytes: number) => Promise<boolean>,
): Promise<number> {
  let [good, bad] = [low, high];
  while (bad - good > 1) {
    const middle = Math.floor((good + bad) / 2);
    if (await arrives(middle)) good = middle;
    else bad = middle;
  }
  return good;
}

/** Asks by the program ping (iputils): twice, since the first packet may be lost to ARP. */
export const ping: Probe = async (address, bytes) => {
  const headers = familyOf(address) === 4 ? 28 : 48;
  const size = String(bytes - headers);
  const { trouble } = await runBounded([
    'ping',
    '-n',
    '-c',
    '2',
    '-i',
    '0.2',
    '-W',
    '1',
    '-M',
    'do',
    '-s',
    size,
    address,
  ]);
  return trouble === undefined;
};

/** The way to an address, as `ip route get` tells it. */
export async function wayTo(address: Address): Promise<Way | undefined> {
  const route = await runBounded(['ip', '-j', 'route', 'get', address]);
  const device = firstOf<{ dev?: string }>(route.text)?.dev;
  if (route.trouble !== undefined || device === undefined) return undefined;
  const link = await runBounded(['ip', '-j', 'link', 'show', 'dev', device]);
  const mtuBytes = firstOf<{ mtu?: number }>(link.text)?.mtu;
  return mtuBytes === undefined ? undefined : { interface: device, mtuBytes };
}

function firstOf<T>(text: string): T | undefined {
  try {
    return (JSON.parse(text) as T[])[0];
  } catch {
    return undefined;
  }
}
