/**
 * FRR: zebra, bgpd and, where the configuration wants it, bfdd in a directory of their own. bgpd needs zebra for the
 * addresses of its interface, or it has no IPv6 next hop to send. All drop their privileges to the user `frr`, who owns
 * the directory.
 *
 * `kill` is for bgpd alone: a restart of it is one of the control plane, zebra keeps the routes in the kernel.
 */
import { chownSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { execa } from 'execa';
import type { Daemon, DaemonOptions, DaemonRoute } from './daemon.ts';
import { Foreground } from './foreground.ts';

/** A table as vtysh prints it. */
interface Table {
  readonly routes: Readonly<Record<string, unknown>>;
}

/** A prefix as vtysh prints it. */
interface Entry {
  readonly prefix: string;
  readonly paths?: readonly Path[];
}

interface Path {
  readonly originatorId?: string;
  readonly clusterList?: { readonly list: readonly string[] };
  readonly aspath?: { readonly segments: readonly { readonly list: readonly number[] }[] };
  readonly origin?: string;
  readonly metric?: number;
  readonly locPrf?: number;
  readonly stale?: boolean;
  readonly community?: { readonly list: readonly string[] };
  readonly largeCommunity?: { readonly list: readonly string[] };
  readonly nexthops?: readonly { readonly ip: string; readonly used?: boolean }[];
  readonly peer?: { readonly peerId: string };
}

/** A bgpd that can be killed and started again, beside its zebra. */
export class FrrDaemon implements Daemon {
  readonly name = 'frr';
  readonly #options: DaemonOptions;
  readonly #directory = mkdtempSync(join(tmpdir(), 'interop-frr-'));
  readonly #originated: Set<string> = new Set();
  readonly #zebra: Foreground;
  readonly #bgpd: Foreground;
  readonly #bfdd: Foreground;
  #user: { readonly uid: number; readonly gid: number } | undefined;

  constructor(options: DaemonOptions) {
    this.#options = options;
    const where = { netns: options.end.netns, directory: this.#directory };
    this.#zebra = new Foreground(where);
    this.#bgpd = new Foreground(where);
    this.#bfdd = new Foreground(where);
  }

  async start(): Promise<void> {
    this.#user ??= { uid: await idOf('-u'), gid: await idOf('-g') };
    const { uid, gid } = this.#user;
    chownSync(this.#directory, uid, gid);
    this.#writeConfig();
    if (!this.#zebra.isRunning) await this.#startOne(this.#zebra, 'zebra', ['-f', '/dev/null']);
    if (bfdPart(this.#options.config) !== '' && !this.#bfdd.isRunning) {
      await this.#startOne(this.#bfdd, 'bfdd', ['-f', 'bfdd.conf', '--bfdctl', 'bfdd.sock']);
    }
    await this.#startOne(this.#bgpd, 'bgpd', ['-f', 'bgpd.conf']);
    await this.#bgpd.ready('bgpd knows zebra', async () =>
      /^bgp /m.test(await this.#vtysh('zebra', 'show zebra client summary')),
    );
  }

  async #startOne(foreground: Foreground, program: string, args: readonly string[]): Promise<void> {
    foreground.start([
      `/usr/lib/frr/${program}`,
      ...['--vty_socket', this.#directory, '-P', '0', '-z', join(this.#directory, 'zserv.api')],
      ...['-i', join(this.#directory, `${program}.pid`), '--log', 'stdout', ...args],
    ]);
    await foreground.ready(`${program} answers`, async () =>
      (await this.#vtysh(program, 'show version')).includes('FRR'),
    );
  }

  async routes(): Promise<DaemonRoute[]> {
    const tables = ['show bgp ipv4 unicast json', 'show bgp ipv6 unicast json'];
    const prefixes = jsonObjects<Table>(await this.ask(...tables)).flatMap(({ routes }) =>
      Object.keys(routes),
    );
    if (prefixes.length === 0) return [];
    const details = prefixes.map((prefix) => `show bgp ${familyOf(prefix)} unicast ${prefix} json`);
    return jsonObjects<Entry>(await this.ask(...details)).flatMap(({ prefix, paths = [] }) =>
      paths
        .filter(({ peer }) => peer?.peerId === this.#options.neighbour)
        .map((path) => toRoute(prefix, path)),
    );
  }

  async announce(prefixes: readonly string[]): Promise<void> {
    for (const prefix of prefixes) this.#originated.add(prefix);
    if (this.#bgpd.isRunning)
      await this.#configure(
        prefixes.map((prefix) => `network ${prefix}`),
        prefixes,
      );
  }

  async withdraw(prefixes: readonly string[]): Promise<void> {
    for (const prefix of prefixes) this.#originated.delete(prefix);
    if (this.#bgpd.isRunning)
      await this.#configure(
        prefixes.map((prefix) => `no network ${prefix}`),
        prefixes,
      );
  }

  async requestRefresh(): Promise<void> {
    const { neighbour } = this.#options;
    await this.ask(`clear bgp ipv4 unicast ${neighbour} in`);
    await this.ask(`clear bgp ipv6 unicast ${neighbour} in`);
  }

  async sessionState(): Promise<string> {
    const { neighbour } = this.#options;
    const answer = JSON.parse(await this.ask(`show bgp neighbors ${neighbour} json`));
    return answer[neighbour]?.bgpState ?? 'Idle';
  }

  /** Each argument is one line for vtysh; those about BFD go to bfdd, all others to bgpd. */
  async ask(...lines: string[]): Promise<string> {
    return this.#vtysh(lines.some((line) => /^(show )?bfd\b/.test(line)) ? 'bfdd' : 'bgpd', ...lines);
  }

  async kill(signal: NodeJS.Signals): Promise<void> {
    await this.#bgpd.kill(signal);
  }

  async remove(): Promise<void> {
    await this.#bgpd.kill('SIGKILL');
    await this.#bfdd.kill('SIGKILL');
    await this.#zebra.kill('SIGKILL');
    rmSync(this.#directory, { recursive: true, force: true });
  }

  logTail(): string {
    return [this.#zebra, this.#bfdd, this.#bgpd].map((program) => program.logTail()).join('\n');
  }

  async #vtysh(program: string, ...lines: string[]): Promise<string> {
    const commands = lines.flatMap((line) => ['-c', line]);
    const { stdout } = await execa('vtysh', ['--vty_socket', this.#directory, '-d', program, ...commands]);
    return stdout;
  }

  async #configure(statements: readonly string[], prefixes: readonly string[]): Promise<void> {
    const lines = statements.flatMap((statement, index) => [
      `address-family ${familyOf(prefixes[index] ?? '')} unicast`,
      statement,
      'exit-address-family',
    ]);
    await this.ask('configure terminal', `router bgp ${this.#options.asn}`, ...lines, 'end');
  }

  #writeConfig(): void {
    const networks = [...this.#originated].flatMap((prefix) => [
      ` address-family ${familyOf(prefix)} unicast`,
      `  network ${prefix}`,
      ' exit-address-family',
    ]);
    const { config } = this.#options;
    const ofBfd = bfdPart(config);
    writeFileSync(join(this.#directory, 'bfdd.conf'), `${ofBfd}\n`);
    const text = [config.replace(ofBfd, ''), `router bgp ${this.#options.asn}`, ...networks, ''].join('\n');
    writeFileSync(join(this.#directory, 'bgpd.conf'), text);
  }
}

/** The part of a configuration that is for bfdd; empty when there is none. */
function bfdPart(config: string): string {
  return /^bfd$.*?^exit$/ms.exec(config)?.[0] ?? '';
}

/** An id of the user `frr`. */
async function idOf(which: '-u' | '-g'): Promise<number> {
  return Number((await execa('id', [which, 'frr'])).stdout);
}

function familyOf(prefix: string): 'ipv4' | 'ipv6' {
  return prefix.includes(':') ? 'ipv6' : 'ipv4';
}

/** The objects vtysh printed for several commands. */
function jsonObjects<T>(text: string): T[] {
  return [...text.matchAll(/^\{.*?^(?:\}| \} +\}) *$/gms)].map(([object]) => JSON.parse(object) as T);
}

function toRoute(prefix: string, path: Path): DaemonRoute {
  return {
    prefix,
    nextHop: path.nexthops?.find(({ used }) => used)?.ip,
    origin: path.origin?.toLowerCase() as DaemonRoute['origin'],
    asPath: path.aspath?.segments.flatMap(({ list }) => list),
    communities: path.community?.list,
    largeCommunities: path.largeCommunity?.list,
    localPref: path.locPrf,
    med: path.metric,
    originatorId: path.originatorId,
    clusterList: path.clusterList?.list,
    stale: path.stale ?? false,
  };
}
