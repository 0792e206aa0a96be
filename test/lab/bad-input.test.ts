/** Whatever a user or the machine gets wrong is refused in three parts (what, which object, what to do), and leaves nothing. */
import { mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openEmbedded } from '@weft/datastore';
import {
  addPod,
  installation,
  parseTopology,
  removePod,
  resolveLab,
  restartDaemon,
  status,
  stopDaemon,
} from '@weft/lab';
import { execa } from 'execa';
import { afterAll, beforeAll, describe, expect, it, onTestFailed } from 'vitest';
import { type Ended, expectDaemonRefusal, expectRefusal } from '../harness/refusal.ts';
import { useLab, weftctl } from '../harness/test-lab.ts';
import { traces } from '../harness/traces.ts';
import { waitFor } from '../harness/wait-for.ts';

const repository = join(import.meta.dirname, '../..');
const directory = mkdtempSync(join(tmpdir(), 'weft-bad-input-'));
afterAll(() => rmSync(directory, { recursive: true }));

const names = ['t-bad', 't-other'];
const subnet = 'subnets: { rack: { prefixes: [10.1.0.0/24] } }\n';

// Two nodes share a pool of four addresses; on `plain` the tests start daemons of their own.
const parsed = parseTopology(`${subnet}
hosts: { node1: { pods: 1 }, node2: , plain: { runs: none } }
pools: [{ name: tiny, cidr: 10.50.0.0/30, blockSize: 30 }]
holdTimeSeconds: 3`);
if (!parsed.ok) throw new Error(JSON.stringify(parsed.issues));
const lab = useLab('t-bad', parsed.topology);

let before: string[];
beforeAll(async () => {
  before = await traces(...names);
});

/** Expects the machine to be as it was when the tests began. */
async function expectNothingLeft(): Promise<void> {
  expect(await traces(...names)).toEqual(before);
}

function file(name: string, text: string): string {
  writeFileSync(join(directory, name), text);
  return join(directory, name);
}

async function end(program: string, args: string[], options: object = {}): Promise<Ended> {
  const { stdout, stderr, exitCode } = await execa(program, args, {
    reject: false,
    timeout: 20_000,
    ...options,
  });
  return { stdout: String(stdout), stderr: String(stderr), exitCode: exitCode ?? -1 };
}

