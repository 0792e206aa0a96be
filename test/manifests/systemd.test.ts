/** The units ask for no more than their programs need, and systemd takes every line of them. */
import { copyFileSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { execa, execaSync } from 'execa';
import { expect, it } from 'vitest';
import { MANIFESTS, manifestsOf } from '../harness/manifests.ts';

const units = join(MANIFESTS, 'systemd');
const unit = (name: string): string => readFileSync(join(units, `${name}.service`), 'utf8');
const hasSystemd = execaSync('systemd-analyze', ['--version'], { reject: false }).exitCode === 0;
if (!hasSystemd) console.warn('systemd-analyze is not installed: the units are not verified.');

function boundingSet(name: string): string[] | undefined {
  return unit(name)
    .match(/^CapabilityBoundingSet=(.*)$/m)?.[1]
    ?.split(' ')
    .toSorted();
}

it('weftd has the capabilities of the manifest, and CHOWN for the group of the control socket', () => {
  const daemonSet = manifestsOf(join(MANIFESTS, 'base')).find(({ kind }) => kind === 'DaemonSet');
  const add: string[] = daemonSet?.spec.template.spec.containers[0].securityContext.capabilities.add ?? [];
  expect(boundingSet('weftd')).toEqual([...add, 'CHOWN'].map((name) => `CAP_${name}`).toSorted());
});

it('weft-docker has the capabilities of iptables', () => {
  expect(boundingSet('weft-docker')).toEqual(['CAP_NET_ADMIN', 'CAP_NET_RAW']);
});

it.skipIf(!hasSystemd).each(['weftd', 'weft-docker'])('%s is a unit without a mistake', async (name) => {
  const folder = mkdtempSync(join(tmpdir(), 'weft-unit-'));
  try {
    const path = join(folder, `${name}.service`);
    // A program that is there; weft is installed nowhere.
    writeFileSync(path, unit(name).replace(/^ExecStart=.*$/m, 'ExecStart=/bin/true'));
    copyFileSync(join(units, 'weft-docker.socket'), join(folder, 'weft-docker.socket'));
    const { all, exitCode } = await execa('systemd-analyze', ['verify', path], { all: true, reject: false });
    expect([exitCode, all]).toEqual([0, '']);
  } finally {
    rmSync(folder, { recursive: true });
  }
});
