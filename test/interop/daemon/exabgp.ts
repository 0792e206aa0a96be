/**
 * ExaBGP 4. It keeps no routes: what it has learned is what its API process was told, folded here.
 *
 * The configuration names that process `bridge` (`run BRIDGE;`, encoder json).
 */
import { appendFileSync, existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Daemon, DaemonOptions, DaemonRoute } from './daemon.ts';
import { Foreground } from './foreground.ts';
import type { NetworkEnd } from './network.ts';

/**
 * The process: events go to one file, commands come from another. The reader of commands ends soon after the
 * writer of events, which ends with ExaBGP.
 */
const BRIDGE = `cd "$(dirname "$0")"
tail -f -n +1 -s 0.1 --pid=$$ commands &
touch ready
exec cat >> events
`;

/** States of RFC 4271 for those it tells; with `connected` it has sent its OPEN. */
const STATES: Readonly<Record<string, string>> = { connected: 'OpenSent', up: 'Established', down: 'Idle' };

/** An event of the API, as far as it is read here. */
export interface ExabgpEvent {
  readonly type: string;
  readonly neighbor: {
    readonly address: { readonly peer: string };
    readonly state?: string;
    readonly reason?: string;
    readonly message?: { readonly update?: ExabgpUpdate };
    /** Data in hexadecimal. */
    readonly notification?: { readonly code: number; readonly subcode: number; readonly data: string };
  };
}

interface ExabgpUpdate {
  readonly attribute?: ExabgpAttributes;
  readonly announce?: Readonly<Record<string, Readonly<Record<string, readonly ExabgpPrefix[]>>>>;
  readonly withdraw?: Readonly<Record<string, readonly ExabgpPrefix[]>>;
}

interface ExabgpAttributes {
  readonly origin?: DaemonRoute['origin'];
  readonly 'as-path'?: readonly number[];
  readonly med?: number;
  readonly 'local-preference'?: number;
  readonly community?: readonly (readonly number[])[];
  readonly 'large-community'?: readonly (readonly number[])[];
  readonly 'originator-id'?: string;
  readonly 'cluster-list'?: readonly string[];
}

interface ExabgpPrefix {
  readonly nlri: string;
  readonly 'path-information'?: string;
}

/** An ExaBGP. */
export class ExabgpDaemon implements Daemon {
  readonly name = 'exabgp';
  readonly #options: DaemonOptions;
  readonly #directory = mkdtempSync(join(tmpdir(), 'interop-exabgp-'));
  readonly #process: Foreground;
  readonly #announced: Set<string> = new Set();

  constructor(options: DaemonOptions) {
    this.#options = options;
    const env = environment(options.end);
    this.#process = new Foreground({ netns: options.end.netns, directory: this.#directory, env });
  }

