/**
 * GoBGP 3: `gobgpd` with its API on a Unix socket, asked with `gobgp`.
 */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { execa } from 'execa';
import { waitFor } from '../../harness/wait-for.ts';
import type { Daemon, DaemonOptions, DaemonRoute } from './daemon.ts';
import { Foreground } from './foreground.ts';

/** `session_state` as a number of its API. */
const STATES = ['Unknown', 'Idle', 'Connect', 'Active', 'OpenSent', 'OpenConfirm', 'Established'] as const;
const FAMILIES = ['ipv4', 'ipv6'] as const;

/** A path attribute as `gobgp -j` writes it. */
interface GobgpAttribute {
  readonly type: number;
  readonly value?: unknown;
  readonly nexthop?: string;
  readonly metric?: number;
  readonly communities?: readonly number[];
  readonly as_paths?: readonly { readonly asns: readonly number[] }[];
}

interface GobgpPath {
  readonly nlri: { readonly prefix: string };
  readonly attrs: readonly GobgpAttribute[];
  readonly stale?: boolean;
  readonly 'neighbor-ip'?: string;
  readonly 'path-id'?: number;
}

interface GobgpLargeCommunity {
  readonly ASN: number;
  readonly LocalData1: number;
  readonly LocalData2: number;
}

/** A GoBGP daemon. */
export class GobgpDaemon implements Daemon {
  readonly name = 'gobgp';
  readonly #options: DaemonOptions;
  readonly #directory = mkdtempSync(join(tmpdir(), 'interop-gobgp-'));
  readonly #process: Foreground;
  /** Prefixes it originates, with attributes in the words of `gobgp global rib add`: it has no file for them. */
  readonly #originated: Map<string, readonly string[]> = new Map();

  constructor(options: DaemonOptions) {
    this.#options = options;
    this.#process = new Foreground({ netns: options.end.netns, directory: this.#directory });
  }

