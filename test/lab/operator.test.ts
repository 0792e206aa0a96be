/** What an operator looks at, on real hosts: checksystem and diags of a host, and the check of a cluster's addresses. */
import { execFileSync } from 'node:child_process';
import { rmSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { openDatastore } from '@weft/datastore';
import { createIpam } from '@weft/ipam';
import { resolveLab } from '@weft/lab';
import { describe, expect, test } from 'vitest';
import { smallTopology, useLab, weftctl } from '../harness/test-lab.ts';

const name = 'wt-operator';
const program = resolve(import.meta.dirname, '../../node_modules/.bin/weftctl');
const lab = useLab(name, smallTopology(2, 1));

describe('an operator in a lab', () => {
  test('checksystem runs on a host, and knows the daemon that listens there', {
    timeout: 60_000,
  }, async () => {
    const { stdout, exitCode } = await weftctl(
      'lab',
      'exec',
      '--name',
      name,
      'node1',
      '--',
      program,
      'node',
      'checksystem',
    );
    expect(stdout).toMatch(/^TCP port 179 +OK +weftd listens$/m);
    expect(stdout).toMatch(/^IPv4 forwarding +OK +net\.ipv4\.ip_forward = 1$/m);
    expect(stdout).toMatch(/System meets minimum system requirements to run weft!$/);
    expect(exitCode).toBe(0);
  });

  test('diags hold what the hosts see, each in a directory of its own', { timeout: 120_000 }, async () => {
    const { stdout, exitCode } = await weftctl('--lab', name, 'node', 'diags');
    expect(exitCode).toBe(0);
    const [, path = '', folder] = /Diags saved to (\S+\/(diags-\S+)\.tar\.gz)/.exec(stdout) ?? [];
    const read = (file: string) =>
      execFileSync('tar', ['-xzOf', path, `${folder}/${file}`], { encoding: 'utf8' });
    try {
      const [block] = await lab.blocksOf('node2');
      expect(read('node1/ipv4_route')).toContain(`${block} via`);
      expect(JSON.parse(read('node1/weftd_status.json'))).toMatchObject({ node: 'node1' });
      expect(read('node2/weftd_bgp_peers.json')).toContain('Established');
      expect(read('node2/weftd_command_line')).toContain('--node-name node2');
      expect(read('node2/log_weftd.log')).not.toBe('');
      expect(read('node2/sysctls')).toMatch(/^\/proc\/sys\/net\/ipv4\/ip_forward:1$/m);
    } finally {
      rmSync(dirname(path), { recursive: true });
    }
  });

  test('a running cluster has no problem; a leaked address is found and repaired', {
    timeout: 60_000,
  }, async () => {
    const sound = await weftctl('--lab', name, 'ipam', 'check');
    expect(sound.stdout).toMatch(/^Check complete; found 0 problems\.$/m);
    expect(sound.exitCode).toBe(0);
    const address = await leak();
    const found = await weftctl('--lab', name, 'ipam', 'check', '--show-problem-ips');
    expect(found.stdout).toMatch(new RegExp(`^ {2}${address} is held for default/gone, which is gone`, 'm'));
    expect(found.exitCode).toBe(1);
    const fixed = await weftctl('--lab', name, 'ipam', 'check', '--fix', '--yes');
    expect(fixed.stdout).toContain(`Released ${address}.`);
    expect(fixed.exitCode).toBe(0);
    expect(await lab.pings('node1-pod1', await lab.addressOf('node2-pod1'))).toBe(true);
  });
});

/** Takes an address for a pod that was long ago, as a node that died in the middle leaves it. */
async function leak(): Promise<string> {
  const { datastore } = await resolveLab(name);
  const store = await openDatastore(datastore);
  try {
    const outcome = await createIpam({ store, now: Date.now }).autoAssign({
      node: 'node1',
      handle: 'k8s-pod-network.gone',
      attributes: { pod: 'gone', namespace: 'default', timestamp: '2026-01-01 00:00:00 +0000 UTC' },
      num4: 1,
      intendedUse: 'Workload',
    });
    if (outcome.kind !== 'assigned') throw new Error(outcome.message);
    return outcome.addresses[0]?.address ?? '';
  } finally {
    await store.close();
  }
}
