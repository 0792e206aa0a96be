/**
 * A kernel in memory, for tests without root: the same interface and, as far as weft looks, the same behaviour
 * (`contract/` runs one suite against both). On top of that it fails, delays and loses events on request.
 */
import { type Address, familyOf } from '@weft/ip';
import { KernelError } from '../errno.ts';
import type {
  Change,
  ChangeResult,
  Flow,
  FlowFilter,
  ForwardingEntry,
  InterfaceAddress,
  InterfaceIndex,
  Kernel,
  KernelEvent,
  Link,
  Neighbour,
  OpenedNetns,
  Route,
  RouteFilter,
} from '../kernel.ts';
import { isOf } from '../netlink/flow.ts';
import { addAddress, deleteAddress } from './addresses.ts';
import type { FakeFailure, FakeOperation } from './failures.ts';
import { addBridge, addVeth, deleteLink, setLink } from './links.ts';
import { FakeMachine, type FakeNamespace } from './namespace.ts';
import { deleteNeighbour, replaceNeighbour } from './neighbours.ts';
import { addRoute, deleteRoute, lookupRoute, replaceRoute } from './routes.ts';
import { readSysctl, writeSysctl } from './sysctls.ts';
import { addIpip, addVxlan, deleteForwarding, replaceForwarding } from './tunnels.ts';

const hostPath = '/proc/thread-self/ns/net';

/** One namespace of a fake machine. `new FakeKernel()` is the host; `addNetns` gives it further ones. */
export class FakeKernel implements Kernel {
  readonly #machine: FakeMachine;
  readonly #namespace: FakeNamespace;
  #subscriptions: (() => void)[] = [];

  constructor(machine: FakeMachine = new FakeMachine(), namespace: FakeNamespace = machine.add(hostPath)) {
    this.#machine = machine;
    this.#namespace = namespace;
  }

  /** Makes another namespace on the same machine, which `openNetns` then finds at the path. */
  addNetns(path: string): FakeKernel {
    return new FakeKernel(this.#machine, this.#machine.add(path));
  }

  /** Makes operations to come fail; orders of the same kind are served one after the other. */
  failNext(operation: FakeOperation, errno: string, which: FakeFailure = {}): void {
    this.#namespace.failures.order(operation, errno, which);
  }

  /** Keeps events back until `releaseEvents` or `loseEvents`. */
  holdEvents(): void {
    this.#namespace.events.hold();
  }

  /** Delivers the events held back, before it returns. */
  releaseEvents(): void {
    this.#namespace.events.release();
  }

  /** Drops the events not yet delivered; listeners get `overrun` instead. */
  loseEvents(): void {
    this.#namespace.events.lose();
  }

  get netnsFd(): number {
    return this.#machine.fdOf(this.#namespace);
  }

  links(): Link[] {
    this.#read();
    return [...this.#namespace.links.values()];
  }

  link(name: string): Link | undefined {
    this.#read();
    return this.#namespace.linkByName(name);
  }

  lookup(destination: Address): Route | undefined {
    this.#read();
    return lookupRoute(this.#namespace, destination);
  }

  addresses(): InterfaceAddress[] {
    this.#read();
    return [...this.#namespace.addresses];
  }

  neighbours(): Neighbour[] {
    this.#read();
    return [...this.#namespace.neighbours];
  }

  forwardingEntries(interfaceIndex: InterfaceIndex): ForwardingEntry[] {
    this.#read();
    return this.#namespace.forwarding.filter((entry) => entry.interfaceIndex === interfaceIndex);
  }

  routes({ family, table, protocol }: RouteFilter = {}): Route[] {
    this.#read();
    return this.#namespace.routes.filter(
      (route) =>
        (family === undefined || familyOf(route.destination) === family) &&
        (table === undefined || route.table === table) &&
        (protocol === undefined || route.protocol === protocol),
    );
  }

  flows(filter: FlowFilter): Flow[] {
    this.#read();
    return this.#namespace.flows.filter((flow) => isOf(flow, filter));
  }

  removeFlows(flows: readonly Flow[]): ChangeResult[] {
    return flows.map((flow) => {
      const before = this.#namespace.flows.length;
      this.#namespace.flows = this.#namespace.flows.filter((other) => other !== flow);
      return this.#namespace.flows.length < before ? null : { errno: 'ENOENT' };
    });
  }

  /** Tracks a connection, as packets would make Linux do. */
  track(flow: Omit<Flow, 'key'>): void {
    this.#namespace.flows.push({ ...flow, key: new Map() });
  }

  #read(): void {
    const refusal = this.#namespace.failures.due('read');
    if (refusal !== undefined)
      throw new KernelError('cannot read the fake kernel', refusal.errno, refusal.message);
  }

  apply(changes: readonly Change[]): ChangeResult[] {
    return changes.map((change) => this.#namespace.failures.due(change.op) ?? this.#applyOne(change));
  }

  async removeLink(index: InterfaceIndex): Promise<ChangeResult> {
    // The change itself is late, too.
    await Promise.resolve();
    const [result = null] = this.apply([{ op: 'delete-link', index }]);
    return result;
  }

  #applyOne(change: Change): ChangeResult {
    switch (change.op) {
      case 'add-route':
        return addRoute(this.#namespace, change.route);
      case 'replace-route':
        return replaceRoute(this.#namespace, change.route);
      case 'delete-route':
        return deleteRoute(this.#namespace, change.route);
      case 'add-address':
        return addAddress(this.#namespace, change.address);
      case 'delete-address':
        return deleteAddress(this.#namespace, change.address);
      case 'replace-neighbour':
        return replaceNeighbour(this.#namespace, change.neighbour);
      case 'delete-neighbour':
        return deleteNeighbour(this.#namespace, change.neighbour);
      case 'add-veth':
        return addVeth(this.#namespace, change, this.#machine);
      case 'add-bridge':
        return addBridge(this.#namespace, change);
      case 'add-vxlan':
        return addVxlan(this.#namespace, change);
      case 'add-ipip':
        return addIpip();
      case 'replace-forwarding':
        return replaceForwarding(this.#namespace, change.entry);
      case 'delete-forwarding':
        return deleteForwarding(this.#namespace, change.entry);
      case 'set-link':
        return setLink(this.#namespace, change);
      case 'delete-link':
        return deleteLink(this.#namespace, change);
      case 'write-sysctl':
        return writeSysctl(this.#namespace, change.key, change.value);
    }
  }

  subscribe(listener: (event: KernelEvent) => void): () => void {
    const unsubscribe = this.#namespace.events.subscribe(listener);
    this.#subscriptions.push(unsubscribe);
    return unsubscribe;
  }

  readEvents(): boolean {
    this.#namespace.events.read();
    return false;
  }

  readSysctl(key: string): string | undefined {
    return readSysctl(this.#namespace, key);
  }

  writeSysctl(key: string, value: string): ChangeResult {
    const [result = null] = this.apply([{ op: 'write-sysctl', key, value }]);
    return result;
  }

  netnsIdOf(netnsFd: number): number | undefined {
    this.#read();
    return netnsFd;
  }

  openNetns(path: string): OpenedNetns {
    const refusal = this.#namespace.failures.due('open-netns');
    if (refusal !== undefined) return { kind: 'refused', ...refusal };
    const namespace = this.#machine.byPath(path);
    if (namespace === undefined) return { kind: 'refused', errno: 'ENOENT' };
    return { kind: 'opened', kernel: new FakeKernel(this.#machine, namespace) };
  }

  close(): void {
    for (const unsubscribe of this.#subscriptions) unsubscribe();
    this.#subscriptions = [];
  }
}
