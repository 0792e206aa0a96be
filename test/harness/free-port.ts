/**
 * A TCP port for a test.
 */
import { once } from 'node:events';
import { createServer } from 'node:net';

/** Gives a port nobody listens on at an address of this machine. */
export async function freePort(host: string): Promise<number> {
  const probe = createServer().listen(0, host);
  await once(probe, 'listening');
  const bound = probe.address();
  probe.close();
  await once(probe, 'close');
  if (bound === null || typeof bound === 'string') throw new Error(`no port is free at ${host}`);
  return bound.port;
}
