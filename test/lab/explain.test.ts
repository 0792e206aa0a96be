/** `weftctl explain` on real daemons and kernels: each way to lose a route is made, and the verdict names it. */

import { type Datastore, type OfKind, openDatastore } from '@weft/datastore';
import { chooseTopology, resolveLab, restartDaemon, status, stopDaemon } from '@weft/lab';
import { type Kind, parseResource } from '@weft/resources';
import { afterEach, describe, expect, it } from 'vitest';
import { smallTopology, type TestLab, useLab, weftctl } from '../harness/test-lab.ts';
import { waitFor } from '../harness/wait-for.ts';

interface Verdict {
  readonly answer: string;
  readonly stage?: string;
  readonly rule?: string;
  readonly sentence: string;
  readonly next?: string;
}

interface Explained {
  readonly from: string;
  readonly verdict: Verdict;
  readonly hops: readonly {
    readonly stage: string;
    readonly answer: string;
    readonly says: string;
    readonly rule?: string;
  }[];
}

async function explain(lab: TestLab, ...args: string[]): Promise<Explained[]> {
  const { stdout, stderr } = await weftctl('--lab', lab.name, 'explain', ...args, '-o', 'json');
  if (stdout === '') throw new Error(stderr);
  const { chains, sessions } = JSON.parse(stdout);
  return chains ?? sessions;
}

/** The first explanation with this verdict, once it is so. */
async function explained(lab: TestLab, wanted: Partial<Verdict>, ...args: string[]): Promise<Explained> {
  let last: Explained | undefined;
  const fits = ([key, value]: [string, unknown]): boolean => last?.verdict[key as keyof Verdict] === value;
  try {
    return await waitFor(
      `${args.join(' ')}: ${JSON.stringify(wanted)}`,
      async () => {
        [last] = await explain(lab, ...args);
        return last !== undefined && Object.entries(wanted).every(fits) ? last : undefined;
      },
      30_000,
      100,
    );
  } catch (error) {
    throw new Error(`it was ${JSON.stringify(last?.verdict)}`, { cause: error });
  }
}

/** Writes into the lab's datastore, or deletes; a process of weftctl for each would be most of this test's time. */
async function store<Result>(lab: TestLab, use: (store: Datastore) => Promise<Result>): Promise<Result> {
  const opened = await openDatastore((await resolveLab(lab.name)).datastore);
  try {
    return await use(opened);
  } finally {
    await opened.close();
  }
}

async function apply(
  lab: TestLab,
  kind: Kind,
  name: string,
  spec: object,
  namespace?: string,
): Promise<void> {
  const metadata = { name, ...(namespace !== undefined && { namespace }) };
  const parsed = parseResource({ apiVersion: 'projectcalico.org/v3', kind, metadata, spec });
  if (!parsed.ok) throw new Error(JSON.stringify(parsed.issues));
  await store(lab, async (opened) => {
    const known = await opened.get({ kind, ...metadata });
    const resource = { ...parsed.resource, metadata: known?.metadata ?? metadata } as OfKind<Kind>;
    const { kind: outcome } = await (known === undefined ? opened.create(resource) : opened.update(resource));
    if (outcome !== 'written') throw new Error(`${kind} ${name}: ${outcome}`);
  });
}

const YES = { answer: 'yes' } as const;

