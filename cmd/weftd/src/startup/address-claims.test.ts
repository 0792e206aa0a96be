import { apiVersion, type Node } from '@weft/resources';
import { createLogger } from '@weft/telemetry';
import { expect, it } from 'vitest';
import { AddressClaims } from './address-claims.ts';

const node = (name: string, ipv4Address: string, ipv6Address?: string): Node => ({
  apiVersion,
  kind: 'Node',
  metadata: { name },
  spec: { bgp: { ipv4Address, ...(ipv6Address && { ipv6Address }) } },
});

it('tells of each Node with an address of this one once, whatever its prefix length, until it is gone', () => {
  const written: string[] = [];
  const log = createLogger({
    name: 't',
    level: 'info',
    destination: { write: (line) => written.push(line) },
  });
  const claims = new AddressClaims('n1', log);
  const own = node('n1', '10.0.0.1/24', 'fd00::1/64');
  expect(claims.look([own, node('n2', '10.0.0.2/24', 'fd00::2/64')])).toEqual([]);
  const nodes = [own, node('n2', '10.0.0.1/16', 'fd00::2/64'), node('n3', '10.0.0.3/24', 'fd00::1/128')];
  const said = [
    'Node n2 says that it has 10.0.0.1, the address of this node, n1',
    'Node n3 says that it has fd00::1, the address of this node, n1',
  ];
  expect(claims.look(nodes)).toEqual(said);
  expect(claims.look(nodes)).toEqual(said);
  expect(written).toHaveLength(2);
  claims.look([own]);
  claims.look(nodes);
  expect(written).toHaveLength(4);
});