describe('weftctl lab', () => {
  it.each([
    ['up', ['--name', 't-other']],
    ['down', ['--name', 't-bad']],
    ['status', ['--name', 't-bad']],
    ['add-node', ['--name', 't-bad']],
    ['exec', ['--name', 't-bad', 'node1', '--', 'true']],
  ])('%s needs root', async (verb, args) => {
    // Another user may not be allowed into the checkout's parents, so he sees it at another place.
    const script = `mount --bind '${repository}' /mnt && exec setpriv --reuid=65534 --regid=65534 --clear-groups "$@"`;
    const words = ['/mnt/node_modules/.bin/weftctl', 'lab', verb, ...args];
    const ended = await end('unshare', ['--mount', 'sh', '-c', script, 'sh', ...words]);
    expectRefusal(ended, /^labs are network namespaces, which need root/, `lab ${args[1]}`, /sudo/);
    await expectNothingLeft();
  });

  it.each([
    ['ip', 'iproute2', []],
    ['nsenter', 'util-linux', []],
    ['fping', 'fping', []],
    ['bird', 'bird2', ['--topology', join(repository, 'test/topologies/rack-with-tor/topology.yaml')]],
  ])('up says which package brings %s', async (program, debianPackage, args) => {
    const path = mkdtempSync(join(directory, 'path-'));
    for (const other of ['sh', 'readlink', 'ip', 'nsenter', 'fping'].filter((name) => name !== program)) {
      const { stdout } = await execa('sh', ['-c', `command -v ${other}`]);
      symlinkSync(stdout, join(path, other));
    }
    const words = ['lab', 'up', '--name', 't-other', ...args];
    const ended = await end(join(repository, 'node_modules/.bin/weftctl'), words, { env: { PATH: path } });
    expectRefusal(ended, /is not installed/, program, new RegExp(`apt-get install ${debianPackage}$`));
    await expectNothingLeft();
  });

  it('up refuses the name of a lab that is there, which is not disturbed', async () => {
    const ended = await weftctl('lab', 'up', '--name', 't-bad', '--nodes', '1');
    expectRefusal(
      ended,
      /^a lab of that name exists/,
      't-bad',
      /weftctl lab down --name t-bad\b.*--name NAME/,
    );
    expect((await status('t-bad')).hosts.map(({ name }) => name)).toEqual(['node1', 'node2', 'plain']);
  });

  it.each([
    ['up', '--name', 'T_x'],
    ['up', '--name', 'a-name-of-more-than-24-letters'],
    ['up', '--name', ''],
    ['down', '--name', './t-other'],
    ['status', '--name', '../lab/t-bad'],
  ])('%s refuses the name %s %j', async (...words) => {
    const ended = await weftctl('lab', ...words);
    expectRefusal(
      ended,
      /^lab name ".*" must be|^lab name .* has 30 characters/,
      'lab ',
      /choose another name/,
    );
    await expectNothingLeft();
  });

  it.each([
    [['up', '--nodes', 'three']],
    [['up', '--nodes', '-1']],
    [['up', '--nodes', '1.5']],
    [['up', '--nodes', '']],
    [['up', '--pods', '0x10']],
    [['add-node', '--pods', 'NaN']],
  ])('a number that is none is a mistake of usage: %j', async (words) => {
    const { stdout, stderr, exitCode } = await weftctl('lab', ...words);
    expect({ stdout, exitCode }).toEqual({ stdout: '', exitCode: 2 });
    expect(stderr).toMatch(/argument '.*' is invalid. A whole number is expected./);
    await expectNothingLeft();
  });

  it.each([
    [['up', '--nodes', '0'], /^the number of nodes must be 1 to 200/, '--nodes 0'],
    [['up', '--nodes', '201'], /^the number of nodes must be 1 to 200/, '--nodes 201'],
    [['up', '--pods', '1000'], /^the number of pods on each node must be 0 to 250/, '--pods 1000'],
  ])('a number that is too small or too large: %j', async (words, what, object) => {
    expectRefusal(await weftctl('lab', ...words, '--name', 't-other'), what, object, /choose another number/);
    await expectNothingLeft();
  });

  it('an output format that is none is a mistake of usage', async () => {
    const { stdout, stderr, exitCode } = await weftctl('lab', 'status', '-o', 'xml');
    expect({ stdout, exitCode }).toEqual({ stdout: '', exitCode: 2 });
    expect(stderr).toContain('Allowed choices are json');
  });

  const absent: [string[], RegExp, string, RegExp][] = [
    [['status', '--name', 't-no'], /^there is no lab of that name/, 't-no', /there are: .*t-bad/],
    [['ping', '--name', 't-no'], /^there is no lab of that name/, 't-no', /there are: .*t-bad/],
    [['down', '--name', 't-no'], /^there is no lab of that name/, 't-no', /there are: .*t-bad/],
    [['add-node', '--name', 't-no'], /^there is no lab of that name/, 't-no', /there are: .*t-bad/],
    [['add-pod', '--name', 't-no', 'node1'], /^there is no lab of that name/, 't-no', /there are: .*t-bad/],
    [['exec', '--name', 't-no', 'node1', '--', 'true'], /^there is no lab/, 't-no', /there are: .*t-bad/],
    [
      ['add-pod', '--name', 't-bad', 'node9'],
      /^there is no such host in lab t-bad/,
      'node9',
      /node1, node2, plain/,
    ],
    [
      ['add-pod', '--name', 't-bad', 'plain'],
      /^a host that runs none cannot have pods/,
      'plain',
      /runs weftd/,
    ],
    [
      ['rm-node', '--name', 't-bad', 'node9'],
      /^there is no such host in lab t-bad/,
      'node9',
      /node1, node2, plain/,
    ],
    [
      ['rm-pod', '--name', 't-bad', 'x'],
      /^there is no such pod in lab t-bad/,
      'x',
      /lab status --name t-bad/,
    ],
    [['exec', '--name', 't-bad', 'x', '--', 'true'], /^there is no such host or pod/, 'x', /node1-pod1/],
    [['exec', '--name', 't-bad', 'node1', '--'], /^No command is named/, 'node1', /-- ip route/],
    [['add-node', '--name', 't-bad', 'node1'], /is there already/, 'node1', /lab status --name t-bad/],
    [['add-node', '--name', 't-bad', 'node1-pod1'], /are those of pods/, 'node1-pod1', /lab status/],
    [['add-node', '--name', 't-bad', 'thirteen-char'], /at most 12 fit/, 'thirteen-char', /lab status/],
  ];
  it.each(absent)('%j', async (words, what, object, next) => {
    expectRefusal(await weftctl('lab', ...words), what, object, next);
    await expectNothingLeft();
  });
});

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
    const path = file('topology.yaml', text);
    const ended = await weftctl('lab', 'up', '--name', 't-other', '--topology', path);
    expectRefusal(ended, /^the topology cannot be built/, path, fault);
    await expectNothingLeft();
  });

  it.each([join(directory, 'nowhere.yaml'), directory])(
    'that cannot be read is refused: %s',
    async (path) => {
      const ended = await weftctl('lab', 'up', '--name', 't-other', '--topology', path);
      expectRefusal(ended, /^the topology file cannot be read/, path, /--topology FILE/);
      await expectNothingLeft();
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
    const path = file('pools.yaml', pools(text));
    expectRefusal(await weftctl('lab', 'up', '--name', 't-other', '--topology', path), what, object, next);
    await expectNothingLeft();
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
    file('bad.conf', 'router id nonsense;\n');
    const ended = await weftctl('lab', 'up', '--name', 't-other', '--topology', file('late.yaml', text));
    expectRefusal(ended, what, object, next);
    await expectNothingLeft();
  });
});

