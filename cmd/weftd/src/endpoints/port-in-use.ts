/**
 * Whether a program of the host listens on a port: publishing it would take that program's clients away.
 */
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { createServer } from 'node:net';
import { type PublishedPort, portFamilies } from '@weft/calc';
import { type Family, familyOf } from '@weft/ip';

const anyAddress = { 4: '0.0.0.0', 6: '::' };

/** Tries to listen there for a moment, in each family. What cannot be tried (SCTP, an address that is not there) is free. */
export async function isPortInUse(port: PublishedPort, families: readonly Family[]): Promise<boolean> {
  if (port.protocol === 'sctp') return false;
  const tries = portFamilies(port, families).map((family) =>
    port.protocol === 'tcp' ? refusesTcp(port, family) : refusesUdp(port, family),
  );
  return (await Promise.all(tries)).includes(true);
}

function hostOf({ hostAddress }: PublishedPort, family: Family): string {
  return hostAddress !== undefined && familyOf(hostAddress) === family ? hostAddress : anyAddress[family];
}

async function refusesTcp(port: PublishedPort, family: Family): Promise<boolean> {
  const server = createServer();
  const where = { host: hostOf(port, family), port: port.hostPort, ipv6Only: family === 6, exclusive: true };
  return refuses(once(server.listen(where), 'listening'), () => server.close());
}

async function refusesUdp(port: PublishedPort, family: Family): Promise<boolean> {
  const socket = createSocket({ type: `udp${family}`, ipv6Only: family === 6 });
  const listening = once(socket, 'listening');
  socket.bind({ address: hostOf(port, family), port: port.hostPort, exclusive: true });
  return refuses(listening, () => socket.close());
}

async function refuses(listening: Promise<unknown>, close: () => void): Promise<boolean> {
  try {
    await listening;
    return false;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EADDRINUSE';
  } finally {
    close();
  }
}
