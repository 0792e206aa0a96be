/**
 * A lab for the tests of one file: up before them, down after them, and the questions they ask of it.
 */
import { globSync, readFileSync } from 'node:fs';
import { ControlClient } from '@weft/control';
import {
  addPod,
  defaultTopology,
  down,
  existingLabs,
  type Installation,
  installation,
  namespaceOf,
  parseTopology,
  resolveLab,
  runIn,
  status,
  type Topology,
  up,
} from '@weft/lab';
import { execa } from 'execa';
import { afterAll, afterEach, beforeAll } from 'vitest';
import { waitFor } from './wait-for.ts';

const silent = (): void => {};

/**
 * Brings a lab up before the tests of this file and removes it after them, whatever became of them.
 *
 * @param install what the hosts run; this checkout unless told
 */
export function useLab(
  name: string,
  topology: Topology,
  baseDirectory = '/',
  install: () => Promise<Installation> = installation,
): TestLab {
  const lab = new TestLab(name);
  beforeAll(async () => {
    if (existingLabs().includes(name)) await down(name, silent);
    await up({ name, topology, baseDirectory }, await install(), silent);
  }, 180_000);
  afterEach(({ task }) => {
    if (task.result?.state === 'fail') console.error(lastWords(name));
  });
  afterAll(async () => {
    if (existingLabs().includes(name)) await down(name, silent);
  }, 60_000);
  return lab;
}

/** What the daemons of a lab said last: the place to look when a test has failed. */
function lastWords(name: string): string {
  const files = globSync(`/run/weft/lab/${name}/hosts/*/daemon.log`);
  const logs = files.map(
    (file) => `${file}:\n${readFileSync(file, 'utf8').trimEnd().split('\n').slice(-40).join('\n')}`,
  );
  return logs.join('\n\n');
}

/** The default lab of so many hosts and pods, with a hold time that tests can wait for. */
export function smallTopology(nodes: number, pods: number, holdTimeSeconds = 3): Topology {
  return { ...defaultTopology(nodes, pods), holdTimeSeconds };
}

/** What a topology file with this text describes. Throws with its faults. */
export function topologyOf(text: string): Topology {
  const parsed = parseTopology(text);
  if (!parsed.ok) throw new Error(JSON.stringify(parsed.issues));
  return parsed.topology;
}

/** One running lab. */
export class TestLab {
  readonly name: string;

  constructor(name: string) {
    this.name = name;
  }

  /** Runs a command on a host or in a pod; its standard output. Fails when the command fails. */
  async run(member: string, ...command: string[]): Promise<string> {
    const { stdout, stderr, exitCode } = await runIn(this.name, member, command);
    if (exitCode !== 0) throw new Error(`${member}: ${command.join(' ')} ended with ${exitCode}: ${stderr}`);
    return stdout;
  }

  /** The routes of a host as `ip route` prints them, one a line, trimmed. */
  async routes(host: string, ...selector: string[]): Promise<string[]> {
    const outputs = [
      await this.run(host, 'ip', '-4', 'route', 'show', ...selector),
      await this.run(host, 'ip', '-6', 'route', 'show', ...selector),
    ];
    return outputs
      .flatMap((output) => output.split('\n'))
      .map((line) => line.trim())
      .filter((line) => line !== '');
  }

  /** True when the address answers one ping within a second. */
  async pings(from: string, address: string): Promise<boolean> {
    const { exitCode } = await runIn(this.name, from, ['ping', '-c', '1', '-W', '1', '-n', address]);
    return exitCode === 0;
  }

  /** The first IPv4 or IPv6 address of a pod. */
  async addressOf(pod: string, family: 4 | 6 = 4): Promise<string> {
    const { pods } = await status(this.name);
    const found = pods
      .find(({ name }) => name === pod)
      ?.addresses.find((text) => text.includes(':') === (family === 6));
    if (found === undefined) throw new Error(`${pod} has no IPv${family} address`);
    return found;
  }

  /** The blocks of a host. */
  async blocksOf(host: string): Promise<string[]> {
    const { hosts } = await status(this.name);
    return [...(hosts.find(({ name }) => name === host)?.blocks ?? [])];
  }

  /** Where the daemon of a host is asked. */
  async controlSocket(host: string): Promise<string> {
    const { hosts } = await resolveLab(this.name);
    return hosts.find(({ name }) => name === host)?.controlSocket ?? '';
  }

  /** Kills the weftd of a host and nothing else that runs there, and waits until nobody answers for it. */
  async killWeftd(host: string): Promise<void> {
    const daemon = new ControlClient(await this.controlSocket(host));
    process.kill((await daemon.status()).pid, 'SIGKILL');
    const isAway = (): Promise<boolean> =>
      daemon.status().then(
        () => false,
        () => true,
      );
    await waitFor(`${host} has no weftd`, isAway);
  }

  /** Plugs pods in, one after the other. */
  async addPods(host: string, count: number): Promise<void> {
    for (let added = 0; added < count; added++) await addPod(this.name, host);
  }

  /** The network namespace of a member, for tools of the test. */
  namespaceOf(member: string): string {
    return namespaceOf(this.name, member);
  }
}

/** Runs weftctl of this checkout as a user does. */
export async function weftctl(
  ...args: string[]
): Promise<{ stdout: string; stderr: string; exitCode: number }> {
  const program = `${import.meta.dirname}/../../node_modules/.bin/weftctl`;
  const { stdout, stderr, exitCode } = await execa(program, args, { reject: false });
  return { stdout, stderr, exitCode: exitCode ?? 1 };
}
