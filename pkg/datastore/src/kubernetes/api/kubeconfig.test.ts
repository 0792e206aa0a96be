import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { stringify } from 'yaml';
import type { KubernetesChoice } from '../../choice/datastore-choice.ts';
import type { Connection } from './connection.ts';
import { findConnection } from './kubeconfig.ts';

let directory: string;
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'weft-kubeconfig-'));
});
afterEach(() => rmSync(directory, { recursive: true }));

const base64 = (text: string): string => Buffer.from(text).toString('base64');

function config(parts: { cluster?: object; user?: object; name?: string; current?: boolean }): object {
  const { cluster = { server: 'https://k:6443/' }, user = {}, name = 'lab', current = true } = parts;
  return {
    ...(current && { 'current-context': name }),
    clusters: [{ name: `${name}-cluster`, cluster }],
    users: [{ name: `${name}-user`, user }],
    contexts: [{ name, context: { cluster: `${name}-cluster`, user: `${name}-user` } }],
  };
}

function find(choice: Partial<KubernetesChoice>, environment: NodeJS.ProcessEnv = {}): Connection {
  return findConnection({ type: 'kubernetes', ...choice }, { HOME: directory, ...environment });
}

const inline = (parts: Parameters<typeof config>[0], choice: Partial<KubernetesChoice> = {}): Connection =>
  find({ kubeconfigInline: stringify(config(parts)), ...choice });

describe('a kubeconfig', () => {
  it('names the server, its authority and the user, inline', async () => {
    const found = inline({
      cluster: {
        server: 'https://k:6443/',
        'certificate-authority-data': base64('the CA'),
        'tls-server-name': 'kubernetes',
        'insecure-skip-tls-verify': true,
      },
      user: { token: 't', 'client-certificate-data': base64('cert'), 'client-key-data': base64('key') },
    });
    expect(found).toMatchObject({
      server: 'https://k:6443',
      tlsServerName: 'kubernetes',
      insecureSkipVerify: true,
    });
    expect(found.ca?.()).toBe('the CA');
    expect(await found.credentials(false)).toEqual({ token: 't', cert: 'cert', key: 'key' });
  });

  it('counts paths from its own directory, and files are read again when they change', async () => {
    mkdirSync(join(directory, 'pki'));
    for (const name of ['ca', 'cert', 'key', 'token'])
      writeFileSync(join(directory, 'pki', name), `${name} 1`);
    const path = join(directory, 'config');
    const cluster = { server: 'https://k', 'certificate-authority': 'pki/ca' };
    const user = { tokenFile: 'pki/token', 'client-certificate': 'pki/cert', 'client-key': 'pki/key' };
    writeFileSync(path, stringify(config({ cluster, user })));
    const found = find({ kubeconfig: path });
    expect(found.ca?.()).toBe('ca 1');
    expect(await found.credentials(false)).toEqual({ token: 'token 1', cert: 'cert 1', key: 'key 1' });
    writeFileSync(join(directory, 'pki', 'token'), 'token 22\n');
    expect(await found.credentials(false)).toMatchObject({ token: 'token 22', cert: 'cert 1' });
  });

  it('is looked for in KUBECONFIG, several files as one, and in the home directory', () => {
    const write = (name: string, value: object): string => {
      const path = join(directory, name);
      writeFileSync(path, stringify(value));
      return path;
    };
    const one = write('one', config({ name: 'a', current: false, cluster: { server: 'https://first' } }));
    const two = write('two', config({ name: 'b', cluster: { server: 'https://second' } }));
    const both = { KUBECONFIG: `${one}:${two}` };
    expect(find({}, both).server).toBe('https://second');
    expect(find({ context: 'a' }, both).server).toBe('https://first');
    mkdirSync(join(directory, '.kube'));
    write('.kube/config', config({ cluster: { server: 'https://home' } }));
    expect(find({}).server).toBe('https://home');
  });

  it('gives way to what the settings name themselves', async () => {
    const found = inline(
      { user: { token: 'old' } },
      { server: 'https://other', token: 'new', tls: { ca: { text: 'my CA' } } },
    );
    expect(found.server).toBe('https://other');
    expect(found.ca?.()).toBe('my CA');
    expect(await found.credentials(false)).toEqual({ token: 'new' });
  });

  it.each([
    ['no such context', {}, { context: 'x' }, /there is no context "x"\. Choose one of lab\./],
    ['no current context', { current: false }, {}, /no context is current\. Choose one of lab\./],
    [
      'a bad server',
      { cluster: { server: 'k:6443' } },
      {},
      /server "k:6443" is no address\. Write it as https:/,
    ],
    ['no server', { cluster: {} }, {}, /cluster "lab-cluster" of context "lab" has no server/],
  ])('with %s says so', (_, parts, choice, message) => {
    expect(() => inline(parts, choice)).toThrow(message);
  });

  it.each([
    ['is missing', undefined, /Cannot read kubeconfig .*config: ENOENT/],
    ['is not YAML', '{', /Cannot read kubeconfig .*config: /],
    ['is something else', 'hello: 1', /it lists no clusters/],
  ])('that %s is named', (_, text, message) => {
    const path = join(directory, 'config');
    if (text !== undefined) writeFileSync(path, text);
    expect(() => find({ kubeconfig: path })).toThrow(message);
  });
});

