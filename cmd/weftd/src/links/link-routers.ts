/**
 * Who is at the other end of the links whose peers BGPPeers name by interface: found by router advertisements, as FRR does
 * it, and told by our own that we are there.
 *
 * One router a link: the first that is heard stays until it has been silent for as long as it takes to miss several
 * advertisements, has no session with us, and another one is heard. Silence alone takes nobody away; sessions notice themselves.
 * So whoever else says on the link that it is a router takes no session away; it is told of beside the one that is the peer.
 */
import type { LinkRouter } from '@weft/calc';
import { type Address, isLinkLocal } from '@weft/ip';
import { type Kernel, type Link, openRouterDiscovery, type Route, type RouterDiscovery } from '@weft/kernel';
import type { Logger } from '@weft/telemetry';

/** How often links are looked at. */
const TICK_MS = 1000;
/** Between our advertisements, once somebody has heard us. FRR's interval for unnumbered peers. */
const ADVERTISEMENT_MS = 10_000;
/** A link that is new is told, and asked, each second for so long. */
const EAGER_MS = 5000;
/** Four advertisements missed. */
const SILENT_MS = 40_000;
/** Most of the others on a link that are told of. */
const MAX_OTHERS = 4;

/** What it needs. */
export interface LinkRoutersOptions {
  readonly kernel: Pick<Kernel, 'link' | 'links'>;
  readonly log: Logger;
  /** `routers` is another list. */
  readonly changed: () => void;
  /** Whether a router has a session with us. */
  readonly hasSession: (router: LinkRouter) => boolean;
  /** What stands for the link in tests. */
  readonly open?: typeof openRouterDiscovery;
  /** Milliseconds that never go back. */
  readonly now?: () => number;
}

interface Listening {
  readonly index: number;
  readonly discovery: RouterDiscovery;
  readonly since: number;
  advertisedAt: number;
}

interface Heard {
  readonly address: Address;
  at: number;
  /** Whoever else was heard on the link, and when. */
  readonly others: Map<Address, number>;
}

/** The routers of the links that are wanted. */
export class LinkRouters {
  readonly #with: Required<LinkRoutersOptions>;
  #wanted: readonly string[] = [];
  readonly #listening = new Map<string, Listening>();
  readonly #heard = new Map<string, Heard>();
  /** What cannot be listened on, told once. */
  readonly #failed = new Map<string, string>();
  #routers: readonly LinkRouter[] = [];
  #timer: NodeJS.Timeout | undefined;

  constructor(options: LinkRoutersOptions) {
    this.#with = { open: openRouterDiscovery, now: () => performance.now(), ...options };
  }

  /** Each with its link; the same object until something changes. */
  get routers(): readonly LinkRouter[] {
    return this.#routers;
  }

