/** What is wrong with a topology is said before anything is built, or when it shows while building: then all is taken back. */
import { join } from 'node:path';
import { describe, it, onTestFailed } from 'vitest';
import { expectRefusal } from '../../harness/refusal.ts';
import { weftctl } from '../../harness/test-lab.ts';
import { subnet, useBadLab } from './bad-lab.ts';

const bad = useBadLab();

describe('a topology', () => {
  const pools = (text: string): string => `${subnet}hosts: { a: }\npools: [${text}]`;
  it.each([
    ['that is broken YAML', 'subnets: { rack: [', /Flow .* at line 1, column 18|Flow .* at line \d/],
    ['that is empty', '', /expected object/],
    [
      'with an unknown field',
      `${subnet}hosts: { a: { pod: 2 } }`,
      /hosts\.a\.pod: unknown field; did you mean pods\?/,
    ],
    ['with a duplicate key', `${subnet}hosts: { a: , a: }`, /Map keys must be unique at line 2/],
    [
      'with a duplicate address',
      `${subnet}hosts: { a: { interfaces: { rack: [10.1.0.1/24] } }, b: { interfaces: { rack: [10.1.0.1/24] } } }`,
      /hosts\.b\.interfaces\.rack: 10\.1\.0\.1 is given to a already/,
    ],
    [
      'with a host name too long for an interface',
      `${subnet}hosts: { thirteen-char: }`,
      /at most 12 fit into the name/,
    ],
    ['with a host called like a pod', `${subnet}hosts: { a-pod1: }`, /names like a-pod1 are those of pods/],
    [
      'with a subnet called lo',
      'subnets: { lo: { prefixes: [10.1.0.0/24] } }\nhosts: {}',
      /lo is the loopback/,
    ],
    [
      'with two IPv4 prefixes in a subnet',
      'subnets: { rack: { prefixes: [10.1.0.0/24, 10.2.0.0/24] } }\nhosts: {}',
      /a subnet has one of each/,
    ],
    [
      'with more hosts than addresses',
      'subnets: { s: { prefixes: [10.1.0.0/31] } }\nhosts: { a: }',
      /no address left for a/,
    ],
    ['with a negative number of pods', `${subnet}hosts: { a: { pods: -1 } }`, /hosts\.a\.pods: /],
  ])('%s is refused with its faults', async (_, text, fault) => {
    const path = bad.file('topology.yaml', text);
    const ended = await weftctl('lab', 'up', '--name', 't-other', '--topology', path);
    expectRefusal(ended, /^the topology cannot be built/, path, fault);
    await bad.expectNothingLeft();
  });

  it.each([join(bad.directory, 'nowhere.yaml'), bad.directory])(
    'that cannot be read is refused: %s',
    async (path) => {
      const ended = await weftctl('lab', 'up', '--name', 't-other', '--topology', path);
      expectRefusal(ended, /^the topology file cannot be read/, path, /--topology FILE/);
      await bad.expectNothingLeft();
    },
  );

  it.each([
    [
      'overlaps another',
      '{ name: a, cidr: 10.0.0.0/8 }, { name: b, cidr: 10.2.0.0/16 }',
      /^10.2.0.0\/16 overlaps 10.0.0.0\/8/,
      'IPPool b',
      /outside 10.0.0.0\/8/,
    ],
    [
      'is smaller than its block',
      '{ name: a, cidr: 10.9.0.0/28 }',
      /^a block of \/26 is larger than/,
      'IPPool a',
      /block size of 28 or more/,
    ],
    [
      'is link-local',
      '{ name: a, cidr: 169.254.0.0/16 }',
      /^the range holds link-local/,
      'IPPool a',
      /outside 169.254.0.0\/16/,
    ],
    [
      'is link-local in IPv6',
      '{ name: a, cidr: "fe80::/64" }',
      /^the range holds link-local/,
      'IPPool a',
      /outside .*fe80::\/10/,
    ],
    ['is no range', '{ name: a, cidr: pods }', /^"pods"/, 'IPPool a', /correct/],
  ])('with a pool that %s is refused', async (_, text, what, object, next) => {
    const path = bad.file('pools.yaml', pools(text));
    expectRefusal(await weftctl('lab', 'up', '--name', 't-other', '--topology', path), what, object, next);
    await bad.expectNothingLeft();
  });

  const late: [string, string, RegExp, string, RegExp][] = [
    [
      'a route by way of nobody',
      `${subnet}hosts: { a: { routes: [{ to: 10.9.0.0/16, via: 192.0.2.1 }] } }`,
      /^the kernel refused add-route: ENETUNREACH/,
      'a routes',
      /correct the topology/,
    ],
    [
      'a configuration that is not there',
      `${subnet}hosts: { a: { runs: bird, config: no.conf } }`,
      /^the configuration of host a cannot be read/,
      'no.conf',
      /`config`/,
    ],
    [
      'a configuration that BIRD refuses',
      `${subnet}hosts: { a: { runs: bird, config: bad.conf } }`,
      /^bird ended with exit code 1/,
      'weft.t-other.a',
      /complains of.*\n.*syntax error/,
    ],
    [
      'a resource named twice',
      `${subnet}hosts: { a: { labels: { x: y } } }\nresources: [{ apiVersion: projectcalico.org/v3, kind: Node, metadata: { name: a }, spec: {} }]`,
      /names a resource twice/,
      'Node a',
      /remove one/,
    ],
    [
      'pods and no pool',
      `${subnet}hosts: { a: { pods: 1 } }\npools: []`,
      /^the lab has no pool/,
      'a-pod1',
      /`pools` in the topology/,
    ],
    [
      'more pods than addresses',
      `${subnet}hosts: { a: { pods: 5 } }\npools: [{ name: p, cidr: 10.50.0.0/30, blockSize: 30 }]`,
      /^No free IPv4 address \(pool p .*1 of 1 blocks/,
      'a-pod5',
      /Add a pool/,
    ],
  ];
  it.each(late)('%s is found while building, and all is taken back', async (_, text, what, object, next) => {
    // Otherwise the lab that should not be there makes every later case fail, too.
    onTestFailed(async () => void (await weftctl('lab', 'down', '--name', 't-other')));
    bad.file('bad.conf', 'router id nonsense;\n');
    const ended = await weftctl('lab', 'up', '--name', 't-other', '--topology', bad.file('late.yaml', text));
    expectRefusal(ended, what, object, next);
    await bad.expectNothingLeft();
  });
});