describe('weftctl apply against a running lab', () => {
  it.each([
    [
      'overlaps another',
      'cidr: 10.50.0.0/16',
      /10.50.0.0\/16 overlaps 10.50.0.0\/30 of the IPPool tiny/,
      /outside 10.50.0.0\/30/,
    ],
    [
      'is smaller than its block',
      'cidr: 10.9.0.0/28',
      /a block of \/26 is larger than the pool/,
      /block size of 28 or more/,
    ],
    ['is link-local', 'cidr: 169.254.3.0/24', /the range holds link-local/, /outside 169.254.0.0\/16/],
    ['is link-local in IPv6', 'cidr: "fe80::/64"', /the range holds link-local/, /outside .*fe80::\/10/],
  ])('refuses a pool that %s', async (_, spec, what, next) => {
    const path = file('pool.yaml', poolYaml('other', spec));
    expectRefusal(await weftctl('--lab', 't-bad', 'apply', '-f', path), what, 'other', next);
    expect((await weftctl('--lab', 't-bad', 'get', 'ippools', '-o', 'name')).stdout).toBe('ippool/tiny');
  });
});

function poolYaml(name: string, spec: string): string {
  return `apiVersion: projectcalico.org/v3\nkind: IPPool\nmetadata: { name: ${name} }\nspec: { ${spec} }\n`;
}

/** Everything of a pod that could leak: handles, endpoints and block contents, links of the hosts, namespaces. */
async function holdings(): Promise<unknown> {
  const { datastorePath } = await resolveLab('t-bad');
  const store = await openEmbedded({ path: datastorePath });
  try {
    const handles = (await store.list('IPAMHandle')).items.map(({ metadata, spec }) => [
      metadata.name,
      spec.block,
    ]);
    const endpoints = (await store.list('WorkloadEndpoint')).items.map(({ metadata }) => metadata.name);
    const blocks = (await store.list('IPAMBlock')).items.map(({ spec }) => [
      spec.cidr,
      spec.allocations,
      spec.unallocated,
    ]);
    const links = await Promise.all(['node1', 'node2'].map((host) => lab.run(host, 'ip', '-br', 'link')));
    // The lock on a node's name is a file that stays: see claim-name.ts of @weft/datastore.
    const left = (await traces(...names)).filter((trace) => !trace.includes('.claim-'));
    return { handles, endpoints, blocks, links, left };
  } finally {
    await store.close();
  }
}

