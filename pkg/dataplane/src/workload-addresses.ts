/**
 * The host's address on the interfaces of workloads that are BGP peers: what `WorkloadLink` says, kept so while it is wanted.
 *
 *   want ──────────────────────────┐
 *   events of links and addresses ─┴─▶ pass: delete what nobody wants, add what is missing
 *
 * Source: Felix, a /32 of scope link, or a /128. Nobody else gives a workload's interface an address of its own alone, so
 * such ones are weft's, also those of an earlier daemon; any other address stays.
 */
import type { WorkloadLink } from '@weft/calc';
import { type Address, familyOf } from '@weft/ip';
import {
  type Change,
  type ChangeResult,
  type InterfaceAddress,
  type InterfaceIndex,
  type Kernel,
  KernelError,
  type KernelEvent,
  type Link,
  MAIN_TABLE,
  WEFT_ROUTE_PROTOCOL,
} from '@weft/kernel';
import { isWorkloadInterface } from './read-facts.ts';
import { type Scheduler, systemScheduler } from './scheduler.ts';

/** What happened to such an address. */
export interface WorkloadAddressEvent {
  readonly kind: 'workload-address-added' | 'workload-address-removed' | 'workload-address-failed';
  readonly interface: string;
  readonly address: Address;
  /** Of a failure. */
  readonly errno?: string;
}

/** What the loop is given. */
export interface WorkloadAddressesOptions {
  readonly kernel: Kernel;
  /** What the names of workload interfaces begin with. */
  readonly workloadPrefixes: () => readonly string[];
  readonly scheduler?: Scheduler;
  readonly report: (event: WorkloadAddressEvent) => void;
}

const retryMilliseconds = 1_000;
/** Two programs that each want it their way must not keep a processor busy. */
const restMilliseconds = 50;

/** Refusals that mean that there is nothing left to do; an interface that is gone takes its addresses along. */
const settled = new Set(['EEXIST', 'EADDRNOTAVAIL', 'ENODEV']);

interface Step {
  readonly link: Link;
  readonly address: InterfaceAddress;
  readonly op: 'add-address' | 'delete-address';
}

/** See the head of this file. */
export class WorkloadAddresses {
  readonly #options: WorkloadAddressesOptions;
  readonly #scheduler: Scheduler;
  #links: readonly WorkloadLink[] | undefined;
  #wanted: ReadonlyMap<string, ReadonlySet<Address>> | undefined;
  /** Of the wanted interfaces as last seen. */
  #indexes: ReadonlySet<InterfaceIndex> = new Set();
  #passedAt = Number.NEGATIVE_INFINITY;
  #lastFailure = '';
  #unsubscribe: (() => void) | undefined;
  #cancelPass: (() => void) | undefined;

  constructor(options: WorkloadAddressesOptions) {
    this.#options = options;
    this.#scheduler = options.scheduler ?? systemScheduler;
  }

