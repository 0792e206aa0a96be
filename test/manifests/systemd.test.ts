/** The unit of weftd asks for no more than its manifest does, and systemd takes every line of it. */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { execa, execaSync } from 'execa';
import { expect, it } from 'vitest';
import { MANIFESTS, manifestsOf } from '../harness/manifests.ts';

const unit = readFileSync(join(MANIFESTS, 'systemd/weftd.service'), 'utf8');
const hasSystemd = execaSync('systemd-analyze', ['--version'], { reject: false }).exitCode === 0;
if (!hasSystemd) console.warn('systemd-analyze is not installed: the units are not verified.');

it('has the capabilities of the manifest, and CHOWN for the group of the control socket', () => {
  const daemonSet = manifestsOf(join(MANIFESTS, 'base')).find(({ kind }) => kind === 'DaemonSet');
  const add: string[] = daemonSet?.spec.template.spec.containers[0].securityContext.capabilities.add ?? [];
  const bounding = unit.match(/^CapabilityBoundingSet=(.*)$/m)?.[1]?.split(' ');
  expect(bounding?.toSorted()).toEqual([...add, 'CHOWN'].map((name) => `CAP_${name}`).toSorted());
});

it.skipIf(!hasSystemd)('is a unit without a mistake', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'weft-unit-'));
  try {
    const path = join(folder, 'weftd.service');
    // A program that is there; weft is installed nowhere.
    writeFileSync(path, unit.replace(/^ExecStart=.*$/m, 'ExecStart=/bin/true'));
    const { all, exitCode } = await execa('systemd-analyze', ['verify', path], { all: true, reject: false });
    expect([exitCode, all]).toEqual([0, '']);
  } finally {
    rmSync(folder, { recursive: true });
  }
});