it('the account of a Pod is used where there is nothing else', () => {
  const found = find({}, { KUBERNETES_SERVICE_HOST: 'fd00::1', KUBERNETES_SERVICE_PORT: '443' });
  expect(found.server).toBe('https://[fd00::1]:443');
  expect(() => find({})).toThrow(/neither a kubeconfig nor a service account\. Name a kubeconfig/);
});

describe('credentials that a program tells', () => {
  /** A program that notes each run and tells a token with the number of runs. */
  const program = (status: string): object => {
    const script = `
      const fs = require('node:fs');
      fs.appendFileSync(process.env.RUNS, 'x');
      const runs = fs.readFileSync(process.env.RUNS, 'utf8').length;
      const info = JSON.parse(process.env.KUBERNETES_EXEC_INFO);
      console.log(JSON.stringify({ apiVersion: info.apiVersion, kind: info.kind, status: ${status} }));`;
    return {
      apiVersion: 'client.authentication.k8s.io/v1',
      command: process.execPath,
      args: ['-e', script],
      env: [{ name: 'RUNS', value: join(directory, 'runs') }],
      provideClusterInfo: true,
    };
  };
  const runs = (): number => {
    const file = join(directory, 'runs');
    return existsSync(file) ? readFileSync(file, 'utf8').length : 0;
  };

  it('are asked for once, and again when they were refused', async () => {
    const { credentials } = inline({ user: { exec: program('{ token: "t" + runs }') } });
    expect(runs()).toBe(0);
    expect(await Promise.all([credentials(false), credentials(false)])).toEqual([
      { token: 't1' },
      { token: 't1' },
    ]);
    expect(await credentials(false)).toEqual({ token: 't1' });
    expect(await credentials(true)).toEqual({ token: 't2' });
    expect(runs()).toBe(2);
  });

  it('are asked for again when they are over', async () => {
    const over = '{ token: "t" + runs, expirationTimestamp: new Date(Date.now() - 1).toISOString() }';
    const { credentials } = inline({ user: { exec: program(over) } });
    expect([await credentials(false), await credentials(false)]).toEqual([{ token: 't1' }, { token: 't2' }]);
  });

  it('may be a certificate, and the program is told of the cluster', async () => {
    const status = '{ clientCertificateData: info.spec.cluster.server, clientKeyData: "key" }';
    const { credentials } = inline({ user: { exec: program(status) } });
    expect(await credentials(false)).toEqual({ cert: 'https://k:6443/', key: 'key' });
  });

  it.each([
    [
      'is missing',
      { command: '/nowhere/helper', installHint: 'Install helper.' },
      /there is no such program\. Install helper\./,
    ],
    [
      'fails',
      { command: 'sh', args: ['-c', 'echo sign in first >&2; exit 1'] },
      /from sh: sign in first\. Run it by hand/,
    ],
    ['says nothing', { command: 'true' }, /Cannot get credentials for Kubernetes from true/],
  ])('when the program %s are one line', async (_, exec, message) => {
    const user = { exec: { apiVersion: 'client.authentication.k8s.io/v1', ...exec } };
    const failure = inline({ user }).credentials(false);
    await expect(failure).rejects.toMatchObject({
      name: 'DatastoreError',
      message: expect.stringMatching(message),
    });
  });
});
