import { type Address, address, type Family } from '@weft/ip';
import { describe, expect, it } from 'vitest';
import {
  conflictingPort,
  PORTS_ANNOTATION,
  type PublishedPort,
  portText,
  publishedPorts,
} from './published-ports.ts';

function port(
  hostPort: number,
  hostAddress?: string,
  protocol: PublishedPort['protocol'] = 'tcp',
): PublishedPort {
  const base = { protocol, hostPort, containerPort: 80 };
  return hostAddress === undefined ? base : { ...base, hostAddress: address(hostAddress) };
}

describe('the ports in an annotation', () => {
  const read = (text: string): PublishedPort[] =>
    publishedPorts({ metadata: { name: 'x', annotations: { [PORTS_ANNOTATION]: text } } });

  it('are read as they were written', () => {
    const ports = [port(80), port(53, 'fd00::1', 'udp')];
    expect(read(JSON.stringify(ports))).toEqual(ports);
  });

  it.each([
    ['no JSON', '[{'],
    ['no list', '{"protocol":"tcp","hostPort":1,"containerPort":1}'],
    ['no port', '[7, null, "tcp"]'],
    ['a protocol without ports', '[{"protocol":"icmp","hostPort":1,"containerPort":1}]'],
    ['port 0', '[{"protocol":"tcp","hostPort":0,"containerPort":1}]'],
    ['a port beyond the last', '[{"protocol":"tcp","hostPort":1,"containerPort":65536}]'],
    ['no address', '[{"protocol":"tcp","hostAddress":"here","hostPort":1,"containerPort":1}]'],
  ])('are none where there is %s', (_, text) => {
    expect(read(text)).toEqual([]);
  });

  it('are none without it', () => {
    expect(publishedPorts({ metadata: { name: 'x' } })).toEqual([]);
  });
});

describe('two claims', () => {
  const both: readonly Family[] = [4, 6];
  it.each<[string, PublishedPort, readonly Family[], PublishedPort, readonly Family[], boolean]>([
    ['the same port', port(80), both, port(80), both, true],
    ['another port', port(80), both, port(81), both, false],
    ['another protocol', port(53, undefined, 'tcp'), both, port(53, undefined, 'udp'), both, false],
    ['one address and all', port(80, '10.0.0.1'), both, port(80), both, true],
    ['one address and all of its family', port(80, '0.0.0.0'), both, port(80, '10.0.0.1'), both, true],
    ['two addresses', port(80, '10.0.0.1'), both, port(80, '10.0.0.2'), both, false],
    ['all of either family', port(80, '0.0.0.0'), both, port(80, '::'), both, false],
    ['all, by containers of different families', port(80), [4], port(80), [6], false],
    ['all and one of a family it has not', port(80), [4], port(80, 'fd00::1'), both, false],
  ])('of %s', (_, port, families, other, otherFamilies, isConflict) => {
    const mine = { ports: [port], families };
    const theirs = { ports: [other], families: otherFamilies };
    expect(conflictingPort(mine, theirs)).toBe(isConflict ? port : undefined);
    expect(conflictingPort(theirs, mine)).toBe(isConflict ? other : undefined);
  });

  it('may be one claim that asks for a port twice', () => {
    const claim = { ports: [port(80), port(80, '10.0.0.1')], families: both };
    expect(conflictingPort(claim, claim)).toBe(claim.ports[0]);
    const fine = { ports: [port(80), port(81)], families: both };
    expect(conflictingPort(fine, fine)).toBeUndefined();
  });
});

it.each<[PublishedPort, string]>([
  [port(80), '80/tcp'],
  [port(53, '10.0.0.1', 'udp'), '10.0.0.1:53/udp'],
  [port(80, 'fd00::1' as Address), '[fd00::1]:80/tcp'],
])('%j is written %s', (published, text) => {
  expect(portText(published)).toBe(text);
});
