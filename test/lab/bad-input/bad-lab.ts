/**
 * What the tests of bad input share: a lab in which two nodes share a pool of four addresses, a folder for files, and
 * the question whether anything was left behind.
 */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openDatastore } from '@weft/datastore';
import { resolveLab } from '@weft/lab';
import { execa } from 'execa';
import { afterAll, beforeAll, expect } from 'vitest';
import type { Ended } from '../../harness/refusal.ts';
import { type TestLab, topologyOf, useLab } from '../../harness/test-lab.ts';
import { traces } from '../../harness/traces.ts';

/** The checkout. */
export const repository: string = join(import.meta.dirname, '../../..');

/** The subnet of every topology here, as a line of YAML. */
export const subnet = 'subnets: { rack: { prefixes: [10.1.0.0/24] } }\n';

/** The lab that runs, and the one that must never come to be. */
const names = ['t-bad', 't-other'];

/** Brings `t-bad` up before the tests of a file; on its host `plain` they start daemons of their own. */
export function useBadLab(): BadLab {
  const topology = topologyOf(`${subnet}
hosts: { node1: { pods: 1 }, node2: , plain: { runs: none } }
pools: [{ name: tiny, cidr: 10.50.0.0/30, blockSize: 30 }]
holdTimeSeconds: 3`);
  const lab = new BadLab(useLab('t-bad', topology));
  beforeAll(() => lab.remember());
  afterAll(() => rmSync(lab.directory, { recursive: true }));
  return lab;
}

/** The lab `t-bad` with a folder of its own. */
export class BadLab {
  readonly lab: TestLab;
  readonly directory: string = mkdtempSync(join(tmpdir(), 'weft-bad-input-'));
  #before: string[] = [];

  constructor(lab: TestLab) {
    this.lab = lab;
  }

  async remember(): Promise<void> {
    this.#before = await traces(...names);
  }

  /** Expects the machine to be as it was when the tests began. */
  async expectNothingLeft(): Promise<void> {
    expect(await traces(...names)).toEqual(this.#before);
  }

  /** Writes a file into the folder; gives its path. */
  file(name: string, text: string): string {
    const path = join(this.directory, name);
    writeFileSync(path, text);
    return path;
  }

  /** Everything of a pod that could leak: handles, endpoints and block contents, links of the hosts, namespaces. */
  async holdings(): Promise<unknown> {
    const { datastore } = await resolveLab('t-bad');
    const store = await openDatastore(datastore);
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
      const hosts = ['node1', 'node2'];
      const links = await Promise.all(hosts.map((host) => this.lab.run(host, 'ip', '-br', 'link')));
      // The lock on a node's name is a file that stays: see claim-name.ts of @weft/datastore.
      const left = (await traces(...names)).filter((trace) => !trace.includes('.claim-'));
      return { handles, endpoints, blocks, links, left };
    } finally {
      await store.close();
    }
  }
}

/** Runs a program to its end. */
export async function end(program: string, args: string[], options: object = {}): Promise<Ended> {
  const { stdout, stderr, exitCode } = await execa(program, args, {
    reject: false,
    timeout: 20_000,
    ...options,
  });
  return { stdout: String(stdout), stderr: String(stderr), exitCode: exitCode ?? -1 };
}
