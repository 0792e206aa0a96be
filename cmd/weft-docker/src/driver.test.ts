/** The driver as dockerd sees it: calls on its socket, with a weftd behind it that answers from memory. */
import { mkdtempSync, rmSync } from 'node:fs';
import { request, type Server } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ControlClient, type ControlServer, refuse, startControlServer } from '@weft/control';
import { createLogger } from '@weft/telemetry';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { fakeBackend } from '../../../pkg/control/test/fake-backend.ts';
import { callsOf } from './calls.ts';
import { IpamDriver } from './ipam-driver.ts';
import { NetworkDriver } from './network-driver.ts';
import { createPluginServer, listen, systemdSocket } from './server.ts';

const endpointId = 'e00c'.repeat(16);
const networkId = '972a'.repeat(16);

let directory: string;
let weftd: ControlServer | undefined;
let driver: Server;
let released: string[];
let backend: ReturnType<typeof fakeBackend>;

beforeEach(async () => {
  directory = mkdtempSync(join(tmpdir(), 'weft-docker-'));
  released = [];
  backend = fakeBackend({
    pools: () => ({
      items: [{ name: 'pool', cidr: '10.0.0.0/16', family: 'ipv4', blockSize: 26 }],
      total: 1,
    }),
    holdAddress: (id, { address = '10.0.0.5', pools }) =>
      pools?.includes('full')
        ? refuse('no-address', 'The pool has no free address', id, 'Add a pool.')
        : { kind: 'held', id, address },
    releaseAddress: (address) => {
      released.push(address);
      return { kind: 'released', address };
    },
    endpoint: (id) => {
      const request = backend.attached.get(id);
      if (request === undefined) return refuse('not-found', 'no such endpoint', id, 'Create it first.');
      const { containerId, orchestrator, interfaceName } = request;
      const rest = { hostInterface: 'cali0', mac: '', since: '' };
      return { id, containerId, orchestrator, interfaceName, addresses: ['10.0.0.5/32'], ...rest };
    },
  });
  weftd = await startControlServer({ backend, socketPath: join(directory, 'weftd.sock') });
  const client = new ControlClient(join(directory, 'weftd.sock'));
  const network = new NetworkDriver({ weftd: client, allowForwarding: async () => {} });
  const ipam = new IpamDriver({ weftd: client, newHoldId: () => 'hold' });
  driver = createPluginServer(callsOf(network, ipam), createLogger({ name: 'test', level: 'error' }));
  await listen(driver, { path: join(directory, 'weft.sock') });
});

afterEach(async () => {
  await new Promise((resolve) => driver.close(resolve));
  await weftd?.close();
  rmSync(directory, { recursive: true });
});

/** One call as dockerd makes it; status and body of the answer. */
function call(path: string, body: unknown = ''): Promise<{ status: number; answer: unknown; type: string }> {
  const text = typeof body === 'string' ? body : JSON.stringify(body);
  return new Promise((resolve, reject) => {
    const options = { socketPath: join(directory, 'weft.sock'), method: 'POST', path, agent: false };
    const outgoing = request(options, async (response) => {
      const chunks = await response.toArray();
      const answer = JSON.parse(Buffer.concat(chunks).toString());
      resolve({ status: response.statusCode ?? 0, answer, type: response.headers['content-type'] ?? '' });
    });
    outgoing.on('error', reject).end(text);
  });
}

const refused = (text: string): object => ({ status: 500, answer: { Err: expect.stringContaining(text) } });
const endpoint = {
  NetworkID: networkId,
  EndpointID: endpointId,
  Interface: { Address: '10.0.0.5/32', AddressIPv6: '', MacAddress: '' },
  Options: {},
};