describe('in a mesh', () => {
  const lab = useLab('t-explain', smallTopology(3, 1));
  const undo: (() => Promise<unknown>)[] = [];

  /** What a test breaks is mended after it, whatever became of it, and the next begins with a route that is there. */
  afterEach(async () => {
    if (undo.length === 0) return;
    for (const mend of undo.splice(0).reverse()) await mend();
    await explained(lab, YES, await lab.addressOf('node1-pod1'), '--from', 'node3');
  });

  async function applied(kind: Kind, name: string, spec: object, namespace?: string): Promise<void> {
    await apply(lab, kind, name, spec, namespace);
    const key = { kind, name, ...(namespace !== undefined && { namespace }) };
    undo.push(() => store(lab, (opened) => opened.delete(key)));
  }

  it('every step is taken, and seen from all nodes', async () => {
    const address = await lab.addressOf('node1-pod1');
    const { hops } = await explained(lab, YES, address, '--from', 'node3');
    expect(hops.map(({ answer, stage }) => `${answer} ${stage}`)).toEqual([
      ...['pool', 'address', 'block', 'endpoint', 'host route'].map((stage) => `yes ${stage}`),
      'note source guard',
      ...['announced', 'session', 'export', 'import', 'next hop', 'best path', 'route', 'lookup'].map(
        (stage) => `yes ${stage}`,
      ),
    ]);
    const { stdout } = await weftctl('--lab', lab.name, 'explain', address);
    expect(
      stdout
        .split('\n')
        .slice(0, 4)
        .map((line) => line.split(/\s+/).slice(0, 2).join(' ')),
    ).toEqual(['FROM VERDICT', 'node1 yes', 'node2 yes', 'node3 yes']);
  });

  it('from pod to pod the way there and back is told, for each family', async () => {
    const chains = await explain(lab, 'node1-pod1', '--from', 'default/node2-pod1');
    expect(chains.map(({ from, verdict }) => `${from} ${verdict.answer}`)).toEqual([
      'node2 yes',
      'node1 yes',
      'node2 yes',
      'node1 yes',
    ]);
  });

  it('an address nobody has, one outside the pools, and a pod without one', async () => {
    const [block = ''] = await lab.blocksOf('node1');
    const free = block.replace(/\d+\/\d+$/, (host) => `${Number(host.split('/')[0]) + 50}`);
    const { hops } = await explained(lab, { answer: 'no', stage: 'address' }, free, '--from', 'node3');
    expect(hops.find(({ stage }) => stage === 'lookup')?.says).toContain('blackhole');
    await explained(lab, { answer: 'no', stage: 'pool' }, '192.0.2.7', '--from', 'node3');
    const bare = {
      node: 'node1',
      pod: 'bare',
      orchestrator: 'k8s',
      endpoint: 'eth0',
      interfaceName: 'calibare',
    };
    await applied('WorkloadEndpoint', 'node1-k8s-bare-eth0', bare, 'default');
    const { stderr, exitCode } = await weftctl('--lab', lab.name, 'explain', 'bare');
    expect(stderr).toContain(
      'The pod has no address: its WorkloadEndpoint names none: pod default/bare on node1',
    );
    expect(exitCode).toBe(1);
  });

  it('a block that is there, filtered, and claimed by nobody', async () => {
    const [block = ''] = await lab.blocksOf('node1');
    const { hops } = await explained(lab, YES, block, '--from', 'node3');
    expect(hops.filter(({ answer }) => answer !== 'yes')).toEqual([]);
    expect(hops.map(({ rule, stage }) => (rule === undefined ? stage : `${stage}: ${rule}`))).toEqual([
      ...['pool', 'block: affinity confirmed', 'announced: a confirmed block of this node'],
      ...['session: the mesh has it with node3', `export: own block ${block}`, 'import'],
      ...['next hop', 'best path', 'route', 'lookup'],
    ]);
    const reject = [{ action: 'Reject', matchOperator: 'Equal', cidr: block }];
    await applied('BGPFilter', 'quiet', { exportV4: reject });
    await applied('BGPPeer', 'quiet', { node: 'node1', peerSelector: 'all()', filters: ['quiet'] });
    const filtered = { answer: 'no', stage: 'export', rule: 'BGPFilter quiet exportV4[0]' } as const;
    await explained(lab, filtered, block, '--from', 'node3');
    const { hosts } = await status(lab.name);
    const claimed = new Set<string>(hosts.flatMap(({ blocks }) => blocks));
    const free = [0, 64, 128, 192].map((start) => `10.244.0.${start}/26`).find((one) => !claimed.has(one));
    const unclaimed = { answer: 'no', stage: 'block' } as const;
    const { verdict } = await explained(lab, unclaimed, `${free}`, '--from', 'node3');
    expect(verdict).toEqual({
      ...unclaimed,
      sentence: `${free} from node3: nobody has claimed a block there.`,
      next: 'It is claimed with the first address that a node takes of it.',
    });
    const wide = await explained(lab, { answer: 'no', stage: 'pool' }, '10.244.0.0/16', '--from', 'node3');
    expect(wide.verdict.sentence).toContain('nodes announce its blocks of /26');
  });

  it('a BGPFilter on export, then on import', async () => {
    const address = await lab.addressOf('node1-pod1');
    const reject = [{ action: 'Reject', matchOperator: 'In', cidr: '10.244.0.0/16' }];
    await applied('BGPFilter', 'quiet', { exportV4: reject });
    await applied('BGPPeer', 'quiet', { node: 'node1', peerSelector: 'all()', filters: ['quiet'] });
    const rule = 'BGPFilter quiet exportV4[0]';
    const { verdict } = await explained(
      lab,
      { answer: 'no', stage: 'export', rule },
      address,
      '--from',
      'node3',
    );
    expect(verdict.sentence).toMatch(
      /node1 does not send 10\.244\.\S+ to node3 \(BGPFilter quiet exportV4\[0\]\)\.$/,
    );
    expect(verdict.next).toBe('Read the filter: weftctl get bgpfilter quiet -o yaml.');
    await apply(lab, 'BGPFilter', 'quiet', { importV4: reject });
    await apply(lab, 'BGPPeer', 'quiet', { node: 'node3', peerSelector: 'all()', filters: ['quiet'] });
    const refused = { answer: 'no', stage: 'import', rule: 'BGPFilter quiet importV4[0]' };
    await explained(lab, refused, address, '--from', 'node3');
  });

  it('a pool that is not exported', async () => {
    const address = await lab.addressOf('node1-pod1');
    const { items } = await store(lab, (opened) => opened.list('IPPool'));
    const pool = items.find(({ spec }) => spec.cidr === '10.244.0.0/16');
    if (pool === undefined) throw new Error('the lab has another pool');
    const set = (disableBGPExport: boolean): Promise<void> =>
      apply(lab, 'IPPool', pool.metadata.name, { ...pool.spec, disableBGPExport });
    undo.push(() => set(false));
    await set(true);
    const rule = `IPPool ${pool.metadata.name} with disableBGPExport`;
    await explained(lab, { answer: 'no', stage: 'export', rule }, address, '--from', 'node3');
  });

  it('a route of somebody else, more specific, then by a rule', async () => {
    const address = await lab.addressOf('node1-pod1');
    await lab.run('node3', 'ip', 'route', 'add', address, 'via', '10.0.0.2');
    const foreign = { answer: 'no', stage: 'lookup', rule: 'protocol boot' };
    const { verdict } = await explained(lab, foreign, address, '--from', 'node3');
    expect(verdict.sentence).toContain(
      `but ${address}/32 via 10.0.0.2 dev eth0 proto boot: it is more specific`,
    );
    await lab.run('node3', 'ip', 'route', 'del', address, 'via', '10.0.0.2');
    undo.push(() => lab.run('node3', 'ip', 'rule', 'del', 'to', address, 'lookup', '100'));
    undo.push(() => lab.run('node3', 'ip', 'route', 'del', 'default', 'table', '100'));
    await lab.run('node3', 'ip', 'route', 'add', 'default', 'via', '10.0.0.2', 'table', '100');
    await lab.run('node3', 'ip', 'rule', 'add', 'to', address, 'lookup', '100');
    const ruled = await explained(lab, foreign, address, '--from', 'node3');
    expect(ruled.verdict.sentence).toContain('a rule leads to table 100');
  });

  it('a route that is gone from the kernel while writing is off', async () => {
    const address = await lab.addressOf('node1-pod1');
    const [block = ''] = await lab.blocksOf('node1');
    await applied('FelixConfiguration', 'default', { routeSyncDisabled: true });
    await waitFor('the route stays away', async () => {
      await lab.run('node3', 'ip', 'route', 'del', block).catch(() => undefined);
      const [first] = await explain(lab, address, '--from', 'node3');
      return first?.verdict.answer === 'no';
    });
    await explained(lab, { answer: 'no', stage: 'route', rule: 'pending' }, address, '--from', 'node3');
  });

  it('the mesh is off, and the session only kept while a route depends on it', async () => {
    const address = await lab.addressOf('node1-pod1');
    await applied('BGPConfiguration', 'default', { nodeToNodeMeshEnabled: false });
    await waitFor('the session is kept', async () => {
      const [first] = await explain(lab, address, '--from', 'node3');
      return first?.hops.some(({ rule = '', stage }) => stage === 'session' && /^kept until/.test(rule));
    });
  });

  it('a session with the wrong AS number, as both ends have it', async () => {
    await explained(lab, YES, 'node2', '--from', 'node1');
    await applied('BGPPeer', 'wrong', { node: 'node1', peerIP: '10.0.0.2', asNumber: 65000 });
    const wrong = { answer: 'no', stage: 'agreement', rule: 'asNumber' };
    const { verdict } = await explained(lab, wrong, 'node2', '--from', 'node1');
    expect(verdict.sentence).toContain('node1 expects AS 65000 of node2, which has AS 64512');
  });

  it('a daemon that was killed is not asked, and its route still there', async () => {
    const address = await lab.addressOf('node1-pod1');
    undo.push(() => restartDaemon(lab.name, 'node1'));
    await stopDaemon(lab.name, 'node1', 'SIGKILL');
    const silent = { answer: 'unknown', stage: 'daemon' };
    const { hops, verdict } = await explained(lab, silent, address, '--from', 'node3');
    expect(verdict.sentence).toContain('node1 was not asked: ');
    expect(hops.at(-1)).toMatchObject({ stage: 'lookup', answer: 'yes' });
  });

  it('words that mean nothing are answered with what is near', async () => {
    const { stderr, exitCode } = await weftctl('--lab', lab.name, 'explain', 'node1-pot1');
    expect(stderr).toContain('Did you mean node1-pod1?');
    expect(exitCode).toBe(1);
    const from = await weftctl('--lab', lab.name, 'explain', 'node1-pod1', '--from', 'nobody');
    expect(from.stderr).toContain('There is no such node or pod: --from nobody');
    expect(from.exitCode).toBe(2);
  });
});

