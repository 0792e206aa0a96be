import { address, prefix } from '@weft/ip';
import { FakeKernel, MAIN_TABLE, type Route, WEFT_ROUTE_PROTOCOL } from '@weft/kernel';
import { describe, expect, test } from 'vitest';
import { destinationOf } from './destination.ts';
import { kernelLookup } from './kernel-lookup.ts';

function host(...routes: Partial<Route>[]): FakeKernel {
  const kernel = new FakeKernel();
  kernel.apply([{ op: 'add-bridge', name: 'eth0' }]);
  const index = kernel.link('eth0')?.index ?? 0;
  kernel.apply([
    { op: 'set-link', index, up: true },
    {
      op: 'add-address',
      address: { interfaceIndex: index, address: address('10.0.0.1'), prefixLength: 24, scope: 'global' },
    },
    ...routes.map((route) => ({
      op: 'add-route' as const,
      route: {
        table: MAIN_TABLE,
        destination: prefix('10.1.0.0/26'),
        metric: 1024,
        type: 'unicast' as const,
        protocol: WEFT_ROUTE_PROTOCOL,
        scope: 'global' as const,
        nextHops: route.type === 'blackhole' ? [] : [{ gateway: address('10.0.0.2'), interfaceIndex: index }],
        ...route,
      },
    })),
  ]);
  return kernel;
}

function look(kernel: FakeKernel, text: string): unknown {
  const destination = destinationOf(text);
  if ('code' in destination) throw new Error('not a destination');
  return kernelLookup(kernel, destination);
}

describe('what the kernel does with a packet', () => {
  test('names the route it takes, who wrote it, and its interface', () => {
    expect(look(host({}), '10.1.0.5')).toEqual({
      address: '10.1.0.5',
      route: {
        prefix: '10.1.0.0/26',
        type: 'unicast',
        via: [{ gateway: '10.0.0.2', interface: 'eth0' }],
        metric: 1024,
        table: MAIN_TABLE,
        protocol: 'weft',
      },
    });
  });

  test('a route of others that is more specific comes first', () => {
    const kernel = host({}, { destination: prefix('10.1.0.5/32'), protocol: 4 });
    expect(look(kernel, '10.1.0.5')).toMatchObject({ route: { prefix: '10.1.0.5/32', protocol: 'static' } });
  });

  test('of a prefix its first address is asked', () => {
    expect(look(host({}), '10.1.0.0/26')).toMatchObject({ address: '10.1.0.0' });
  });

  test('where a packet is dropped, the route that drops it is named', () => {
    const kernel = host({}, { destination: prefix('10.1.0.0/28'), type: 'blackhole' });
    expect(look(kernel, '10.1.0.5')).toMatchObject({
      dropping: { prefix: '10.1.0.0/28', type: 'blackhole', protocol: 'weft' },
    });
  });

  test('without any route there is only the address', () => {
    expect(look(host(), '192.0.2.1')).toEqual({ address: '192.0.2.1' });
  });
});

test('a prefix with host bits is refused by name of the one that is meant', () => {
  expect(destinationOf('10.1.0.5/26')).toMatchObject({
    code: 'invalid-request',
    message: expect.stringContaining('the network is 10.1.0.0/26'),
  });
});
