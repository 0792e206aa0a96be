import { address, prefix } from '@weft/ip';
import { expect, it } from 'vitest';
import { kernelLines, type RouteInKernel } from './kernel-routes.ts';

function routeTo(destination: string, gateway: string): RouteInKernel {
  const via = [{ gateway: address(gateway), interface: 'eth0' }];
  const route = { type: 'unicast', via, metric: 1024, class: 'no-encap', reason: 'learned' } as const;
  return { prefix: prefix(destination), metric: 1024, route };
}

it('routes in a row that lead the same way are one line, and so are those that nobody wants', () => {
  const left = { prefix: prefix('10.0.3.0/24'), metric: 1024 };
  const lines = kernelLines('written', [
    routeTo('10.0.0.0/24', '192.0.2.2'),
    routeTo('10.0.1.0/24', '192.0.2.2'),
    routeTo('10.0.2.0/24', '192.0.2.3'),
    left,
    { ...left, prefix: prefix('10.0.4.0/24') },
    { ...left, metric: 512 },
  ]);
  expect(lines.map(({ metric, prefixes, route }) => [prefixes, metric, route?.via[0]?.gateway])).toEqual([
    [['10.0.0.0/24', '10.0.1.0/24'], 1024, '192.0.2.2'],
    [['10.0.2.0/24'], 1024, '192.0.2.3'],
    [['10.0.3.0/24', '10.0.4.0/24'], 1024, undefined],
    [['10.0.3.0/24'], 512, undefined],
  ]);
});