  async start(): Promise<void> {
    rmSync(this.#path('ready'), { force: true });
    writeFileSync(this.#path('events'), '');
    writeFileSync(
      this.#path('commands'),
      [...this.#announced].map((prefix) => this.#announceLine(prefix)).join(''),
    );
    writeFileSync(this.#path('bridge.sh'), BRIDGE);
    // It leaves its working directory, so the name of the script is a whole one.
    const config = this.#options.config.replaceAll('BRIDGE', `/bin/sh ${this.#path('bridge.sh')}`);
    writeFileSync(this.#path('exabgp.conf'), config);
    this.#process.start(['exabgp', 'exabgp.conf']);
    await this.#process.ready('ExaBGP has started its process', async () => existsSync(this.#path('ready')));
  }

  async routes(): Promise<DaemonRoute[]> {
    if (!this.#process.isRunning) throw new Error('ExaBGP does not run');
    const routes = new Map<string, DaemonRoute>();
    for (const event of this.events()) fold(routes, event);
    return [...routes.values()];
  }

  async announce(prefixes: readonly string[]): Promise<void> {
    for (const prefix of prefixes) {
      this.#announced.add(prefix);
      appendFileSync(this.#path('commands'), this.#announceLine(prefix));
    }
  }

  async withdraw(prefixes: readonly string[]): Promise<void> {
    for (const prefix of prefixes) {
      this.#announced.delete(prefix);
      await this.ask('withdraw', 'route', prefix, 'next-hop', this.#nextHop(prefix));
    }
  }

  async requestRefresh(): Promise<void> {
    for (const family of ['ipv4', 'ipv6']) await this.ask('announce', 'route-refresh', family, 'unicast');
  }

  async sessionState(): Promise<string> {
    const last = this.events().findLast(({ type }) => type === 'state')?.neighbor.state;
    return last === undefined ? 'Idle' : (STATES[last] ?? 'Idle');
  }

  /** Gives a command of the API, which is acted on soon; there is no answer. */
  async ask(...command: string[]): Promise<string> {
    appendFileSync(this.#path('commands'), `${command.join(' ')}\n`);
    return '';
  }

  /** Everything the API has told since the start. */
  events(): ExabgpEvent[] {
    const text = readFileSync(this.#path('events'), 'utf8');
    const complete = text.slice(0, text.lastIndexOf('\n') + 1);
    const lines = complete.split('\n').filter((line) => line.startsWith('{'));
    // It writes what a peer has said into its JSON as it came.
    return lines.map((line) => JSON.parse(line.replaceAll(/\p{Cc}/gu, ' ')));
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

  #path(name: string): string {
    return join(this.#directory, name);
  }

  #announceLine(prefix: string): string {
    return `announce route ${prefix} next-hop ${this.#nextHop(prefix)}\n`;
  }

  #nextHop(prefix: string): string {
    return prefix.includes(':') ? this.#options.end.ipv6 : this.#options.end.ipv4;
  }
}

function environment({ ipv4, ipv6 }: NetworkEnd): Record<string, string> {
  return {
    'exabgp.api.ack': 'false',
    'exabgp.api.cli': 'false',
    'exabgp.daemon.drop': 'false',
    'exabgp.log.short': 'true',
    'exabgp.reactor.speed': '0.1',
    'exabgp.tcp.bind': `${ipv4} ${ipv6}`,
  };
}

function fold(routes: Map<string, DaemonRoute>, { type, neighbor }: ExabgpEvent): void {
  if (type === 'state' && neighbor.state === 'down') routes.clear();
  const { announce = {}, withdraw = {}, attribute = {} } = neighbor.message?.update ?? {};
  for (const gone of Object.values(withdraw).flat()) routes.delete(keyOf(gone));
  for (const [nextHop, prefixes] of Object.values(announce).flatMap(Object.entries)) {
    for (const prefix of prefixes) routes.set(keyOf(prefix), toRoute(prefix, nextHop, attribute));
  }
}

function keyOf({ nlri, 'path-information': path = '' }: ExabgpPrefix): string {
  return `${nlri} ${path}`;
}

function toRoute(prefix: ExabgpPrefix, nextHop: string, attributes: ExabgpAttributes): DaemonRoute {
  const { med, 'local-preference': localPref } = attributes;
  const { 'originator-id': originatorId, 'cluster-list': clusterList } = attributes;
  return {
    prefix: prefix.nlri,
    nextHop,
    origin: attributes.origin,
    asPath: attributes['as-path'] ?? [],
    communities: attributes.community?.map((parts) => parts.join(':')) ?? [],
    largeCommunities: attributes['large-community']?.map((parts) => parts.join(':')) ?? [],
    ...(med === undefined ? {} : { med }),
    ...(localPref === undefined ? {} : { localPref }),
    ...(originatorId === undefined ? {} : { originatorId }),
    ...(clusterList === undefined ? {} : { clusterList }),
    pathId: toPathId(prefix['path-information']),
  };
}

/** ExaBGP writes a path identifier as an address. */
function toPathId(text: string | undefined): number {
  return (text ?? '0').split('.').reduce((number, part) => number * 256 + Number(part), 0);
}