const TOPOLOGIES = `${import.meta.dirname}/../topologies`;

describe('beside a router', () => {
  const { topology, baseDirectory } = chooseTopology(`${TOPOLOGIES}/mass-withdrawal/topology.yaml`, 0, 0);
  const lab = useLab('t-explain-router', topology, baseDirectory);

  it('a prefix that it announces, one that it does not, and one that a BGPFilter keeps out', async () => {
    const announced = ['172.16.5.0/24', '--from', 'node1'];
    const { hops } = await explained(lab, YES, ...announced);
    expect(hops.map(({ answer, stage }) => `${answer} ${stage}`)).toEqual([
      'note pool',
      ...['import', 'next hop', 'best path', 'route', 'lookup'].map((stage) => `yes ${stage}`),
    ]);
    const absent = { answer: 'no', stage: 'pool' } as const;
    const { verdict } = await explained(lab, absent, '172.18.5.0/24', '--from', 'node1');
    expect(verdict).toEqual({
      ...absent,
      sentence: '172.18.5.0/24 from node1: no IPPool holds 172.18.5.0/24.',
      next: 'See the pools there are: weftctl get ippools -o wide.',
    });
    const reject = [{ action: 'Reject', matchOperator: 'In', cidr: '172.16.0.0/20' }];
    await apply(lab, 'BGPFilter', 'fewer', { importV4: reject });
    const spec = { peerIP: '10.1.0.254', asNumber: 65000, filters: ['fewer'] };
    await apply(lab, 'BGPPeer', 'router', spec);
    const rule = 'BGPFilter fewer importV4[0]';
    await explained(lab, { answer: 'no', stage: 'import', rule }, ...announced);
    await explained(lab, YES, '172.16.100.0/24', '--from', 'node1');
  });
});

describe('over a route reflector', () => {
  const file = `${TOPOLOGIES}/route-reflector/topology.yaml`;
  const { topology, baseDirectory } = chooseTopology(file, 0, 0);
  const lab = useLab('t-explain-rr', { ...topology, holdTimeSeconds: 3 }, baseDirectory);

  it('it is a step on the way, and when it is gone its paths are told to be kept', async () => {
    const address = await lab.addressOf('node1-pod1');
    const { hops } = await explained(lab, YES, address, '--from', 'node3');
    const says = hops.map((hop) => hop.says);
    expect(says).toContain('node1 and reflector have a session');
    expect(says).toContain('node3 has it from reflector');
    await stopDaemon(lab.name, 'reflector', 'SIGKILL');
    const kept = await waitFor('the session is down', async () => {
      const [first] = await explain(lab, address, '--from', 'node3');
      return first?.hops.find(({ answer, says: text }) => answer === 'note' && text.includes('as stale'));
    });
    expect(kept.says).toContain('node3 keeps what 10.1.0.253 had sent as stale (RFC 4724)');
    const [last] = await explain(lab, address, '--from', 'node3');
    expect(last?.hops.at(-1)).toMatchObject({ stage: 'lookup', answer: 'yes' });
  });
});
