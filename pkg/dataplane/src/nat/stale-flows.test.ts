import type { PortForward } from '@weft/calc';
import { address } from '@weft/ip';
import { FakeKernel, type Flow } from '@weft/kernel';
import { beforeEach, expect, it } from 'vitest';
import { type FlowEvent, StaleFlows } from './stale-flows.ts';

const [udp, tcp] = [17, 6];
const client = '192.0.2.7';
const host = '10.0.0.1';
const port: PortForward = {
  family: 4,
  protocol: 'udp',
  hostPort: 5353,
  to: address('10.1.0.2'),
  containerPort: 53,
  reason: 'published by web',
};

let kernel: FakeKernel;
let events: FlowEvent[];
let stale: StaleFlows;
beforeEach(() => {
  kernel = new FakeKernel();
  kernel.apply([
    {
      op: 'add-address',
      address: { interfaceIndex: 1, address: address(host), prefixLength: 32, scope: 'global' },
    },
  ]);
  events = [];
  const isOfPool = (one: string): boolean => one.startsWith('10.1.');
  stale = new StaleFlows({ kernel, isOfPool, report: (event) => events.push(event) });
});

/** From a socket of `source` to `destination`, answered by `server`. */
function track(source: string, destination: string, server = destination, protocol = udp): void {
  const split = (text: string): [string, number] => {
    const [name = '', number = '5353'] = text.split(':');
    return [name, Number(number)];
  };
  const [to, destinationPort] = split(destination);
  const [by, sourcePort] = split(server);
  kernel.track({
    protocol,
    original: { source: address(source), sourcePort: 40000, destination: address(to), destinationPort },
    reply: { source: address(by), sourcePort, destination: address(source), destinationPort: 40000 },
  });
}

const text = ({ original, reply }: Flow): string =>
  `${original.source} ${original.destination} ${reply.source}`;
const left = (): string[] => kernel.flows({ family: 4 }).map(text);

it('forgets what an address began and what it was to answer, of every protocol, and nothing else', () => {
  track('10.1.0.1', client);
  track(client, host, '10.1.0.1');
  track(client, '10.1.0.1', '10.1.0.1', tcp);
  track('10.1.0.2', client);
  track(client, host, '10.1.0.2');
  stale.forget([address('10.1.0.1')]);
  expect(left()).toEqual([`10.1.0.2 ${client} ${client}`, `${client} ${host} 10.1.0.2`]);
  expect(events).toEqual([{ kind: 'flows-forgotten', flows: 3, of: '10.1.0.1' }]);
});

it.each([
  ['led to another container', host, '10.1.0.1:53', udp, true],
  ['led to another port of it', host, '10.1.0.2:54', udp, true],
  ['was there before the port was published', host, host, udp, true],
  ['came by loopback', '127.0.0.1', '10.1.0.1:53', udp, true],
  ['leads where it should', host, '10.1.0.2:53', udp, false],
  ['is for another port', `${host}:53`, '10.1.0.1:53', udp, false],
  ['is for another host', '10.0.0.9', '10.1.0.1:53', udp, false],
  ['was translated by somebody else', host, '172.17.0.2:53', udp, false],
  ['is of TCP', host, '10.1.0.1:53', tcp, false],
])('of a published port, what %s', (_what, destination, server, protocol, isForgotten) => {
  track(client, destination, server, protocol);
  stale.follow([port]);
  expect(left()).toHaveLength(isForgotten ? 0 : 1);
});

it('looks at a published port once, unless the kernel could not be asked', () => {
  kernel.failNext('read', 'ENOMEM');
  stale.follow([port]);
  expect(events).toMatchObject([{ kind: 'flows-not-forgotten', reason: expect.stringContaining('ENOMEM') }]);
  track(client, host, '10.1.0.1');
  stale.follow([port]);
  expect(left()).toEqual([]);
  track(client, host, '10.1.0.1');
  stale.follow([port]);
  expect(left()).toHaveLength(1);
});
