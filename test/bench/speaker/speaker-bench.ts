/**
 * `npm run bench speaker`: the speaker as it is published beside other daemons, one after the other on one core, all
 * with the same peers, which run on another core.
 *
 *     daemon on core 1, namespace .daemon ── veth ── namespace .peers, player on core 0
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { setPriority, tmpdir } from 'node:os';
import { join } from 'node:path';
import { execa } from 'execa';
import { waitFor } from '../../harness/wait-for.ts';
import type { Figure } from '../run.ts';
import { DAEMON_ADDRESS, SCENARIOS, type Scenario, sessionAddress } from './scenario.ts';
import { bird, frr, frrFast, gobgp, openbgpd, type Subject, weft } from './subjects.ts';

const repository = join(import.meta.dirname, '../../..');
const DAEMON_CORE = '1';
const PLAYER_CORE = '0';
/** How long a daemon that listens may still be busy with its start, in ms. */
const SETTLE_MS = 2000;

export async function* speakerBench(): AsyncGenerator<Figure> {
  const directory = mkdtempSync(join(tmpdir(), 'bench-speaker-'));
  try {
    const build = await buildSpeaker(directory);
    const subjects = [weft(build), bird, frr, frrFast, openbgpd, gobgp];
    for (const scenario of SCENARIOS) {
      for (const subject of subjects) {
        if (subject.skips?.includes(scenario.name)) continue;
        const figures = await measure(scenario, subject);
        yield { benchmark: 'speaker', scenario: scenario.name, daemon: subject.name, ...figures };
      }
    }
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
}

/** The package as it is published, with its dependencies beside it. */
async function buildSpeaker(directory: string): Promise<string> {
  const build = join(directory, 'bgp-speaker-ts');
  await execa(process.execPath, [join(repository, 'hack/build-bgp-speaker.ts'), build]);
  await execa('ln', ['-s', join(repository, 'node_modules'), join(directory, 'node_modules')]);
  return build;
}

async function measure(scenario: Scenario, subject: Subject): Promise<Record<string, number>> {
  const name = `bench-speaker-${process.pid}`;
  const directory = mkdtempSync(join(tmpdir(), `bench-${subject.name}-`));
  const started: ChildProcess[] = [];
  try {
    await createNetwork(name, scenario.sessions);
    for (const { command, socket } of await subject.prepare(scenario, directory)) {
      started.push(startDaemon(name, command));
      if (socket !== undefined) await waitFor(`${socket} is there`, async () => existsSync(socket));
    }
    const listener = started.at(-1)?.pid ?? 0;
    await waitFor(`${subject.name} listens`, async () => isListening(listener), 60_000);
    await new Promise((resolve) => setTimeout(resolve, SETTLE_MS));
    const pids = started.flatMap(({ pid = 0 }) => [pid, ...childrenOf(pid)]);
    return await play(name, scenario, pids);
  } finally {
    await Promise.all(started.map(end));
    await removeNetwork(name);
    rmSync(directory, { recursive: true, force: true });
  }
}

function startDaemon(name: string, command: readonly string[]): ChildProcess {
  const child = spawn('ip', place(`${name}.daemon`, DAEMON_CORE, command), {
    stdio: 'ignore',
    detached: true,
  });
  hurry(child.pid);
  return child;
}

/** A command in a namespace and on a core; `ip` and `taskset` give their process to it. */
function place(netns: string, core: string, command: readonly string[]): string[] {
  return ['netns', 'exec', netns, 'taskset', '-c', core, ...command];
}

/** Lets a process that leads a session of its own go before other work of the machine. */
function hurry(pid: number | undefined): void {
  if (pid === undefined) return;
  setPriority(pid, -20);
  if (existsSync('/proc/self/autogroup')) writeFileSync(`/proc/${pid}/autogroup`, '-20');
}

async function play(
  name: string,
  scenario: Scenario,
  pids: readonly number[],
): Promise<Record<string, number>> {
  const command = [process.execPath, join(import.meta.dirname, 'player.ts'), scenario.name, pids.join(',')];
  const player = execa('ip', place(`${name}.peers`, PLAYER_CORE, command), { detached: true });
  hurry(player.pid);
  const { stdout } = await player;
  return JSON.parse(stdout) as Record<string, number>;
}

async function createNetwork(name: string, sessions: number): Promise<void> {
  const [daemon, peers] = [`${name}.daemon`, `${name}.peers`];
  await ip('netns', 'add', daemon);
  await ip('netns', 'add', peers);
  await ip(...['-n', daemon, 'link', 'add', 'eth0', 'type', 'veth', 'peer', 'name', 'eth0', 'netns', peers]);
  for (const netns of [daemon, peers]) {
    await ip('-n', netns, 'link', 'set', 'lo', 'up');
    await ip('-n', netns, 'link', 'set', 'eth0', 'up');
  }
  // As long as a busy router has it; a shorter one would measure who asks for how much.
  await execa('ip', ['netns', 'exec', daemon, 'sysctl', '-qw', 'net.core.somaxconn=4096']);
  await ip('-n', daemon, 'address', 'add', `${DAEMON_ADDRESS}/16`, 'dev', 'eth0');
  const addresses = Array.from({ length: sessions }, (_, index) => sessionAddress(index));
  const batch = addresses.map((address) => `address add ${address}/16 dev eth0`).join('\n');
  await execa('ip', ['-n', peers, '-batch', '-'], { input: batch });
}

async function removeNetwork(name: string): Promise<void> {
  for (const end of ['daemon', 'peers'])
    await execa('ip', ['netns', 'delete', `${name}.${end}`], { reject: false });
}

async function ip(...args: readonly string[]): Promise<void> {
  await execa('ip', [...args]);
}

/** Says whether something listens on port 179 where a process runs. */
function isListening(pid: number): boolean {
  if (!existsSync(`/proc/${pid}`)) throw new Error(`process ${pid} ended before it listened on port 179`);
  return ['tcp', 'tcp6'].some((table) =>
    /:00B3 0*:0000 0A/.test(readFileSync(`/proc/${pid}/net/${table}`, 'utf8')),
  );
}

function childrenOf(pid: number): number[] {
  const text = readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').trim();
  return text === '' ? [] : text.split(' ').map(Number);
}

async function end(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const ended = once(child, 'exit');
  child.kill('SIGKILL');
  await ended;
}
