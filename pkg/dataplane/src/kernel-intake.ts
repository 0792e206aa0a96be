/**
 * What kernel events mean for the route table, and what is to be done besides. No I/O and no time.
 */
import { familyOf } from '@weft/ip';
import {
  type InterfaceIndex,
  type KernelEvent,
  type Link,
  MAIN_TABLE,
  type Route,
  routeKey,
} from '@weft/kernel';
import type { InterfaceState } from './kernel-route.ts';
import type { ResyncCause } from './report.ts';
import { isWeftRoute, type RouteTable, type SlotKey } from './route-table.ts';

type EventOf<K extends KernelEvent['kind']> = Extract<KernelEvent, { kind: K }>;

/** What the loop has to do after an event. */
export interface Consequence {
  readonly resync?: ResyncCause;
  /** Failures that may succeed now. */
  readonly retry?: 'all' | SlotKey;
  /** The slot was right until somebody deleted or changed the route. */
  readonly disturbed?: SlotKey;
  /** A route of weft's protocol appeared that nobody wants. */
  readonly stranger?: SlotKey;
}

/** Feeds a route table with what the kernel tells. */
export class KernelIntake {
  readonly #table: RouteTable;
  readonly #names = new Map<InterfaceIndex, string>();

  constructor(table: RouteTable) {
    this.#table = table;
  }

  /** The names of all interfaces, by index. */
  get interfaceNames(): ReadonlyMap<InterfaceIndex, string> {
    return this.#names;
  }

  /** Takes whole tables; answers the slots nobody wants that were not known. */
  takeAll(links: readonly Link[], routes: readonly Route[]): SlotKey[] {
    this.#names.clear();
    const interfaces = new Map<string, InterfaceState>();
    for (const { index, name, up } of links) {
      this.#names.set(index, name);
      interfaces.set(name, { index, up });
    }
    this.#table.setInterfaces(interfaces);
    return this.#table.setInKernel(routes);
  }

  /** Takes one event. */
  take(event: KernelEvent): Consequence {
    switch (event.kind) {
      case 'overrun':
        return { resync: 'overrun' };
      case 'address':
        return takeAddress(event);
      case 'link':
        return this.#takeLink(event);
      case 'route':
        return event.route.table === MAIN_TABLE ? this.#takeRoute(event) : {};
    }
  }

  #takeRoute({ op, route }: EventOf<'route'>): Consequence {
    const key = routeKey(route);
    const before = this.#table.standing(key);
    const clarity = this.#table.observe(op, route);
    if (clarity === 'unclear') return { resync: 'unclear' };
    // The route that was in the way is gone, or a gateway may have become reachable.
    if (!isWeftRoute(route)) return { retry: op === 'delete' ? key : 'all' };
    const after = this.#table.difference(key);
    if (before === undefined && after?.kind === 'delete') return { stranger: key };
    if (before === 'right' && after !== undefined) return { disturbed: key };
    return {};
  }

  #takeLink({ op, link }: EventOf<'link'>): Consequence {
    const formerName = this.#names.get(link.index);
    if (formerName !== undefined && (op === 'delete' || formerName !== link.name)) {
      this.#names.delete(link.index);
      this.#table.setInterface(formerName, undefined);
    }
    const goes = op === 'delete' || !link.up;
    const clarity = goes ? this.#table.forgetInterface(link.index) : 'clear';
    if (op === 'new') {
      this.#names.set(link.index, link.name);
      this.#table.setInterface(link.name, { index: link.index, up: link.up });
    }
    if (clarity === 'unclear') return { resync: 'unclear' };
    return goes ? {} : { retry: 'all' };
  }
}

/**
 * A new address can make a gateway reachable. With the last IPv4 address of an interface the kernel drops all its IPv4
 * routes (`fib_disable_ip`) and announces none of them.
 */
function takeAddress({ op, address }: EventOf<'address'>): Consequence {
  if (op === 'new') return { retry: 'all' };
  return familyOf(address.address) === 4 ? { resync: 'unclear' } : {};
}
