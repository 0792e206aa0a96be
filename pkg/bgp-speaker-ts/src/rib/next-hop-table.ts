/**
 * Next hops, each kept once under an id, with what is known about the way to it.
 *
 * Reachability and cost come from outside (the kernel's routes); until something is known a next hop counts as
 * reachable at cost 0, so that a speaker without a source of such facts works. Departs from RFC 4271 §9.1.2, which
 * asks for a resolved next hop: a fact that is missing is not a fact that says no.
 */

import { type Address, addressFromBytes } from '@weft/ip';
import { grow, grownCapacity, INITIAL_CAPACITY } from './columns.ts';
import { IdList } from './id-list.ts';

/** Id of the next hop of local routes: this speaker itself. It is always there and always reachable. */
export const SELF = 0;

/** Addresses that are not in use of which something is known: they may come back, as with a session that breaks. */
export const UNUSED_FACTS = 1024;

/** What is known about the way to an address. */
export interface Reachability {
  readonly reachable: boolean;
  /** Cost of the way; the smaller is preferred. */
  readonly metric: number;
  readonly interface?: string | undefined;
}

const UNKNOWN: Reachability = { reachable: true, metric: 0 };

/** Octets of a next hop that form its global address. */
interface Entry {
  readonly bytes: Uint8Array;
  readonly address: Address;
  references: number;
}

/** Interned next hops; see the file comment. */
export class NextHopTable {
  /** 1 when packets can get there. */
  reachable: Uint8Array = new Uint8Array(INITIAL_CAPACITY);
  metrics: Uint32Array = new Uint32Array(INITIAL_CAPACITY);
  /** Set when the set of wanted addresses changed; whoever reports it clears it. */
  changed = false;

  readonly #entries: (Entry | undefined)[] = [undefined];
  readonly #byKey: Map<string, number> = new Map();
  readonly #ipv4: Uint8Array = new Uint8Array(4);
  /** The answer of the last `internIpv4`: most blocks of a peer share their next hop. */
  #lastIpv4 = 0;
  #lastIpv4Id: number = SELF;
  readonly #facts: Map<Address, Reachability> = new Map();
  readonly #free: IdList = new IdList();

  constructor() {
    this.reachable[SELF] = 1;
  }

  /** Gives the id of a next hop of 4, 16 or 32 octets (a link-local address behind the global one); one more user. */
  intern(bytes: Uint8Array, start: number, end: number): number {
    const key = toKey(bytes, start, end);
    const found = this.#byKey.get(key);
    if (found === undefined) return this.#add(key, bytes.slice(start, end));
    (this.#entries[found] as Entry).references += 1;
    return found;
  }

  /** Gives the id of an IPv4 next hop; one more user. */
  internIpv4(address: number): number {
    const last = this.#entries[this.#lastIpv4Id];
    if (last !== undefined && this.#lastIpv4 === address) {
      last.references += 1;
      return this.#lastIpv4Id;
    }
    const bytes = this.#ipv4;
    bytes[0] = address >>> 24;
    bytes[1] = address >>> 16;
    bytes[2] = address >>> 8;
    bytes[3] = address;
    this.#lastIpv4 = address;
    this.#lastIpv4Id = this.intern(bytes, 0, 4);
    return this.#lastIpv4Id;
  }

  /** Counts one user less; the last one frees the id. */
  release(id: number): void {
    const entry = this.#entries[id];
    if (entry === undefined) return;
    entry.references -= 1;
    if (entry.references > 0) return;
    if (id === this.#lastIpv4Id) this.#lastIpv4Id = SELF;
    this.#entries[id] = undefined;
    this.#byKey.delete(toKey(entry.bytes, 0, entry.bytes.length));
    this.#free.push(id);
    this.changed = true;
  }

  /** Gives the octets of a next hop; none for `SELF`. */
  bytes(id: number): Uint8Array {
    return this.#entries[id]?.bytes ?? NOTHING;
  }

  /** Gives the global address of a next hop; undefined for `SELF`. */
  address(id: number): Address | undefined {
    return this.#entries[id]?.address;
  }

  /** Gives the interface packets to it leave by, if that is known. */
  interface(id: number): string | undefined {
    const address = this.address(id);
    return address === undefined ? undefined : this.#facts.get(address)?.interface;
  }

  /** Learns about the way to an address; gives the ids of the next hops it is news for. */
  learn(address: Address, fact: Reachability): number[] {
    const before = this.#facts.get(address) ?? UNKNOWN;
    this.#facts.set(address, fact);
    if (isSame(before, fact)) return [];
    const ids: number[] = [];
    for (const [id, entry] of this.#entries.entries()) {
      if (entry?.address !== address) continue;
      this.#apply(id, fact);
      ids.push(id);
    }
    return ids;
  }

  /** Lists the addresses in use, each once, in no particular order. */
  wanted(): Address[] {
    const addresses = new Set<Address>();
    for (const entry of this.#entries) if (entry !== undefined) addresses.add(entry.address);
    return [...addresses];
  }

  /** Forgets what is known of addresses other than these, but for the `UNUSED_FACTS` learned last. */
  forgetUnused(wanted: readonly Address[]): void {
    const used = new Set(wanted);
    const unused = [...this.#facts.keys()].filter((address) => !used.has(address));
    for (const address of unused.slice(0, -UNUSED_FACTS)) this.#facts.delete(address);
  }

  #add(key: string, bytes: Uint8Array): number {
    const freed = this.#free.pop();
    const id = freed >= 0 ? freed : this.#entries.length;
    if (id >= this.metrics.length) this.#growColumns(id);
    const address = addressFromBytes(bytes.length === 4 ? bytes : bytes.subarray(0, 16));
    this.#entries[id] = { bytes, address, references: 1 };
    this.#byKey.set(key, id);
    this.#apply(id, this.#facts.get(address) ?? UNKNOWN);
    this.changed = true;
    return id;
  }

  #apply(id: number, fact: Reachability): void {
    this.reachable[id] = fact.reachable ? 1 : 0;
    this.metrics[id] = fact.metric;
  }

  #growColumns(id: number): void {
    const capacity = grownCapacity(this.metrics.length, id + 1);
    this.reachable = grow(this.reachable, capacity);
    this.metrics = grow(this.metrics, capacity);
  }
}

const NOTHING: Uint8Array = new Uint8Array(0);

function isSame(left: Reachability, right: Reachability): boolean {
  return (
    left.reachable === right.reachable && left.metric === right.metric && left.interface === right.interface
  );
}

/** Any text that differs when the octets differ. */
function toKey(bytes: Uint8Array, start: number, end: number): string {
  let key = '';
  for (let index = start; index < end; index += 2) {
    key += String.fromCharCode(((bytes[index] as number) << 8) | (bytes[index + 1] as number));
  }
  return key;
}
