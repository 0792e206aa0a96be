import { readdirSync, readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { defaultTopology, parseTopology, withHost } from './topology.ts';

function issuesOf(text: string): string[] {
  const parsed = parseTopology(text);
  return parsed.ok ? [] : parsed.issues.map(({ path, reason }) => `${path}: ${reason}`);
}

const oneSubnet = 'subnets: { rack: { prefixes: [10.1.0.0/24] } }\n';

describe('the topology file', () => {
  it.each(readdirSync(`${import.meta.dirname}/../../../test/topologies`))('reads the example %s', (name) => {
    const text = readFileSync(
      `${import.meta.dirname}/../../../test/topologies/${name}/topology.yaml`,
      'utf8',
    );
    expect(issuesOf(text)).toEqual([]);
  });

  it('gives hosts the addresses the file leaves open, in order, past those it names', () => {
    const parsed = parseTopology(
      `${oneSubnet}hosts: { a: , b: { interfaces: { rack: [10.1.0.1/24] } }, c: }`,
    );
    const addresses = parsed.ok ? parsed.topology.hosts.map((host) => host.interfaces[0]?.addresses) : parsed;
    expect(addresses).toEqual([['10.1.0.2/24'], ['10.1.0.1/24'], ['10.1.0.3/24']]);
  });

  it('keeps resources in a file unless told to have an etcd', () => {
    const kinds = ['', 'datastore: etcd\n'].map((line) => {
      const parsed = parseTopology(`${oneSubnet}${line}hosts: { a: }`);
      return parsed.ok && parsed.topology.datastore;
    });
    expect(kinds).toEqual(['embedded', 'etcd']);
    expect(issuesOf(`${oneSubnet}datastore: redis\nhosts: { a: }`)).toEqual([
      expect.stringMatching(/^datastore: .*embedded/),
    ]);
  });

  it.each([
    [
      'an unknown field of a host',
      'hosts: { a: { pod: 2 } }',
      'hosts.a.pod: unknown field; did you mean pods?',
    ],
    ['an unknown field of the file', 'hosts: {}\nhost: 3', 'host: unknown field; did you mean hosts?'],
    [
      'a duplicate address',
      'hosts: { a: { interfaces: { rack: [10.1.0.1/24] } }, b: { interfaces: { rack: [10.1.0.1/24] } } }',
      '10.1.0.1 is given to a already',
    ],
    [
      'an address outside its subnet',
      'hosts: { a: { interfaces: { rack: [10.9.0.1/24] } } }',
      '10.9.0.1 is not in subnet rack',
    ],
    [
      'a name too long for an interface',
      'hosts: { a-very-long-host-name: }',
      'at most 12 fit into the name of its interface',
    ],
    [
      'a subnet that is not there',
      'hosts: { a: { interfaces: { rock: } } }',
      'hosts.a.interfaces.rock: there is no subnet rock',
    ],
    [
      'a BIRD host without configuration',
      'hosts: { a: { runs: bird } }',
      'a host that runs bird needs its configuration file',
    ],
    [
      'pods on a host that is no node',
      'hosts: { a: { runs: none, pods: 1 } }',
      'a host that runs none cannot have pods',
    ],
    [
      'a prefix with host bits',
      'hosts: { a: { routes: [{ to: 10.0.0.1/8, via: 10.1.0.1 }] } }',
      'hosts.a.routes.0.to',
    ],
  ])('refuses %s', (_, text, expected) => {
    expect(issuesOf(`${oneSubnet}${text}`).join('\n')).toContain(expected);
  });
});

describe('the default topology', () => {
  it('has hosts node1… on one dual-stack segment, without routes', () => {
    const { hosts } = defaultTopology(2, 3);
    expect(hosts.map(({ name, pods, routes }) => [name, pods, routes.length])).toEqual([
      ['node1', 3, 0],
      ['node2', 3, 0],
    ]);
    expect(hosts[1]?.interfaces[0]?.addresses).toEqual(['10.0.0.2/16', 'fd00:10::2/64']);
  });

  it('grows by a host under the next free name and address', () => {
    const grown = withHost(defaultTopology(2, 0), undefined, 1);
    expect(grown.ok && grown.host).toMatchObject({
      name: 'node3',
      interfaces: [{ addresses: ['10.0.0.3/16', 'fd00:10::3/64'] }],
    });
  });

  it('refuses a host whose name is taken', () => {
    expect(withHost(defaultTopology(2, 0), 'node2', 0)).toMatchObject({ ok: false });
  });
});