  /**
   * Wants exactly these, before it returns; what an earlier daemon left goes with the first call. The same object again costs
   * nothing.
   */
  want(links: readonly WorkloadLink[]): void {
    const isNothingNew = links === this.#links || (this.#wanted?.size === 0 && links.length === 0);
    if (isNothingNew) return;
    this.#links = links;
    const byInterface = Map.groupBy(links, (link) => link.interface);
    this.#wanted = new Map(
      [...byInterface].map(([name, all]) => [name, new Set(all.map(({ host }) => host))]),
    );
    if (links.length > 0)
      this.#unsubscribe ??= this.#options.kernel.subscribe((event) => {
        if (this.#concerns(event)) this.#passLater(restMilliseconds);
      });
    else this.close();
    this.#pass();
  }

  /** Stops. The addresses stay: sessions may survive the daemon. */
  close(): void {
    this.#unsubscribe?.();
    this.#unsubscribe = undefined;
    this.#cancelPass?.();
    this.#cancelPass = undefined;
  }

  #concerns(event: KernelEvent): boolean {
    if (event.kind === 'link') return event.op === 'new' && this.#wanted?.has(event.link.name) === true;
    return (
      event.kind === 'overrun' ||
      (event.kind === 'address' && this.#indexes.has(event.address.interfaceIndex))
    );
  }

  #passLater(restMs: number): void {
    const rest = Math.max(0, this.#passedAt + restMs - this.#scheduler.now());
    this.#cancelPass ??= this.#scheduler.after(rest, () => this.#pass());
  }

  #pass(): void {
    this.#cancelPass?.();
    this.#cancelPass = undefined;
    this.#passedAt = this.#scheduler.now();
    try {
      this.#apply(this.#plan());
    } catch (error) {
      if (!(error instanceof KernelError)) throw error;
      this.#passLater(retryMilliseconds);
    }
  }

  #plan(): readonly Step[] {
    const { kernel, workloadPrefixes } = this.#options;
    const wanted = this.#wanted ?? new Map<string, ReadonlySet<Address>>();
    // Names of older workloads may begin with what interfacePrefix said before.
    const links = kernel
      .links()
      .filter(({ name }) => wanted.has(name) || isWorkloadInterface(name, workloadPrefixes()));
    const actual = Map.groupBy(kernel.addresses(), ({ interfaceIndex }) => interfaceIndex);
    this.#indexes = new Set(links.flatMap(({ index, name }) => (wanted.has(name) ? [index] : [])));
    return links.flatMap((link) =>
      plan(link, wanted.get(link.name) ?? new Set(), actual.get(link.index) ?? []),
    );
  }

  #apply(steps: readonly Step[]): void {
    const { kernel, report } = this.#options;
    const failures = steps.filter((step) => {
      const { address, link, op } = step;
      const [result = null] = kernel.apply(changesOf(kernel, step));
      if (isFailure(result)) this.#failed(step, result);
      else if (result === null)
        report({
          kind: op === 'add-address' ? 'workload-address-added' : 'workload-address-removed',
          interface: link.name,
          address: address.address,
        });
      return isFailure(result);
    });
    if (failures.length === 0) this.#lastFailure = '';
    else this.#passLater(retryMilliseconds);
  }

  #failed({ address, link }: Step, { errno }: NonNullable<ChangeResult>): void {
    const failure = `${link.name} ${address.address} ${errno}`;
    if (failure === this.#lastFailure) return;
    this.#lastFailure = failure;
    this.#options.report({
      kind: 'workload-address-failed',
      interface: link.name,
      address: address.address,
      errno,
    });
  }
}

function plan(link: Link, wanted: ReadonlySet<Address>, actual: readonly InterfaceAddress[]): Step[] {
  const own = actual.filter(({ address, prefixLength }) => prefixLength === hostLength(address));
  const there = new Set(own.map(({ address }) => address));
  return [
    ...[...wanted]
      .filter((address) => !there.has(address))
      .map((address) => ({ link, op: 'add-address', address: linkAddress(link.index, address) }) as const),
    ...own
      .filter(({ address }) => !wanted.has(address))
      .map((address) => ({ link, op: 'delete-address', address }) as const),
  ];
}

function linkAddress(interfaceIndex: InterfaceIndex, address: Address): InterfaceAddress {
  // IPv6 knows the scope from the address.
  const scope = familyOf(address) === 4 ? 'link' : 'global';
  return { interfaceIndex, address, prefixLength: hostLength(address), scope };
}

function hostLength(address: Address): number {
  return familyOf(address) === 4 ? 32 : 128;
}

function changesOf(kernel: Kernel, { address, op }: Step): readonly Change[] {
  if (op === 'add-address') return [{ op, address, duplicateAddressDetection: false }];
  return [
    { op, address },
    ...(familyOf(address.address) === 4 ? whatGoesWith(kernel, address.interfaceIndex) : []),
  ];
}

/**
 * Linux takes IPv4 off an interface with its last address (`fib_disable_ip`, `arp_ifdown`): the workload's host route and its
 * neighbour entry come back with the next message, so that no packet waits for somebody to notice.
 */
function whatGoesWith(kernel: Kernel, index: InterfaceIndex): Change[] {
  const routes = kernel.routes({ family: 4, table: MAIN_TABLE, protocol: WEFT_ROUTE_PROTOCOL });
  return [
    ...kernel
      .neighbours()
      .filter(({ address, interfaceIndex }) => interfaceIndex === index && familyOf(address) === 4)
      .map((neighbour): Change => ({ op: 'replace-neighbour', neighbour })),
    ...routes
      .filter(
        ({ nextHops, scope }) => scope === 'link' && nextHops.some((hop) => hop.interfaceIndex === index),
      )
      .map((route): Change => ({ op: 'add-route', route })),
  ];
}

function isFailure(result: ChangeResult): result is NonNullable<ChangeResult> {
  return result !== null && !settled.has(result.errno);
}
