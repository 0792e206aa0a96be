/**
 * The state of one fake network namespace, and the machine that holds several.
 */
import type {
  Flow,
  ForwardingEntry,
  InterfaceAddress,
  InterfaceIndex,
  Link,
  Neighbour,
  Route,
} from '../kernel.ts';
import { FakeEvents } from './events.ts';
import { FakeFailures } from './failures.ts';

/** Which link the other end of a veth is. */
export interface FakePeer {
  readonly namespace: FakeNamespace;
  readonly index: InterfaceIndex;
}

/** One namespace's tables. */
export class FakeNamespace {
  readonly links: Map<InterfaceIndex, Link> = new Map();
  readonly peers: Map<InterfaceIndex, FakePeer> = new Map();
  readonly sysctls: Map<string, string> = new Map();
  readonly events: FakeEvents = new FakeEvents();
  readonly failures: FakeFailures = new FakeFailures();
  addresses: InterfaceAddress[] = [];
  routes: Route[] = [];
  neighbours: Neighbour[] = [];
  forwarding: ForwardingEntry[] = [];
  flows: Flow[] = [];
  #lastIndex = 1;

  constructor() {
    const loopback = { index: 1, name: 'lo', mac: '00:00:00:00:00:00', mtuBytes: 65536, type: '' };
    this.links.set(1, { ...loopback, up: false, running: false });
  }

  /** An index nothing had before. */
  nextIndex(): InterfaceIndex {
    this.#lastIndex += 1;
    return this.#lastIndex;
  }

  linkByName(name: string): Link | undefined {
    return [...this.links.values()].find((link) => link.name === name);
  }

  /** Stores a link and announces it. */
  putLink(link: Link): void {
    this.links.set(link.index, link);
    this.events.emit({ kind: 'link', op: 'new', link });
  }

  addRoute(route: Route): void {
    this.routes.push(route);
    this.events.emit({ kind: 'route', op: 'new', route });
  }

  /** Removes the routes, and says so unless the real kernel would not either. */
  removeRoutes(
    gone: (route: Route) => boolean,
    { silently = false }: { readonly silently?: boolean } = {},
  ): void {
    const removed = this.routes.filter(gone);
    this.routes = this.routes.filter((route) => !removed.includes(route));
    if (silently) return;
    for (const route of removed) this.events.emit({ kind: 'route', op: 'delete', route });
  }
}

/** The namespaces of a fake machine, by path and by descriptor. */
export class FakeMachine {
  readonly #namespaces: { readonly path: string; readonly namespace: FakeNamespace }[] = [];

  add(path: string): FakeNamespace {
    const namespace = new FakeNamespace();
    this.#namespaces.push({ path, namespace });
    return namespace;
  }

  byPath(path: string): FakeNamespace | undefined {
    return this.#namespaces.find((entry) => entry.path === path)?.namespace;
  }

  byFd(fd: number): FakeNamespace | undefined {
    return this.#namespaces[fd]?.namespace;
  }

  fdOf(namespace: FakeNamespace): number {
    return this.#namespaces.findIndex((entry) => entry.namespace === namespace);
  }
}
