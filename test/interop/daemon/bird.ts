/**
 * BIRD 2. What it originates at run time is in two files that its configuration includes: `routes4.conf` in a static
 * protocol for IPv4, `routes6.conf` in one for IPv6. The protocol of the session is called `speaker`.
 */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { execa } from 'execa';
import type { Daemon, DaemonOptions, DaemonRoute } from './daemon.ts';
import { Foreground } from './foreground.ts';
import type { NetworkEnd } from './network.ts';

/** A BIRD that can be killed and started again. */
export class BirdDaemon implements Daemon {
  readonly name = 'bird';
  readonly #directory = mkdtempSync(join(tmpdir(), 'interop-bird-'));
  readonly #originated: Set<string> = new Set();
  readonly #process: Foreground;

  constructor({ end, config }: Pick<DaemonOptions, 'config'> & { readonly end: Pick<NetworkEnd, 'netns'> }) {
    this.#process = new Foreground({ netns: end.netns, directory: this.#directory });
    this.#write('bird.conf', config);
    this.#writeOriginated();
  }

  async start({ restarting = false }: { readonly restarting?: boolean } = {}): Promise<void> {
    const recover = restarting ? ['-R'] : [];
    this.#process.start(['bird', '-f', '-c', 'bird.conf', '-s', 'bird.ctl', '-P', 'bird.pid', ...recover]);
    await this.#process.ready('BIRD answers', async () => (await this.ask('show', 'status')).includes('up'));
  }

  async routes(): Promise<DaemonRoute[]> {
    return parseRoutes(await this.ask('show', 'route', 'protocol', 'speaker', 'all'));
  }

  async announce(prefixes: readonly string[]): Promise<void> {
    for (const prefix of prefixes) this.#originated.add(prefix);
    await this.#configure();
  }

  async withdraw(prefixes: readonly string[]): Promise<void> {
    for (const prefix of prefixes) this.#originated.delete(prefix);
    await this.#configure();
  }

  async requestRefresh(): Promise<void> {
    await this.ask('reload', 'in', 'speaker');
  }

  async sessionState(): Promise<string> {
    const text = await this.ask('show', 'protocols', 'all', 'speaker');
    return /BGP state:\s+(\w+)/.exec(text)?.[1] ?? 'Idle';
  }

  async ask(...command: string[]): Promise<string> {
    const { stdout } = await execa('birdc', ['-s', 'bird.ctl', ...command], { cwd: this.#directory });
    return stdout;
  }

  async kill(signal: NodeJS.Signals): Promise<void> {
    await this.#process.kill(signal);
  }

  async remove(): Promise<void> {
    await this.kill('SIGKILL');
    rmSync(this.#directory, { recursive: true, force: true });
  }

  logTail(): string {
    return this.#process.logTail();
  }

  async #configure(): Promise<void> {
    this.#writeOriginated();
    if (this.#process.isRunning) await this.ask('configure');
  }

  #writeOriginated(): void {
    const statements = [...this.#originated].map((prefix) => `route ${prefix} blackhole;`);
    this.#write('routes4.conf', statements.filter((line) => !line.includes(':')).join('\n'));
    this.#write('routes6.conf', statements.filter((line) => line.includes(':')).join('\n'));
  }

  #write(name: string, text: string): void {
    writeFileSync(join(this.#directory, name), `${text}\n`);
  }
}

/** Reads `show route all`: a line that begins a route, with the prefix unless it is that of the route before. */
function parseRoutes(text: string): DaemonRoute[] {
  let prefix = '';
  return text.split(/\n(?=\S*\s+unicast|\S*\s+unreachable)/).flatMap((block) => {
    const head = /(?:^|\n)(\S*)\s+(?:unicast|unreachable) \[speaker/.exec(block);
    if (head === null) return [];
    prefix = head[1] || prefix;
    return [parseRoute(prefix, block)];
  });
}

function parseRoute(prefix: string, block: string): DaemonRoute {
  // A long value goes on in lines that begin with two tabs.
  const field = (name: string): string | undefined =>
    new RegExp(`^\\s+(?:BGP\\.)?${name}: ?(.*(?:\\n\\t\\t.*)*)$`, 'm').exec(block)?.[1]?.trim();
  const number = (name: string): number | undefined =>
    field(name) === undefined ? undefined : Number(field(name));
  return {
    prefix,
    nextHop: field('next_hop')?.split(' ')[0],
    origin: field('origin')?.toLowerCase() as DaemonRoute['origin'],
    asPath: field('as_path')?.split(' ').filter(Boolean).map(Number),
    communities: pairs(field('community')),
    largeCommunities: pairs(field('large_community')),
    localPref: number('local_pref'),
    med: number('med'),
    originatorId: field('originator_id'),
    clusterList: field('cluster_list')?.split(' '),
    pathId: number('path_id'),
  };
}

/** `(1,2) (3,4)` → `1:2`, `3:4`. */
function pairs(text: string | undefined): string[] | undefined {
  return text === undefined
    ? undefined
    : [...text.matchAll(/\(([^)]+)\)/g)].map(([, inner]) => (inner ?? '').replaceAll(/,\s*/g, ':'));
}
