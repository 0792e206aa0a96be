/**
 * No value of a secret leaves weftd: two of them go through errors at debug level, and all they said, answered and wrote is searched.
 */
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { type ControlClient, PATHS, type TlsFiles } from '@weft/control';
import { namespaceOf, runIn } from '@weft/lab';
import { execa } from 'execa';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Authority } from '../../pkg/control/test/authority.ts';
import { type FaultApiServer, startFaultServer } from '../harness/fault-api-server/fault-api-server.ts';
import { LoopbackBridge } from '../harness/loopback-bridge.ts';
import { topologyOf, useLab } from '../harness/test-lab.ts';
import { waitFor } from '../harness/wait-for.ts';
import { WeftdProcess } from '../harness/weftd-process.ts';

const topology = topologyOf(`
subnets: { rack: { prefixes: [10.1.0.0/24] } }
hosts: { n1: { runs: none }, n2: { runs: none } }`);
const lab = useLab('t-sec-secrets', topology);

const HOSTS = ['n1', 'n2'] as const;
const weftctl = `${import.meta.dirname}/../../node_modules/.bin/weftctl`;

const SECRETS = {
  token: 'token-gaeSh3ai',
  mesh: 'mesh-ohJ5eiwu',
  changed: 'changed-Ahx7iechoo',
  etcd: 'etcd-Iequ4aer',
};

/** In whatever form: as it is, as Kubernetes stores it, as a URL has it. */
const forms = (value: string): string[] => [
  value,
  Buffer.from(value).toString('base64'),
  encodeURIComponent(value),
];

let server: FaultApiServer;
let bridges: LoopbackBridge[];
let key: string;
const weftds = { n1: new WeftdProcess(), n2: new WeftdProcess() };

beforeAll(async () => {
  server = await startFaultServer({ groups: ['crd.projectcalico.org/v1'], token: SECRETS.token });
  const port = Number(new URL(server.url).port);
  bridges = await Promise.all(HOSTS.map((host) => LoopbackBridge.open(namespaceOf(lab.name, host), port)));
  putPassword(SECRETS.mesh);
  server.objects.put('crd.projectcalico.org/v1/bgpconfigurations', {
    metadata: { name: 'default' },
    spec: { nodeMeshPassword: { secretKeyRef: { name: 'bgp-passwords', key: 'mesh' } } },
  });
  for (const [index, name] of HOSTS.entries())
    server.objects.put('v1/nodes', {
      metadata: { name },
      status: { addresses: [{ type: 'InternalIP', address: `10.1.0.${index + 1}` }], conditions: [] },
    });
});

afterAll(async () => {
  await Promise.all(HOSTS.map((host) => weftds[host].dispose()));
  await Promise.all(bridges.map((bridge) => bridge.close()));
  await server.kill();
});

function putPassword(mesh: string): void {
  const data = { mesh: Buffer.from(mesh).toString('base64') };
  server.objects.put('v1/secrets', { metadata: { name: 'bgp-passwords', namespace: 'kube-system' }, data });
}

async function start(host: (typeof HOSTS)[number], remote: TlsFiles): Promise<void> {
  const { directory } = weftds[host];
  const kubeconfig = join(directory, 'kubeconfig');
  const config = {
    apiVersion: 'v1',
    kind: 'Config',
    clusters: [{ name: 'c', cluster: { server: server.url } }],
    users: [{ name: 'u', user: { token: SECRETS.token } }],
    contexts: [{ name: 'x', context: { cluster: 'c', user: 'u' } }],
    'current-context': 'x',
  };
  writeFileSync(kubeconfig, JSON.stringify(config));
  const files = [
    '--control-certificate',
    remote.certificate,
    '--control-key',
    remote.key,
    '--control-ca',
    remote.ca,
  ];
  await weftds[host].start({
    lab: lab.name,
    host,
    args: ['--log-level', 'debug', '--hold-time-seconds', '3', '--control-address', '0.0.0.0:9098', ...files],
    environment: { DATASTORE_TYPE: 'kubernetes', KUBECONFIG: kubeconfig, NODENAME: host, IP6: 'none' },
  });
}

async function established(): Promise<boolean> {
  const { peers } = await weftds.n1.control.bgpPeers();
  return peers.some(({ state }) => state === 'Established');
}

