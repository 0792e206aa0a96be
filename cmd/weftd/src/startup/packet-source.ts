/**
 * Which address packets to a destination leave with: what the kernel says when a UDP socket is connected, which sends
 * nothing. Source: Calico's can-reach does the same.
 */
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import type { AddressFacts } from '@weft/calc';
import { address, type Family } from '@weft/ip';

/** Any port: no packet is sent. */
const PORT = 80;

/** How long a resolver may take for the destination's name, in ms. */
const DEADLINE_MS = 10_000;

/**
 * The source of packets to a destination in a family, or why none leave.
 *
 * @param destination an address, or a name that is resolved
 */
export async function packetSource(
  destination: string,
  family: Family,
): Promise<NonNullable<AddressFacts['source']>> {
  const socket = createSocket(`udp${family}`);
  try {
    socket.connect(PORT, destination);
    await once(socket, 'connect', { signal: AbortSignal.timeout(DEADLINE_MS) });
    return { address: address(socket.address().address.replace(/%.*$/, '')) };
  } catch (error) {
    return { reason: reasonOf(error, family) };
  } finally {
    socket.close();
  }
}

function reasonOf(error: unknown, family: Family): string {
  const { code = 'EIO', name } = error as NodeJS.ErrnoException;
  if (name === 'AbortError') return `its name was not resolved within ${DEADLINE_MS / 1000} s`;
  if (code === 'ENETUNREACH' || code === 'EHOSTUNREACH') return `no IPv${family} route leads there`;
  if (code === 'ENOTFOUND' || code === 'EAI_AGAIN') return `it has no IPv${family} address (${code})`;
  return `IPv${family} packets cannot be sent there (${code})`;
}
