/** Of the capabilities that the manifest gives weftd, one is withheld after the other: it says which one is missing. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ERROR_CODE } from '@weft/cni';
import { openDatastore } from '@weft/datastore';
import { createNetns, deleteNetns, listNetns, netnsPath } from '@weft/kernel';
import { parseResource } from '@weft/resources';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { cniCall } from '../harness/cni-call.ts';
import { MANIFESTS, manifestsOf } from '../harness/manifests.ts';
import { topologyOf, useLab } from '../harness/test-lab.ts';
import { waitFor } from '../harness/wait-for.ts';
import { WeftdProcess } from '../harness/weftd-process.ts';

const daemonSet = manifestsOf(`${MANIFESTS}/base`).find(({ kind }) => kind === 'DaemonSet');
const given: readonly string[] = daemonSet?.spec.template.spec.containers[0].securityContext.capabilities.add;

const topology = topologyOf(`
subnets: { rack: { prefixes: [10.9.0.0/24] } }
hosts: { n1: { runs: none } }`);

/** A peer on an interface without addresses, for which weftd has to advertise itself there. */
const unnumbered = parseResource({
  apiVersion: 'projectcalico.org/v3',
  kind: 'BGPPeer',
  metadata: { name: 'unnumbered', annotations: { 'weft.dev/interface': 'eth0' } },
  spec: {},
});
if (!unnumbered.ok) throw new Error(JSON.stringify(unnumbered.issues));

describe('weftd without', () => {
  const lab = useLab('t-withheld', topology);
  const container = `t-withheld-${process.pid}`;
  const directory = mkdtempSync(join(tmpdir(), 'weft-withheld-'));
  const datastore = join(directory, 'weft.db');
  let weftd: WeftdProcess;
  let stranger: ChildProcess;

  beforeAll(async () => {
    const store = await openDatastore({ type: 'embedded', path: datastore }, { create: true });
    await store.create(unnumbered.ok ? unnumbered.resource : expect.unreachable());
    await store.close();
    createNetns(container);
    // Of another user: its namespace is not for everybody to open.
    const command = ['setpriv', '--reuid=65534', '--clear-groups', 'sleep', 'infinity'];
    stranger = spawn('nsenter', [`--net=${netnsPath(container)}`, ...command], { stdio: 'ignore' });
    await once(stranger, 'spawn');
  });
  afterAll(async () => {
    const ended = once(stranger, 'exit');
    stranger.kill('SIGKILL');
    await ended;
    if (listNetns().includes(container)) deleteNetns(container);
    rmSync(directory, { recursive: true });
  });
  beforeEach(() => {
    weftd = new WeftdProcess();
  });
  afterEach(() => weftd.dispose());

  const start = (capabilities: readonly string[]): Promise<void> => {
    const args = ['--datastore', datastore, '--node-name', 'n1'];
    return weftd.start({ lab: lab.name, host: 'n1', args, capabilities });
  };

  /** Why the container of the other user cannot be plugged in; undefined when it can. */
  async function plug(): Promise<string | undefined> {
    const socket = join(weftd.directory, 'weftd.sock');
    const call = { containerId: 'c1', netns: `/proc/${stranger.pid}/ns/net` };
    const { exitCode, output } = await waitFor('weftd answers an ADD', async () => {
      const outcome = await cniCall(socket, { command: 'ADD', ...call }).catch(() => undefined);
      return outcome?.output.code === ERROR_CODE.tryAgainLater ? undefined : outcome;
    });
    if (exitCode !== 0) return `${output.msg}. ${output.details}`;
    await cniCall(socket, { command: 'DEL', ...call });
    return undefined;
  }

  const failedStart = async (): Promise<string> => {
    expect(await weftd.ended()).toBe(1);
    return weftd.output;
  };
  const linkNotWatched = (): Promise<string> =>
    waitFor('a link cannot be watched', async () => weftd.lines('link-not-watched')[0]?.msg, 30_000, 20);

  /** Where each is missed, and what is said there. */
  const missed: Readonly<Record<string, () => Promise<string | undefined>>> = {
    NET_ADMIN: plug,
    NET_BIND_SERVICE: failedStart,
    NET_RAW: linkNotWatched,
    SYS_ADMIN: failedStart,
    SYS_PTRACE: plug,
  };

  it.each(given)('CAP_%s names it', async (name) => {
    await start(given.filter((other) => other !== name));
    expect(await missed[name]?.()).toContain(`CAP_${name}`);
  });

  it('none of them misses none', async () => {
    await start(given);
    expect(await plug()).toBeUndefined();
    expect(weftd.output).not.toMatch(/EPERM|EACCES/);
    expect(weftd.lines('link-not-watched')).toEqual([]);
  });
});
