import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { type AddressInfo, createServer } from 'node:net';
import type { PublishedPort } from '@weft/calc';
import { address } from '@weft/ip';
import { afterEach, describe, expect, it } from 'vitest';
import { isPortInUse } from './port-in-use.ts';

const closing: (() => void)[] = [];
afterEach(() => {
  for (const close of closing.splice(0)) close();
});

async function tcpPort(host: string): Promise<number> {
  const server = createServer().listen(0, host);
  await once(server, 'listening');
  closing.push(() => server.close());
  return (server.address() as AddressInfo).port;
}

async function udpPort(host: string): Promise<number> {
  const socket = createSocket('udp4').bind(0, host);
  await once(socket, 'listening');
  closing.push(() => socket.close());
  return socket.address().port;
}

function published(protocol: PublishedPort['protocol'], hostPort: number, host?: string): PublishedPort {
  const port = { protocol, hostPort, containerPort: 80 };
  return host === undefined ? port : { ...port, hostAddress: address(host) };
}

describe('a port of the host', () => {
  it('is in use where a program listens, on all addresses and on that one', async () => {
    const port = await tcpPort('127.0.0.7');
    expect(await isPortInUse(published('tcp', port, '127.0.0.7'), [4])).toBe(true);
    expect(await isPortInUse(published('tcp', port), [4, 6])).toBe(true);
    expect(await isPortInUse(published('tcp', port, '127.0.0.8'), [4])).toBe(false);
    expect(await isPortInUse(published('tcp', port), [6])).toBe(false);
    expect(await isPortInUse(published('udp', port), [4])).toBe(false);
  });

  it('is in use by UDP as well', async () => {
    const port = await udpPort('127.0.0.7');
    expect(await isPortInUse(published('udp', port), [4])).toBe(true);
    expect(await isPortInUse(published('udp', port, '127.0.0.8'), [4])).toBe(false);
  });

  it('is free again after it was tried, and where it cannot be tried', async () => {
    const port = await tcpPort('127.0.0.7');
    for (const close of closing.splice(0)) close();
    for (let time = 0; time < 2; time += 1) {
      expect(await isPortInUse(published('tcp', port), [4, 6])).toBe(false);
      expect(await isPortInUse(published('udp', port), [4, 6])).toBe(false);
    }
    expect(await isPortInUse(published('tcp', port, '192.0.2.77'), [4])).toBe(false);
    expect(await isPortInUse(published('sctp', port), [4])).toBe(false);
  });
});
