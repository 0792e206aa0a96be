/** The control API between hosts: `weftctl` on one asks the weftd of the other, each by its certificate. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TlsFiles } from '@weft/control';
import { openDatastore } from '@weft/datastore';
import { createNetns, deleteNetns, listNetns, netnsPath } from '@weft/kernel';
import { runIn, type Topology } from '@weft/lab';
import { parseResource } from '@weft/resources';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Authority } from '../../pkg/control/test/authority.ts';
import { smallTopology, useLab } from '../harness/test-lab.ts';
import { waitFor } from '../harness/wait-for.ts';
import { WeftdProcess } from '../harness/weftd-process.ts';

const weftctl = `${import.meta.dirname}/../../node_modules/.bin/weftctl`;

/** Two hosts without a daemon, each test says how theirs run; the third is the machine of somebody who asks. */
function topology(): Topology {
  const small = smallTopology(3, 0);
  return { ...small, hosts: small.hosts.map((host) => ({ ...host, runs: 'none' })) };
}

interface Answer {
  readonly stdout: string;
  readonly stderr: string;
  readonly exitCode: number;
}

interface Chain {
  readonly from: string;
  readonly verdict: { readonly answer: string; readonly stage?: string; readonly sentence: string };
  readonly hops: readonly { readonly node?: string; readonly stage: string; readonly answer: string }[];
}