  async start({ restarting = false }: { readonly restarting?: boolean } = {}): Promise<void> {
    writeFileSync(join(this.#directory, 'gobgp.toml'), this.#options.config);
    // One that was killed leaves its socket behind, and the next does not take it over.
    rmSync(join(this.#directory, 'api.sock'), { force: true });
    const command = ['gobgpd', '-f', 'gobgp.toml', '-p', '--pprof-disable', '--api-hosts', this.#socket];
    this.#process.start(restarting ? [...command, '-r'] : command);
    // It has its neighbours a moment after it answers; those of a prefix come later.
    const isComplete = async (): Promise<boolean> =>
      (await this.#neighbour()) !== undefined || this.#options.config.includes('[[dynamic-neighbors]]');
    await this.#process.ready('GoBGP answers', isComplete);
    for (const [prefix, attributes] of this.#originated) await this.#add(prefix, attributes);
    if (this.#options.config.includes('admin-down'))
      await this.ask('neighbor', this.#options.neighbour, 'enable');
  }

  async routes(): Promise<DaemonRoute[]> {
    const lists = await Promise.all(FAMILIES.map((family) => this.#received(family)));
    return lists.flat();
  }

  async announce(prefixes: readonly string[]): Promise<void> {
    for (const prefix of prefixes) await this.originate(prefix);
  }

  /** Originates one prefix with attributes in the words of `gobgp global rib add`, such as `community 65002:1`. */
  async originate(prefix: string, ...attributes: string[]): Promise<void> {
    this.#originated.set(prefix, attributes);
    if (this.#process.isRunning) await this.#add(prefix, attributes);
  }

  async withdraw(prefixes: readonly string[]): Promise<void> {
    for (const prefix of prefixes) {
      this.#originated.delete(prefix);
      if (this.#process.isRunning) await this.ask('global', 'rib', 'del', '-a', familyOf(prefix), prefix);
    }
  }

  async requestRefresh(): Promise<void> {
    await this.ask('neighbor', this.#options.neighbour, 'softresetin');
  }

  async sessionState(): Promise<string> {
    return STATES[(await this.#neighbour())?.state.session_state ?? 0] ?? 'Unknown';
  }

  async ask(...command: string[]): Promise<string> {
    const { stdout } = await execa('gobgp', ['--target', this.#socket, ...command]);
    return stdout;
  }

  kill(signal: NodeJS.Signals): Promise<void> {
    return this.#process.kill(signal);
  }

  async remove(): Promise<void> {
    await this.kill('SIGKILL');
    rmSync(this.#directory, { recursive: true, force: true });
  }

  logTail(): string {
    return this.#process.logTail();
  }

  get #socket(): string {
    return `unix://${join(this.#directory, 'api.sock')}`;
  }

  async #neighbour(): Promise<{ readonly state: { readonly session_state?: number } } | undefined> {
    const list = JSON.parse(await this.ask('-j', 'neighbor'));
    return list.find(
      ({ state }: { state: { neighbor_address: string } }) =>
        state.neighbor_address === this.#options.neighbour,
    );
  }

  async #add(prefix: string, attributes: readonly string[]): Promise<void> {
    // A session over IPv4 has no address of its own to name for IPv6.
    const nextHop = familyOf(prefix) === 'ipv6' ? ['nexthop', this.#options.end.ipv6] : [];
    const origin = attributes.includes('origin') ? [] : ['origin', 'igp'];
    const words = [prefix, ...origin, ...nextHop, ...attributes];
    // `gobgp` gives a busy daemon a second, and to add a route twice is to add it once.
    const added = await waitFor(
      'GoBGP takes a route',
      () => this.ask('global', 'rib', 'add', '-a', familyOf(prefix), ...words).catch(tryAgainIfBusy),
      30_000,
    );
    if (added !== '') throw new Error(`GoBGP says about ${prefix}: ${added}`);
  }

  /** The routes of the speaker in the table of a family; what it refuses for a loop is in its Adj-RIB-In alone. */
  async #received(family: string): Promise<DaemonRoute[]> {
    const table: Readonly<Record<string, readonly GobgpPath[]>> = JSON.parse(
      await this.ask('-j', 'global', 'rib', '-a', family),
    );
    const paths = Object.values(table).flat();
    return paths.filter((path) => path['neighbor-ip'] === this.#options.neighbour).map(toRoute);
  }
}

function tryAgainIfBusy(error: Error): false {
  if (error.message.includes('context deadline exceeded')) return false;
  throw error;
}

function familyOf(prefix: string): (typeof FAMILIES)[number] {
  return prefix.includes(':') ? 'ipv6' : 'ipv4';
}

function toRoute({ nlri, attrs, stale, 'path-id': pathId }: GobgpPath): DaemonRoute {
  const parts = attrs.map(toPart);
  return Object.assign({ prefix: nlri.prefix, stale: stale ?? false, pathId: pathId ?? 0 }, ...parts);
}

function toPart({
  type,
  value,
  nexthop,
  metric,
  communities,
  as_paths: segments,
}: GobgpAttribute): Partial<DaemonRoute> {
  switch (type) {
    case 1:
      return { origin: (['igp', 'egp', 'incomplete'] as const)[Number(value)] };
    case 2:
      return { asPath: segments?.flatMap(({ asns }) => asns) ?? [] };
    case 3:
    case 14:
      return nexthop === undefined ? {} : { nextHop: nexthop };
    case 4:
      return metric === undefined ? {} : { med: metric };
    case 5:
      return { localPref: Number(value) };
    case 8:
      return { communities: communities?.map((number) => `${number >>> 16}:${number & 0xffff}`) ?? [] };
    case 9:
      return { originatorId: String(value) };
    case 10:
      return { clusterList: (value as readonly string[]).map(String) };
    case 32:
      return { largeCommunities: (value as readonly GobgpLargeCommunity[]).map(formatLarge) };
    default:
      return {};
  }
}

function formatLarge({ ASN, LocalData1, LocalData2 }: GobgpLargeCommunity): string {
  return `${ASN}:${LocalData1}:${LocalData2}`;
}