describe('a pool that runs out', () => {
  it('gives every address, then refuses the pod, of which nothing is left', async () => {
    await lab.addPods('node1', 3);
    const full = await holdings();
    for (const host of ['node1', 'node2']) {
      const ended = await weftctl('lab', 'add-pod', '--name', 't-bad', host);
      expectRefusal(
        ended,
        /^No free IPv4 address \(pool tiny \(10.50.0.0\/30\): 1 of 1 blocks claimed/,
        `${host}-pod`,
        /Add a pool/,
      );
      expect(await holdings()).toEqual(full);
    }
  });

  it('keeps out a new host whose pods find no address, and its Node', async () => {
    const full = await holdings();
    const ended = await weftctl('lab', 'add-node', '--name', 't-bad', 'late', '--pods', '1');
    expectRefusal(ended, /^No free IPv4 address/, 'late-pod1', /Add a pool/);
    expect(await holdings()).toEqual(full);
    expect((await weftctl('--lab', 't-bad', 'get', 'nodes', '-o', 'name')).stdout).toBe(
      'node/node1\nnode/node2',
    );
    expect((await status('t-bad')).hosts.map(({ name }) => name)).toEqual(['node1', 'node2', 'plain']);
  });

  it('gives a released address only after its cooldown, and says so', async () => {
    await removePod('t-bad', 'node1-pod4');
    const ended = await weftctl('lab', 'add-pod', '--name', 't-bad', 'node1');
    expectRefusal(ended, /^No free IPv4 address .*1 .*cool/, 'node1-pod4', /Add a pool/);
  });

  it('is helped by another pool, which can be deleted again', async () => {
    const path = file('pool.yaml', poolYaml('more', 'cidr: 10.51.0.0/28, blockSize: 28'));
    expect(await weftctl('--lab', 't-bad', 'apply', '-f', path)).toMatchObject({ exitCode: 0, stderr: '' });
    const pod = await waitFor('the daemon knows the pool', () =>
      addPod('t-bad', 'node1').catch(() => undefined),
    );
    expect(pod.addresses).toEqual([expect.stringMatching(/^10\.51\.0\./)]);
    await removePod('t-bad', pod.name);
    expect(await weftctl('--lab', 't-bad', 'delete', 'ippool', 'more')).toMatchObject({
      exitCode: 0,
      stderr: '',
    });
  });
});

describe('a host whose daemon is dead', () => {
  beforeAll(() => stopDaemon('t-bad', 'node1', 'SIGKILL'));
  afterAll(() => restartDaemon('t-bad', 'node1'));

  it.each([
    ['add-pod', 'node1'],
    ['rm-pod', 'node1-pod1'],
    ['rm-node', 'node1'],
  ])('%s %s is refused, and nothing is changed', async (...words) => {
    const whole = await holdings();
    const ended = await weftctl('lab', ...words, '--name', 't-bad');
    expectRefusal(ended, /daemon|weftd|answers/i, 'weftd.sock', /weftd/);
    expect(await holdings()).toEqual(whole);
  });
});

describe('weftd', () => {
  let weftd: string[];
  beforeAll(async () => {
    const { node, weftd: bundle } = await installation();
    weftd = [node, bundle, '--node-name', 'plain', '--control-socket', join(directory, 'weftd.sock')];
  });

  /** Starts one on the host `plain` and waits for its end. */
  function startOnPlain(datastore: string, wrapper: string[] = []): Promise<Ended> {
    return end('ip', [
      'netns',
      'exec',
      lab.namespaceOf('plain'),
      ...wrapper,
      ...weftd,
      '--datastore',
      datastore,
    ]);
  }

  async function expectNoRoutes(): Promise<void> {
    expect(await lab.routes('plain', 'proto', 'weft')).toEqual([]);
  }

  it('says who may hold port 179 when it is taken, and ends', async () => {
    const listen = "require('node:net').createServer().listen(179)";
    const taker = execa('ip', ['netns', 'exec', lab.namespaceOf('plain'), process.execPath, '-e', listen], {
      reject: false,
    });
    try {
      await waitFor('the port is taken', async () =>
        (await lab.run('plain', 'ss', '-ltn')).includes(':179 '),
      );
      const ended = await startOnPlain(join(directory, 'port.db'));
      expectDaemonRefusal(
        ended,
        /port 179 is taken by another program/,
        '0.0.0.0 port 179',
        /stop that program.*ss -ltnp/,
      );
      expect(ended.exitCode).toBe(1);
      await expectNoRoutes();
    } finally {
      taker.kill();
      await taker;
    }
  });

  it.each([
    [
      'that is something else',
      async (path: string) => writeFileSync(path, 'x'.repeat(9000)),
      /it is not a datastore/,
      /Restore it/,
    ],
    ['that is damaged inside', damage, /it is damaged/, /Restore it from a copy/],
    [
      'of another program',
      (path: string) => sqlite(path, 'CREATE TABLE theirs (x)'),
      /another program wrote/,
      /path of a weft datastore/,
    ],
    ['of a newer weft', newerStore, /a newer weft wrote it \(format 99/, /Upgrade weft/],
    [
      'that is a directory',
      (path: string) => execa('mkdir', [path]),
      /not a regular file/,
      /path of a weft datastore/,
    ],
  ])('does not start on a datastore file %s', async (what, make, message, next) => {
    const path = join(directory, `${what.replaceAll(' ', '-')}.db`);
    await make(path);
    const ended = await startOnPlain(path);
    expectDaemonRefusal(ended, message, path, next);
    expect(ended.exitCode).toBe(1);
    await expectNoRoutes();
  });

  it('does not start on a datastore file that is read-only', async () => {
    const folder = mkdtempSync(join(directory, 'read-only-'));
    await newStore(join(folder, 'store.db'));
    const script = `mount --bind '${folder}' '${folder}' && mount -o remount,ro,bind '${folder}' && exec "$@"`;
    const ended = await startOnPlain(join(folder, 'store.db'), [
      'unshare',
      '--mount',
      'sh',
      '-c',
      script,
      'sh',
    ]);
    expectDaemonRefusal(ended, /may not write to it or to its directory/, folder, /Make both writable/);
    expect(ended.exitCode).toBe(1);
    await expectNoRoutes();
  });

  it('does not start without root, and makes no file', async () => {
    const folder = mkdtempSync(join(directory, 'nobody-'));
    await execa('chown', ['65534', folder, directory]);
    const script = `mount --bind '${repository}' /mnt && exec setpriv --reuid=65534 --regid=65534 --clear-groups "$@"`;
    const words = weftd.map((word) => word.replace(repository, '/mnt'));
    const ended = await end('unshare', [
      '--mount',
      'sh',
      '-c',
      script,
      'sh',
      ...words,
      '--datastore',
      `${folder}/store.db`,
    ]);
    expectDaemonRefusal(ended, /EPERM/, 'kernel', /needs root/);
    expect((await execa('ls', ['-A', folder])).stdout).toBe('');
  });

  it('refuses the name of a node whose daemon runs, and does not disturb that one', async () => {
    const { datastorePath, hosts } = await resolveLab('t-bad');
    const routes = await lab.routes('node1');
    const words = [...weftd, '--datastore', datastorePath].map((word) => (word === 'plain' ? 'node1' : word));
    const ended = await end('ip', ['netns', 'exec', lab.namespaceOf('node1'), ...words]);
    expectDaemonRefusal(
      ended,
      /a weftd of that name is running: process \d+/,
      'node node1',
      /stop it, or give this one another --node-name/,
    );
    expect(ended.exitCode).toBe(1);
    const { hosts: after } = await status('t-bad');
    expect(after.find(({ name }) => name === 'node1')).toMatchObject({
      running: true,
      sessions: [{ state: 'Established' }],
    });
    expect(await lab.routes('node1')).toEqual(routes);
    expect(hosts.map(({ name }) => name)).toEqual(['node1', 'node2']);
  });
});

async function newStore(path: string): Promise<void> {
  const store = await openEmbedded({ path, create: true });
  for (let ordinal = 0; ordinal < 60; ordinal++) {
    const metadata = { name: `node-${ordinal}`, annotations: { filler: 'x'.repeat(500) } };
    await store.create({ apiVersion: 'projectcalico.org/v3', kind: 'Node', metadata, spec: {} });
  }
  await store.close();
}

async function newerStore(path: string): Promise<void> {
  await newStore(path);
  await sqlite(path, 'PRAGMA user_version = 99');
}

/** A datastore whose first page is whole. */
async function damage(path: string): Promise<void> {
  await newStore(path);
  await execa('dd', ['if=/dev/urandom', `of=${path}`, 'bs=4096', 'seek=1', 'count=40', 'conv=notrunc']);
}

async function sqlite(path: string, statement: string): Promise<void> {
  const { DatabaseSync } = await import('node:sqlite');
  const database = new DatabaseSync(path);
  database.exec(statement);
  database.close();
}