describe('weftctl and the daemons of other hosts', () => {
  const lab = useLab('t-sec-remote', topology());
  const directory = mkdtempSync(join(tmpdir(), 'weft-sec-remote-'));
  const datastore = join(directory, 'store.db');
  const daemons = { node1: new WeftdProcess(), node2: new WeftdProcess() };
  const pod = 'weft.t-sec-remote.pod';
  let certificates: Record<'node1' | 'node2' | 'reader', TlsFiles>;

  beforeAll(async () => {
    const authority = new Authority(directory, 'authority');
    const ofNode = (name: string): TlsFiles =>
      authority.sign(name, { subject: `/CN=${name}`, use: 'serverAuth', dns: name });
    const reader = authority.sign('reader', { subject: '/O=weft:readers/CN=alice', use: 'clientAuth' });
    certificates = { node1: ofNode('node1'), node2: ofNode('node2'), reader };
    await writePool();
    await start('node1', certificates.node1);
    await start('node2', certificates.node2);
  });

  afterAll(async () => {
    await Promise.all(Object.values(daemons).map((daemon) => daemon.dispose()));
    if (listNetns().includes(pod)) deleteNetns(pod);
    rmSync(directory, { recursive: true, force: true });
  });

  async function writePool(): Promise<void> {
    const spec = { cidr: '10.244.0.0/16' };
    const pool = { apiVersion: 'projectcalico.org/v3', kind: 'IPPool', metadata: { name: 'pods' }, spec };
    const parsed = parseResource(pool);
    if (!parsed.ok) throw new Error(JSON.stringify(parsed.issues));
    const store = await openDatastore({ type: 'embedded', path: datastore }, { create: true });
    await store.create(parsed.resource).finally(() => store.close());
  }

  async function start(host: 'node1' | 'node2', files?: TlsFiles): Promise<void> {
    const remote =
      files === undefined
        ? []
        : [
            ...['--control-address', '0.0.0.0:9098', '--control-certificate', files.certificate],
            ...['--control-key', files.key, '--control-ca', files.ca],
          ];
    const args = ['--node-name', host, '--datastore', datastore, '--no-default-pools', ...remote];
    await daemons[host].start({ lab: lab.name, host, args });
    await daemons[host].status();
  }

  async function restart(host: 'node1' | 'node2', files?: TlsFiles): Promise<void> {
    await daemons[host].stop();
    await start(host, files);
  }

  /** On node1, with the certificate of a reader. */
  function ask(...args: string[]): Promise<Answer> {
    return askWith(reader(), args);
  }

  function reader(): string[] {
    const { certificate, key, ca } = certificates.reader;
    return ['--client-certificate', certificate, '--client-key', key, '--control-ca', ca];
  }

  /** The third host has no daemon and so no socket. */
  async function askWith(credentials: string[], args: string[], host = 'node1'): Promise<Answer> {
    const directoryOfSocket = host === 'node1' ? daemons.node1.directory : directory;
    const socket = `WEFT_CONTROL_SOCKET=${join(directoryOfSocket, 'weftd.sock')}`;
    const command = ['env', socket, weftctl, '--datastore', datastore, ...credentials, ...args];
    const { stdout, stderr, exitCode } = await runIn(lab.name, host, command);
    return { stdout, stderr, exitCode: exitCode ?? 1 };
  }

  /** Plugs a container into node2. */
  async function attachPod(): Promise<void> {
    createNetns(pod);
    await daemons.node2.ready();
    await daemons.node2.control.attachEndpoint('pod', {
      containerId: 'a'.repeat(64),
      netns: netnsPath(pod),
      interfaceName: 'eth0',
      orchestrator: 'lab',
      workload: 'pod',
      families: ['ipv4'],
    });
  }

  /** As the third host is told. */
  async function explainPod(credentials: string[]): Promise<Chain[]> {
    const { stdout, stderr } = await askWith(credentials, ['explain', 'pod', '-o', 'json'], 'node3');
    if (stdout === '') throw new Error(stderr);
    return JSON.parse(stdout).chains;
  }

  it('a node says where it is reached, and that node is asked', async () => {
    const node = JSON.parse((await ask('get', 'node', 'node2', '-o', 'json')).stdout);
    expect(node.metadata.annotations['weft.dev/control-address']).toBe('10.0.0.2:9098');
    const { stdout, stderr } = await ask('node', 'status', 'node2');
    expect({ stdout, stderr }).toMatchObject({
      stdout: expect.stringMatching(/weftd is running on node2: /),
      stderr: '',
    });
  });

  it('explains the way to a container by what both nodes say, on a machine that is neither', async () => {
    await attachPod();
    const chains = await waitFor('there is a way from both', async () => {
      const found = await explainPod(reader());
      return found.every(({ verdict }) => verdict.answer === 'yes') && found;
    });
    expect(chains.map(({ from }) => from)).toEqual(['node1', 'node2']);
    const said = chains[0]?.hops.map(({ node, stage }) => `${node} ${stage}`);
    expect(said).toEqual(expect.arrayContaining(['node2 endpoint', 'node2 host route', 'node1 lookup']));
    const { stdout } = await askWith(
      reader(),
      ['explain', '10.0.0.2', '--from', 'node1', '-o', 'json'],
      'node3',
    );
    expect(JSON.parse(stdout).sessions).toMatchObject([{ verdict: { answer: 'yes' } }]);
    const [nobody, ...others] = await explainPod([]);
    expect(others).toEqual([]);
    expect(nobody?.verdict).toMatchObject({ answer: 'unknown', stage: 'daemon' });
  });

  it('all nodes are asked when none is named, the own one by its socket', async () => {
    const { stdout } = await ask('node', 'status', '-o', 'json');
    const { nodes } = JSON.parse(stdout) as { nodes: { status: { node: string } }[] };
    expect(nodes.map(({ status }) => status.node)).toEqual(['node1', 'node2']);
    await daemons.node1.stop();
    const away = await ask('node', 'status', '-o', 'json');
    expect(JSON.parse(away.stdout).nodes).toHaveLength(1);
    expect(away.stderr).toContain('Nobody listens on the control address of node1: 10.0.0.1:9098');
    await start('node1', certificates.node1);
  });

  it('without a certificate the own daemon is all there is', async () => {
    expect((await askWith([], ['node', 'status'])).stdout).toContain('weftd is running on node1: ');
    const other = await askWith([], ['node', 'status', 'node2']);
    expect(other).toMatchObject({
      exitCode: 1,
      stderr: expect.stringMatching(/The daemon on this socket is that of node node1/),
    });
    const half = await askWith(['--client-key', '/x'], ['node', 'status']);
    expect(half).toMatchObject({
      exitCode: 2,
      stderr: expect.stringMatching(/A client certificate is three files: \/x/),
    });
  });

  it('a daemon that shows the certificate of another node is believed nothing', async () => {
    await restart('node2', certificates.node1);
    const { exitCode, stdout, stderr } = await ask('node', 'status', 'node2');
    expect({ exitCode, stdout }).toEqual({ exitCode: 1, stdout: '' });
    expect(stderr).toContain("The daemon's certificate is not that of node node2: 10.0.0.2:9098");
  });

  it('a node that serves nobody any more says so', async () => {
    await restart('node2');
    const { stderr } = await ask('node', 'status', 'node2');
    expect(stderr).toContain('Its daemon serves no other machines: node node2');
    expect((await ask('node', 'status', 'node9')).stderr).toContain('There is no such Node: node node9');
  });
});
