/**
 * Two network namespaces joined by a cable: one for the speaker, one for the daemon.
 *
 *     speaker  192.0.2.1/24, 2001:db8::1/64 ── eth0 ──── eth0 ── 192.0.2.2/24, 2001:db8::2/64  daemon
 *              192.0.2.3/24, 2001:db8::3/64 ──┘
 *
 * The other addresses of the speaker's end are for a second speaker beside it. Every network has the same addresses, since nobody
 * else is on it; its namespaces are named after the process that made it. What a process that was killed has left behind goes when the next network is made.
 */
import { existsSync } from 'node:fs';
import { type Address, address } from '@weft/ip';
import { execa } from 'execa';

/** One namespace, and what is set up in it. */
export interface NetworkEnd {
  /** Name of the namespace. */
  readonly netns: string;
  readonly ipv4: Address;
  readonly ipv6: Address;
}

/** Namespace names: what the network is for, the process that made it, a number, the end. */
const NAME = /^t-io-.*-(\d+)-\d+\.\w+$/;

let made = 0;
let swept: Promise<void> | undefined;

/** A speaker's namespace and a daemon's. */
export class Network {
  readonly speaker: NetworkEnd;
  /** In the speaker's namespace. */
  readonly second: NetworkEnd;
  readonly daemon: NetworkEnd;

  private constructor(name: string) {
    this.speaker = {
      netns: `${name}.speaker`,
      ipv4: address('192.0.2.1'),
      ipv6: address('2001:db8::1'),
    };
    this.second = {
      netns: this.speaker.netns,
      ipv4: address('192.0.2.3'),
      ipv6: address('2001:db8::3'),
    };
    this.daemon = {
      netns: `${name}.daemon`,
      ipv4: address('192.0.2.2'),
      ipv6: address('2001:db8::2'),
    };
  }

  /** @param purpose part of the namespaces' names, such as `session-bird` */
  static async create(purpose: string): Promise<Network> {
    const network = new Network(await nameNetwork(purpose));
    try {
      await network.#setUp();
      return network;
    } catch (error) {
      await network.remove();
      throw error;
    }
  }

  async #setUp(): Promise<void> {
    const { speaker, second, daemon } = this;
    await ip('netns', 'add', speaker.netns);
    await ip('netns', 'add', daemon.netns);
    await ip(
      ...['-n', speaker.netns, 'link', 'add', 'eth0', 'type', 'veth'],
      ...['peer', 'name', 'eth0', 'netns', daemon.netns],
    );
    // An address under duplicate address detection, link-local ones included, cannot be used yet.
    for (const { netns } of [speaker, daemon]) {
      await execa('ip', ['netns', 'exec', netns, 'sysctl', '-qw', 'net.ipv6.conf.eth0.accept_dad=0']);
    }
    for (const { netns, ipv4, ipv6 } of [speaker, second, daemon]) {
      await ip('-n', netns, 'address', 'add', `${ipv4}/24`, 'dev', 'eth0');
      await ip('-n', netns, 'address', 'add', `${ipv6}/64`, 'dev', 'eth0');
    }
    for (const { netns } of [speaker, daemon]) {
      await ip('-n', netns, 'link', 'set', 'lo', 'up');
      await ip('-n', netns, 'link', 'set', 'eth0', 'up');
    }
  }

  /** Removes both namespaces, and the cable with them. */
  async remove(): Promise<void> {
    await Promise.all([this.speaker, this.daemon].map(({ netns }) => removeNamespace(netns)));
  }
}

/** The command line that runs a program inside a namespace, in place of itself: the process keeps its pid. */
export function inNamespace(netns: string, command: readonly string[]): [string, ...string[]] {
  return ['nsenter', `--net=/run/netns/${netns}`, '--', ...command];
}

/** Gives a new network its name, after what it is for; before the first one, removes what is left of others. */
export async function nameNetwork(purpose: string): Promise<string> {
  swept ??= sweep();
  await swept;
  made += 1;
  return `t-io-${purpose}-${process.pid}-${made}`;
}

/** Runs `ip`. */
export async function ip(...args: string[]): Promise<void> {
  await execa('ip', args);
}

/** Removes a namespace if it is there. */
export async function removeNamespace(netns: string): Promise<void> {
  if (existsSync(`/run/netns/${netns}`)) await ip('netns', 'delete', netns);
}

/** Ends and removes what networks of processes that are gone have left. */
async function sweep(): Promise<void> {
  const { stdout } = await execa('ip', ['netns', 'list']);
  const names = stdout.split('\n').map((line) => line.split(' ')[0] ?? '');
  for (const name of names) {
    const owner = NAME.exec(name)?.[1];
    if (owner === undefined || existsSync(`/proc/${owner}`)) continue;
    const { stdout: pids } = await execa('ip', ['netns', 'pids', name], { reject: false });
    for (const pid of pids.split('\n').filter(Boolean)) killIfThere(Number(pid));
    await removeNamespace(name);
  }
}

function killIfThere(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error;
  }
}
