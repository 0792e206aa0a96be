/** Network namespaces that stand for containers, and the CNI calls that are made for them. */
import { openDatastore } from '@weft/datastore';
import { createNetns, deleteNetns, netnsPath } from '@weft/kernel';
import { resolveLab } from '@weft/lab';
import { execa } from 'execa';
import { afterAll, beforeAll } from 'vitest';
import { type CniCall, type CniOutcome, cniCall } from '../harness/cni-call.ts';
import type { TestLab } from '../harness/test-lab.ts';

/** A container id as runtimes draw them. */
export const drawn = (digit: string): string => digit.repeat(64);

/** Containers of one test file, by short names; their namespaces come and go with its tests. */
export class Containers {
  readonly #lab: TestLab;

  constructor(lab: TestLab, names: readonly string[]) {
    this.#lab = lab;
    const namespaces = names.map((name) => this.netns(name));
    beforeAll(() => namespaces.forEach(createNetns));
    afterAll(() => namespaces.forEach(deleteNetns));
  }

  /** The name of a container's namespace. */
  netns(name: string): string {
    return `${this.#lab.name}-${name}`;
  }

  /** The path of it. */
  path(name: string): string {
    return netnsPath(this.netns(name));
  }

  /** Asks the daemon of node1. */
  async call(wanted: CniCall): Promise<CniOutcome> {
    return cniCall(await this.#lab.controlSocket('node1'), wanted);
  }

  /** ADD for a container, whose id is drawn from the digit. */
  add(name: string, digit: string, more: Partial<CniCall> = {}): Promise<CniOutcome> {
    return this.call({ command: 'ADD', containerId: drawn(digit), netns: this.path(name), ...more });
  }

  /** DEL without a namespace, as a runtime sends it last. */
  del(digit: string, more: Partial<CniCall> = {}): Promise<CniOutcome> {
    return this.call({ command: 'DEL', containerId: drawn(digit), ...more });
  }

  /** Runs a command in a container; its standard output. */
  async run(name: string, ...command: string[]): Promise<string> {
    const { stdout } = await execa('ip', ['netns', 'exec', this.netns(name), ...command]);
    return stdout;
  }

  /** True when the address answers one ping within a second. */
  async pings(name: string, address: string): Promise<boolean> {
    const command = ['netns', 'exec', this.netns(name), 'ping', '-c', '1', '-W', '1', '-n', address];
    return (await execa('ip', command, { reject: false })).exitCode === 0;
  }
}

/** What weft holds for containers of node1: their interfaces, their records and how many addresses. */
export async function held(
  lab: TestLab,
): Promise<{ interfaces: string[]; records: string[]; addresses: number }> {
  const links = await lab.run('node1', 'ip', '-j', 'link', 'show', 'type', 'veth');
  const names = (JSON.parse(links) as { ifname: string }[]).map(({ ifname }) => ifname);
  const store = await openDatastore((await resolveLab(lab.name)).datastore);
  try {
    const endpoints = (await store.list('WorkloadEndpoint')).items.filter(
      ({ spec }) => spec.node === 'node1',
    );
    const handles = (await store.list('IPAMHandle')).items;
    return {
      interfaces: names.filter((name) => name.startsWith('cali')).sort(),
      records: endpoints.map(({ metadata }) => metadata.name).sort(),
      addresses: handles
        .flatMap(({ spec }) => Object.values(spec.block))
        .reduce((sum, count) => sum + count, 0),
    };
  } finally {
    await store.close();
  }
}
