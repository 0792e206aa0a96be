/** weftd works with the rights that its manifest gives it, and with no others. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { ControlClient } from '@weft/control';
import { createNetns, deleteNetns, listNetns, netnsPath } from '@weft/kernel';
import { execa, execaSync } from 'execa';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { cniCall } from '../harness/cni-call.ts';
import { ConfinedWeftd, type SecurityContext } from '../harness/confined-weftd.ts';
import { MANIFESTS, manifestsOf } from '../harness/manifests.ts';
import { waitFor } from '../harness/wait-for.ts';

const daemonSet = manifestsOf(`${MANIFESTS}/base`).find(({ kind }) => kind === 'DaemonSet');
const context = daemonSet?.spec.template.spec.containers[0].securityContext as SecurityContext;

it('the manifest gives weftd five capabilities and a file system it cannot write', () => {
  expect(context).toEqual({
    runAsUser: 0,
    allowPrivilegeEscalation: false,
    readOnlyRootFilesystem: true,
    capabilities: {
      drop: ['ALL'],
      add: ['NET_ADMIN', 'NET_BIND_SERVICE', 'NET_RAW', 'SYS_ADMIN', 'SYS_PTRACE'],
    },
    seccompProfile: { type: 'RuntimeDefault' },
    seLinuxOptions: { type: 'spc_t' },
  });
  expect(daemonSet?.spec.template.metadata.annotations).toEqual({
    'container.apparmor.security.beta.kubernetes.io/weftd': 'unconfined',
  });
});

const hasPodman = execaSync('podman', ['--version'], { reject: false }).exitCode === 0;
if (!hasPodman) console.warn('podman is not installed: weftd is not tried with the rights of its manifest.');

const host = `t-confined-${process.pid}`;
const pods = [`${host}-a`, `${host}-b`] as const;
/** An interface that is up, so that the host has an address. */
const uplink = [
  'link set lo up',
  'link add eth0 type veth peer name far0',
  'address add 10.9.0.1/24 dev eth0',
  'link set eth0 up',
  'link set far0 up',
];
const inside = (namespace: string, ...command: string[]) =>
  execa('nsenter', [`--net=${netnsPath(namespace)}`, ...command], { reject: false });

describe.skipIf(!hasPodman)('weftd in a container with these rights', () => {
  let weftd: ConfinedWeftd;
  let stranger: ChildProcess | undefined;

  beforeAll(async () => {
    createNetns(host);
    for (const command of uplink) await execa('ip', ['-netns', host, ...command.split(' ')]);
    weftd = new ConfinedWeftd(host);
    await weftd.start(context, { WEFT_NODE_NAME: 'node1', CALICO_IPV4POOL_CIDR: '10.99.0.0/16' });
    await waitFor('weftd is ready', isReady, 60_000, 50).catch((error: Error) => {
      throw new Error(`${error.message}:\n${weftd.output}`);
    });
    for (const pod of pods) createNetns(pod);
    // Of another user: its namespace is not for everybody to open.
    const command = [
      `--net=${netnsPath(pods[1])}`,
      'setpriv',
      '--reuid=65534',
      '--clear-groups',
      'sleep',
      'infinity',
    ];
    stranger = spawn('nsenter', command, { stdio: 'ignore' });
    await once(stranger, 'spawn');
  });
  afterAll(async () => {
    if (stranger !== undefined) {
      const ended = once(stranger, 'exit');
      stranger.kill('SIGKILL');
      await ended;
    }
    await weftd.dispose();
    for (const name of [host, ...pods]) if (listNetns().includes(name)) deleteNetns(name);
  });

  const isReady = async (): Promise<boolean> => {
    const status = await new ControlClient(weftd.controlSocket).status().catch(() => undefined);
    return status?.readiness.ok === true;
  };
  const plug = (containerId: string, netns: string) =>
    cniCall(weftd.controlSocket, { command: 'ADD', containerId, netns });
  const addressOf = (result: { output: { ips: { address: string }[] } }): string =>
    result.output.ips[0]?.address.split('/')[0] ?? '';

  it('has the capabilities of the manifest and a seccomp filter', async () => {
    const status = await weftd.read('/proc/self/status');
    expect(status).toMatch(/^CapEff:\t0000000000283400$/m);
    expect(status).toMatch(/^NoNewPrivs:\t1$/m);
    expect(status).toMatch(/^Seccomp:\t2$/m);
  });

  it('may write the sysctls of networks and no other', async () => {
    const mounts = (await weftd.read('/proc/self/mountinfo')).split('\n').map((line) => line.split(' '));
    const optionsOf = (path: string) =>
      mounts.findLast(([, , , , target]) => target === path)?.[5]?.split(',');
    expect(optionsOf('/')).toContain('ro');
    expect(optionsOf('/proc/sys')).toContain('ro');
    expect(optionsOf('/proc/sys/net')).toEqual(expect.arrayContaining(['rw', 'nosuid', 'nodev', 'noexec']));
  });

  it('listens on port 179', async () => {
    expect((await inside(host, 'ss', '--listening', '--tcp', '--numeric')).stdout).toMatch(/:179\s/);
  });

  it('plugs in pods, by a path and by a process of another user, that reach one another', async () => {
    const first = await plug('a', netnsPath(pods[0]));
    const second = await plug('b', `/proc/${stranger?.pid}/ns/net`);
    expect([first.exitCode, second.exitCode], weftd.output).toEqual([0, 0]);
    const ping = await inside(pods[0], 'ping', '-c', '1', '-W', '5', '-n', addressOf(second));
    expect(ping.exitCode, ping.stdout).toBe(0);
  });

  it('keeps pods to their own addresses by nftables', async () => {
    expect((await inside(host, 'nft', 'list', 'ruleset')).stdout).toContain('weft');
  });

  it('is refused nothing', () => {
    expect(weftd.output).toContain('sysctls-unlocked');
    expect(weftd.output).not.toMatch(/sysctls-locked|EPERM|EACCES|EROFS/);
  });
});