/** What a control API says, whatever is asked. */
async function answersOf(control: ControlClient): Promise<string> {
  const peers = (await control.bgpPeers()).peers.map(({ address }) => address);
  const { since } = await control.status();
  const queries: Readonly<Record<string, readonly string[]>> = {
    explain: ['prefix=10.244.0.1', 'prefix=0.0.0.0/0'],
    explainPeer: peers.map((address) => `address=${address}`),
    history: ['prefix=0.0.0.0/0'],
    changes: [`from=${encodeURIComponent(since)}&to=${encodeURIComponent(new Date().toISOString())}`],
    ipamHistory: ['address=10.244.0.1'],
  };
  const answers: string[] = [];
  for (const [name, path] of Object.entries(PATHS))
    for (const query of queries[name] ?? ['limit=1000'])
      answers.push((await control.read(`${path}?${query}`)).text);
  return answers.join('\n');
}

/** What `weftctl node diags` packs. */
async function diagsOf(weftd: WeftdProcess): Promise<string> {
  const args = [
    'node',
    'diags',
    '--socket',
    join(weftd.directory, 'weftd.sock'),
    '--log-dir',
    weftd.directory,
  ];
  const { stdout } = await execa(weftctl, args, { env: { TMPDIR: weftd.directory } });
  const path = /Diags saved to (\S+\.tar\.gz)/.exec(stdout)?.[1] ?? '';
  return gunzipSync(readFileSync(path)).toString('latin1');
}

function commandLineOf(pid: number): string {
  return readFileSync(`/proc/${pid}/cmdline`, 'latin1');
}

/** All files a daemon has written; what the test put there is none of it. */
function filesOf({ directory }: WeftdProcess): string {
  const entries = readdirSync(directory, { recursive: true, withFileTypes: true });
  const written = entries.filter(
    (entry) => entry.isFile() && !/\.(crt|key|csr|ext|srl)$|^kubeconfig$/.test(entry.name),
  );
  return written.map((entry) => readFileSync(join(entry.parentPath, entry.name), 'latin1')).join('\n');
}

describe('the values of secrets', () => {
  it('are used', async () => {
    const authority = new Authority(weftds.n1.directory, 'authority');
    const files = authority.sign('n1', { subject: '/CN=n1', use: 'serverAuth', dns: 'n1' });
    key = readFileSync(files.key, 'utf8').split('\n')[1] ?? '';
    await Promise.all(HOSTS.map((host) => start(host, files)));
    await weftds.n1.status();
    await waitFor('the session is up, with its password', established, 60_000, 100);
  });

  it('go through errors', async () => {
    const { n1 } = weftds;
    putPassword(SECRETS.changed);
    await waitFor('the changed password is in use', established, 60_000, 100);
    server.token = 'another';
    server.cutConnections();
    const status = async (): Promise<boolean> => (await n1.control.status()).datastore.inSync;
    await waitFor('the token is refused', async () => !(await status()), 60_000, 100);
    server.token = SECRETS.token;
    await waitFor('the token is accepted', status, 60_000, 100);
    await runIn(lab.name, 'n1', ['openssl', 's_client', '-connect', '10.1.0.1:9098', '-brief']);
    await waitFor(
      'somebody was turned away',
      async () => n1.lines('control-handshake-failed').length > 0,
      30_000,
      50,
    );
  });

  it('are in nothing that weftd says, answers or writes', async () => {
    for (const host of HOSTS) {
      const weftd = weftds[host];
      const { pid } = await weftd.control.status();
      const places = {
        log: weftd.output,
        answers: await answersOf(weftd.control),
        diags: await diagsOf(weftd),
        arguments: commandLineOf(pid),
        files: filesOf(weftd),
      };
      // What is searched is what it should be.
      expect(places.log).toContain('daemon-started');
      expect(places.answers).toContain('Established');
      expect(places.diags).toContain('weftd_status.json');
      expect(places.arguments).toContain('--control-key');
      const values = [...Object.values(SECRETS).flatMap(forms), key];
      for (const [place, text] of Object.entries(places))
        for (const value of values) expect([host, place, text.includes(value)]).toEqual([host, place, false]);
    }
  });

  it('in the URL of a datastore are not told either, when it is away or refused', async () => {
    const { n2 } = weftds;
    await n2.stop();
    await n2.start({
      lab: lab.name,
      host: 'n2',
      args: ['--log-level', 'debug', '--node-name', 'n2'],
      environment: { WEFT_DATASTORE: `etcd://root:${SECRETS.etcd}@127.0.0.1:1` },
    });
    const status = await n2.status();
    await waitFor(
      'it says that the store is away',
      async () => n2.output.includes('127.0.0.1:1'),
      30_000,
      50,
    );
    const said = [
      n2.output,
      JSON.stringify(status),
      await n2.control.metrics(),
      commandLineOf(status.pid),
    ].join('\n');
    for (const form of forms(SECRETS.etcd)) expect(said).not.toContain(form);
  });
});