describe('the life of a container', () => {
  it('is answered call by call', async () => {
    expect(await call('/Plugin.Activate')).toEqual({
      status: 200,
      answer: { Implements: ['NetworkDriver', 'IpamDriver'] },
      type: 'application/vnd.docker.plugins.v1.1+json',
    });
    const pool = await call('/IpamDriver.RequestPool', {
      AddressSpace: 'weft',
      Pool: '10.0.0.0/16',
      V6: false,
    });
    expect(pool.answer).toMatchObject({ PoolID: 'weft/ipv4/10.0.0.0/16', Pool: '10.0.0.0/16' });
    const address = await call('/IpamDriver.RequestAddress', {
      PoolID: 'weft/ipv4',
      Address: '',
      Options: null,
    });
    expect(address.answer).toEqual({ Address: '10.0.0.5/32', Data: {} });
    const created = await call('/NetworkDriver.CreateEndpoint', endpoint);
    expect(created.answer).toEqual({ Interface: { MacAddress: 'ee:ee:ee:ee:ee:ee' } });
    expect(backend.attached.get(`docker-${endpointId}`)).toMatchObject({ heldAddresses: true });
    const joined = await call('/NetworkDriver.Join', {
      EndpointID: endpointId,
      SandboxKey: '/x',
      Options: {},
    });
    expect(joined.answer).toMatchObject({
      Gateway: '169.254.1.1',
      InterfaceName: { SrcName: 'tmpe00ce00ce00c' },
    });
    for (const path of ['Leave', 'DeleteEndpoint', 'DeleteEndpoint']) {
      const end = { NetworkID: networkId, EndpointID: endpointId };
      expect(await call(`/NetworkDriver.${path}`, end)).toMatchObject({ status: 200, answer: {} });
    }
    await call('/IpamDriver.ReleaseAddress', { PoolID: 'weft/ipv4', Address: '10.0.0.5' });
    expect(released).toEqual(['10.0.0.5']);
    expect(backend.attached.size).toBe(0);
  });

  it('keeps the MAC that was asked for out of the answer, which dockerd would take for a change', async () => {
    const Interface = { ...endpoint.Interface, MacAddress: '02:42:00:00:00:01' };
    expect((await call('/NetworkDriver.CreateEndpoint', { ...endpoint, Interface })).answer).toEqual({
      Interface: {},
    });
  });
});

describe('what cannot be', () => {
  it.each<[string, string, unknown, string]>([
    ['a join without an endpoint', '/NetworkDriver.Join', { EndpointID: endpointId }, 'Create it first.'],
    ['a body that is not JSON', '/NetworkDriver.Join', 'hello', 'the body is not JSON'],
    ['a call without its fields', '/NetworkDriver.CreateEndpoint', {}, 'EndpointID'],
    ['a pool of somebody else', '/IpamDriver.RequestAddress', { PoolID: 'x' }, 'create it again'],
    [
      'a full pool',
      '/IpamDriver.RequestAddress',
      { PoolID: 'weft/ipv4/full' },
      'The pool has no free address',
    ],
    [
      'an address for a gateway',
      '/IpamDriver.RequestAddress',
      {
        PoolID: 'weft/ipv4',
        Address: '10.0.0.1',
        Options: { RequestAddressType: 'com.docker.network.gateway' },
      },
      '--gateway 10.0.0.1',
    ],
    ['more than a megabyte', '/NetworkDriver.Join', 'x'.repeat(1024 * 1024 + 1), 'Send less.'],
  ])('is said of %s, and nothing is made', async (_, path, body, text) => {
    expect(await call(path, body)).toMatchObject(refused(text));
    expect(backend.attached.size).toBe(0);
  });

  it('is said of an endpoint that is there with another address', async () => {
    await call('/NetworkDriver.CreateEndpoint', endpoint);
    expect(await call('/NetworkDriver.CreateEndpoint', endpoint)).toMatchObject({ status: 200 });
    const other = { ...endpoint, Interface: { Address: '10.0.0.6/32' } };
    expect(await call('/NetworkDriver.CreateEndpoint', other)).toMatchObject(refused('10.0.0.5/32'));
  });

  it('is said of an unknown call, with 404', async () => {
    expect(await call('/NetworkDriver.AllocateNetwork', {})).toMatchObject({ status: 404 });
  });
});

describe('while weftd is away', () => {
  it('answers what needs no weftd, and waits for it with the rest', async () => {
    await weftd?.close();
    weftd = undefined;
    expect(await call('/NetworkDriver.GetCapabilities')).toMatchObject({ status: 200 });
    expect(await call('/NetworkDriver.DeleteNetwork', { NetworkID: networkId })).toMatchObject({
      status: 200,
    });
    const waiting = call('/NetworkDriver.CreateEndpoint', endpoint);
    weftd = await startControlServer({ backend, socketPath: join(directory, 'weftd.sock') });
    expect(await waiting).toMatchObject({ status: 200 });
  });
});

describe('a socket of systemd', () => {
  it('is taken only when it is meant for this process', () => {
    expect(systemdSocket({ LISTEN_PID: '42', LISTEN_FDS: '1' }, 42)).toBe(3);
    expect(systemdSocket({ LISTEN_PID: '41', LISTEN_FDS: '1' }, 42)).toBeUndefined();
    expect(systemdSocket({}, 42)).toBeUndefined();
  });
});
