/**
 * OpenBGPD, the portable edition: `bgpd` asked with `bgpctl`.
 *
 * It locks its processes into a directory under /run, so it has a /run of its own. It re-reads nothing at run time but its file,
 * and what `announce` gave it is gone with it, so that is given again at the next start.
 */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { execa } from 'execa';
import type { Daemon, DaemonOptions, DaemonRoute } from './daemon.ts';
import { Foreground } from './foreground.ts';

/** What becomes the daemon, keeping its pid. */
const START = 'mount -t tmpfs none /run && mkdir /run/openbgpd && exec bgpd -d -v -f bgpd.conf';

/** A route as `bgpctl -j show rib detail` writes it. */
interface OpenbgpdRoute {
  readonly prefix: string;
  readonly valid: boolean;
  readonly exit_nexthop: string;
  readonly origin: string;
  readonly aspath: string;
  readonly metric: number;
  readonly localpref: number;
  readonly communities?: readonly string[];
  readonly large_communities?: readonly string[];
  readonly attributes?: readonly OpenbgpdAttribute[];
  readonly stale?: boolean;
  readonly path_id?: number;
}

/** One of the attributes it writes by name. */
interface OpenbgpdAttribute {
  readonly type: string;
  readonly originator?: string;
  readonly cluster_list?: readonly string[];
}

/** An OpenBGPD. */
export class OpenbgpdDaemon implements Daemon {
  readonly name = 'openbgpd';
  readonly #options: DaemonOptions;
  readonly #directory = mkdtempSync(join(tmpdir(), 'interop-openbgpd-'));
  readonly #process: Foreground;
  readonly #announced: Set<string> = new Set();

  constructor(options: DaemonOptions) {
    this.#options = options;
    this.#process = new Foreground({ netns: options.end.netns, directory: this.#directory });
  }

  async start(): Promise<void> {
    const config = `socket "${this.#socket}"\n${this.#options.config}`;
    writeFileSync(join(this.#directory, 'bgpd.conf'), config, { mode: 0o600 });
    this.#process.start(['unshare', '--mount', 'sh', '-c', START]);
    await this.#process.ready('OpenBGPD has its neighbours', async () =>
      (await this.ask('-j', 'show')).includes('remote_as'),
    );
    for (const prefix of this.#announced) await this.ask('network', 'add', prefix);
  }

  async routes(): Promise<DaemonRoute[]> {
    const found = JSON.parse(
      await this.ask('-j', 'show', 'rib', 'detail', 'neighbor', this.#options.neighbour),
    );
    // What it refuses for a loop stays in its table and is not valid.
    const routes: readonly OpenbgpdRoute[] = found.rib ?? [];
    return routes.filter(({ valid }) => valid).map(toRoute);
  }

  async announce(prefixes: readonly string[]): Promise<void> {
    for (const prefix of prefixes) {
      this.#announced.add(prefix);
      if (this.#process.isRunning) await this.ask('network', 'add', prefix);
    }
  }

  async withdraw(prefixes: readonly string[]): Promise<void> {
    for (const prefix of prefixes) {
      this.#announced.delete(prefix);
      if (this.#process.isRunning) await this.ask('network', 'delete', prefix);
    }
  }

  async requestRefresh(): Promise<void> {
    await this.ask('neighbor', this.#options.neighbour, 'refresh');
  }

  async sessionState(): Promise<string> {
    const { neighbors = [] } = JSON.parse(await this.ask('-j', 'show', 'neighbor', this.#options.neighbour));
    return neighbors[0]?.state ?? 'None';
  }

  async ask(...command: string[]): Promise<string> {
    const { stdout } = await execa('bgpctl', ['-s', this.#socket, ...command]);
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
    return join(this.#directory, 'bgpd.sock');
  }
}

function toRoute(route: OpenbgpdRoute): DaemonRoute {
  const attributes: OpenbgpdAttribute = Object.assign({}, ...(route.attributes ?? []));
  return {
    prefix: route.prefix,
    nextHop: route.exit_nexthop,
    origin: route.origin.toLowerCase() as DaemonRoute['origin'],
    asPath: route.aspath.split(' ').filter(Boolean).map(Number),
    med: route.metric,
    localPref: route.localpref,
    communities: route.communities ?? [],
    largeCommunities: route.large_communities ?? [],
    originatorId: attributes.originator,
    clusterList: attributes.cluster_list,
    stale: route.stale ?? false,
    pathId: route.path_id ?? 0,
  };
}