  /**
   * Believes that the routers an earlier weftd had routes by are still there, so that a restart waits for nobody. Whoever does not
   * answer while a new link is asked each second may be another by now.
   */
  adopt(routes: readonly Route[]): void {
    const at = this.#with.now() + EAGER_MS - SILENT_MS;
    const names = new Map(this.#with.kernel.links().map(({ index, name }) => [index, name]));
    for (const { gateway, interfaceIndex = 0 } of routes.flatMap(({ nextHops }) => nextHops)) {
      const name = names.get(interfaceIndex);
      if (name === undefined || gateway === undefined || !isLinkLocal(gateway)) continue;
      this.#heard.set(name, { address: gateway, at, others: new Map() });
    }
    this.#publish();
  }

  /** Looks on these interfaces from now on, and on no others. */
  want(interfaces: readonly string[]): void {
    if (interfaces.join('/') === this.#wanted.join('/')) return;
    this.#wanted = interfaces;
    for (const name of this.#listening.keys()) if (!interfaces.includes(name)) this.#stop(name);
    clearInterval(this.#timer);
    if (interfaces.length === 0) return;
    this.#timer = setInterval(() => this.#tick(), TICK_MS);
    this.#tick();
  }

  /** Stops looking. */
  close(): void {
    this.want([]);
  }

  #tick(): void {
    this.#forgetOthers();
    for (const name of this.#wanted) this.#look(name);
  }

  #look(name: string): void {
    try {
      const link = this.#with.kernel.link(name);
      if (link?.index !== this.#listening.get(name)?.index) this.#stop(name);
      if (link === undefined) this.#fail(name, 'there is no such interface');
      else this.#speak(name, this.#listening.get(name) ?? this.#listen(link));
    } catch (error) {
      // The kernel could not answer for want of memory: it is asked again at the next tick.
      this.#fail(name, (error as Error).message);
    }
  }

  #listen(link: Link): Listening | undefined {
    const { log, now, open } = this.#with;
    const { index, name } = link;
    try {
      const discovery = open(link, (kind, from) => {
        if (kind === 'advertisement') this.#hear(name, from);
        else this.#advertise(name);
      });
      const listening = { index, discovery, since: now(), advertisedAt: Number.NEGATIVE_INFINITY };
      this.#listening.set(name, listening);
      this.#failed.delete(name);
      log.info('link-watched', `looking for the router on ${name}`, { interface: name });
      return listening;
    } catch (error) {
      this.#fail(name, (error as Error).message);
      return undefined;
    }
  }

  #speak(name: string, listening: Listening | undefined): void {
    if (listening === undefined) return;
    const now = this.#with.now();
    const eager = now - listening.since < EAGER_MS;
    if (eager || !this.#heard.has(name)) listening.discovery.send('solicitation');
    if (eager || now - listening.advertisedAt >= ADVERTISEMENT_MS) this.#advertise(name);
  }

  #advertise(name: string): void {
    const listening = this.#listening.get(name);
    // An interface that is down or has no address yet says so by an error, and is told again at the next tick.
    if (listening?.discovery.send('advertisement') === undefined && listening !== undefined)
      listening.advertisedAt = this.#with.now();
  }

  #hear(name: string, address: Address): void {
    const { log, now } = this.#with;
    const known = this.#heard.get(name);
    if (known?.address === address) {
      known.at = now();
      return;
    }
    if (known !== undefined && this.#isThere(name, known)) {
      this.#noteOther(name, known, address);
      return;
    }
    this.#heard.set(name, { address, at: now(), others: new Map() });
    log.info('link-router-heard', `the router on ${name} is ${address}`, { interface: name, address });
    // It may not have heard us yet.
    this.#advertise(name);
    this.#publish();
  }

  #isThere(name: string, { address, at }: Heard): boolean {
    const { hasSession, now } = this.#with;
    return now() - at < SILENT_MS || hasSession({ interface: name, address });
  }

  #noteOther(name: string, { address, others }: Heard, other: Address): void {
    const isNews = !others.has(other);
    if (isNews && others.size >= MAX_OTHERS) return;
    others.set(other, this.#with.now());
    if (!isNews) return;
    this.#with.log.warn(
      'link-router-left-alone',
      `${other} is a router on ${name} too; ${address} is the peer`,
      {
        interface: name,
        address: other,
        hint: 'a BGPPeer that names an interface has one peer there; take the other router off the link',
      },
    );
    this.#publish();
  }

  /** Those that have been silent are told of no more. */
  #forgetOthers(): void {
    const before = this.#with.now() - SILENT_MS;
    let forgotten = false;
    for (const { others } of this.#heard.values())
      for (const [address, at] of others) if (at <= before) forgotten = others.delete(address) || forgotten;
    if (forgotten) this.#publish();
  }

  #publish(): void {
    this.#routers = [...this.#heard].map(([name, { address, others }]) => ({
      interface: name,
      address,
      ...(others.size > 0 && { others: [...others.keys()].sort() }),
    }));
    this.#with.changed();
  }

  #stop(name: string): void {
    this.#listening.get(name)?.discovery.close();
    this.#listening.delete(name);
  }

  #fail(name: string, reason: string): void {
    if (this.#failed.get(name) === reason) return;
    this.#failed.set(name, reason);
    this.#with.log.warn('link-not-watched', `cannot look for the router on ${name}: ${reason}`, {
      interface: name,
      hint: 'it is tried again every second',
    });
  }
}
