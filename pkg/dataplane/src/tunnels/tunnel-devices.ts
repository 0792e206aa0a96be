/**
 * The loop that makes tunnel devices what they should be: made, repaired when somebody deletes or changes them, taken away
 * when no pool needs them any more.
 *
 *   want ──────────────────────────┐
 *   events of links and addresses ─┼─▶ pass: device, settings, address, peers
 *   every 10 s (forwarding tables) ┘
 *
 * A device that is not wanted any more stays for ten seconds as it is: other nodes hear of the change some time later, and
 * until then send by their tunnels.
 */
import { type DesiredTunnel, TUNNEL_TYPES } from '@weft/calc';
import { type InterfaceIndex, type Kernel, KernelError, type KernelEvent, type Link } from '@weft/kernel';
import { type Scheduler, systemScheduler } from '../scheduler.ts';
import { planAddress, planDevice, planPeers, planRemoval, planSettings, type Step } from './tunnel-plan.ts';

/** What happened to tunnels. */
export type TunnelEvent =
  /** Changes that somebody's wish asked for. */
  | { readonly kind: 'tunnel-changed'; readonly name: string; readonly changes: readonly string[] }
  /** Changes that nobody asked for: somebody had been at it. */
  | { readonly kind: 'tunnel-repaired'; readonly name: string; readonly changes: readonly string[] }
  | {
      readonly kind: 'tunnel-failed';
      readonly name: string;
      readonly errno: string;
      readonly reason: string;
    };

/** A device that is wanted, and why it is not as it should be. */
export interface TunnelStatus {
  readonly name: string;
  readonly failure?: { readonly errno: string; readonly reason: string };
}

/** What the loop is given. */
export interface TunnelDevicesOptions {
  readonly kernel: Kernel;
  /** The name of this node, which its MACs are made from. */
  readonly nodeName: string;
  readonly scheduler?: Scheduler;
  readonly report?: (event: TunnelEvent) => void;
}

const lookMilliseconds = 10_000;
const lingerMilliseconds = 10_000;
/** Two programs that each want the device their way must not keep a processor busy. */
const restMilliseconds = 50;

const names: ReadonlySet<string> = new Set(TUNNEL_TYPES.map(({ name }) => name));

/** See the head of this file. */
export class TunnelDevices {
  readonly #options: TunnelDevicesOptions;
  readonly #scheduler: Scheduler;
  #wanted: ReadonlyMap<string, DesiredTunnel> = new Map();
  /** Not wanted any more, by name, and until when they are left there. */
  readonly #lingering = new Map<
    string,
    { readonly tunnel: DesiredTunnel | undefined; readonly until: number }
  >();
  readonly #failures = new Map<string, { readonly errno: string; readonly reason: string }>();
  /** Names whose wish changed since the last pass: what is done to them is no repair. */
  readonly #renewed = new Set<string>();
  #passedAt = Number.NEGATIVE_INFINITY;
  #unsubscribe: (() => void) | undefined;
  #cancelPass: (() => void) | undefined;
  #cancelLook: (() => void) | undefined;

  constructor(options: TunnelDevicesOptions) {
    this.#options = options;
    this.#scheduler = options.scheduler ?? systemScheduler;
  }

  /** Names of wanted devices that this kernel cannot make. */
  get unsupported(): string[] {
    return [...this.#failures].flatMap(([name, { errno }]) => (errno === 'EOPNOTSUPP' ? [name] : []));
  }

  /** Of each wanted device. */
  get status(): TunnelStatus[] {
    return [...this.#wanted.keys()].map((name) => {
      const failure = this.#failures.get(name);
      return failure === undefined ? { name } : { name, failure };
    });
  }

  /** True while a device is there that is not wanted any more; its address is in use till then. */
  get isLeaving(): boolean {
    return this.#lingering.size > 0;
  }

  /** Wants exactly these, before it returns. The first time it begins to watch. */
  want(tunnels: readonly DesiredTunnel[]): void {
    const isFirst = this.#unsubscribe === undefined;
    this.#unsubscribe ??= this.#options.kernel.subscribe((event) => this.#take(event));
    const before = this.#wanted;
    this.#wanted = new Map(tunnels.map((tunnel) => [tunnel.name, tunnel]));
    for (const name of names) this.#renew(name, before.get(name), isFirst);
    if (this.#renewed.size > 0) this.#pass();
  }

  #renew(name: string, before: DesiredTunnel | undefined, isFirst: boolean): void {
    const tunnel = this.#wanted.get(name);
    if (tunnel !== undefined) this.#lingering.delete(name);
    else if (before !== undefined || (isFirst && this.#options.kernel.link(name) !== undefined))
      this.#lingering.set(name, { tunnel: before, until: this.#scheduler.now() + lingerMilliseconds });
    const isSame = before === tunnel || JSON.stringify(before) === JSON.stringify(tunnel);
    if (isFirst || !isSame) this.#renewed.add(name);
  }

  /** Stops. The devices stay: they carry traffic while the daemon is away. */
  close(): void {
    this.#unsubscribe?.();
    this.#cancelPass?.();
    this.#cancelLook?.();
  }

  #take(event: KernelEvent): void {
    if (!this.#concerns(event)) return;
    const rest = Math.max(0, this.#passedAt + restMilliseconds - this.#scheduler.now());
    const pass = (): void => this.#pass();
    this.#cancelPass ??= rest === 0 ? this.#scheduler.soon(pass) : this.#scheduler.after(rest, pass);
  }

  #concerns(event: KernelEvent): boolean {
    if (event.kind === 'overrun') return true;
    if (event.kind === 'link')
      return (
        names.has(event.link.name) ||
        [...this.#wanted.values()].some(({ parent }) => parent === event.link.name)
      );
    return event.kind === 'address' && this.#indexes.has(event.address.interfaceIndex);
  }

  /** Of the devices as last seen. */
  readonly #indexes = new Set<number>();

  #pass(): void {
    this.#cancelPass?.();
    this.#cancelPass = undefined;
    this.#cancelLook?.();
    this.#passedAt = this.#scheduler.now();
    this.#indexes.clear();
    for (const name of names) this.#mend(name);
    this.#renewed.clear();
    const next = [...this.#lingering.values()].map(({ until }) => until - this.#passedAt);
    if (this.#wanted.size + next.length > 0)
      this.#cancelLook = this.#scheduler.after(Math.max(1, Math.min(lookMilliseconds, ...next)), () =>
        this.#pass(),
      );
  }

  #mend(name: string): void {
    try {
      const changes = this.#bring(name);
      this.#failures.delete(name);
      if (changes.length === 0) return;
      const kind = this.#renewed.has(name) ? 'tunnel-changed' : 'tunnel-repaired';
      this.#options.report?.({ kind, name, changes });
    } catch (error) {
      if (!(error instanceof KernelError)) throw error;
      if (this.#failures.get(name)?.reason === error.message) return;
      this.#failures.set(name, { errno: error.code, reason: error.message });
      this.#options.report?.({ kind: 'tunnel-failed', name, errno: error.code, reason: error.message });
    }
  }

  /** @returns what was done; throws KernelError for what the kernel refuses */
  #bring(name: string): readonly string[] {
    const { kernel } = this.#options;
    const lingering = this.#lingering.get(name);
    const tunnel = this.#wanted.get(name) ?? lingering?.tunnel;
    const actual = kernel.link(name);
    if (lingering !== undefined && lingering.until <= this.#passedAt) {
      this.#lingering.delete(name);
      return actual === undefined
        ? []
        : this.#apply(planRemoval(actual, this.#addresses(actual), lingering.tunnel !== undefined));
    }
    return tunnel === undefined ? [] : this.#bringTo(tunnel, actual);
  }

  #bringTo(wanted: DesiredTunnel, found: Link | undefined): readonly string[] {
    const { kernel, nodeName } = this.#options;
    const made = this.#apply(planDevice(wanted, nodeName, found, this.#parentIndex(wanted)));
    const actual = kernel.link(wanted.name);
    if (actual === undefined) throw new KernelError(`${wanted.name} is gone again`, 'ENODEV');
    const { index } = actual;
    this.#indexes.add(index);
    return [
      ...made,
      ...this.#apply(planSettings(wanted, nodeName, actual)),
      ...this.#apply(planAddress(wanted, index, this.#addresses(actual))),
      ...this.#apply(
        planPeers(wanted, index, {
          neighbours: kernel.neighbours().filter(({ interfaceIndex }) => interfaceIndex === index),
          forwarding: wanted.kind === 'vxlan' ? kernel.forwardingEntries(index) : [],
        }),
      ),
    ];
  }

  #parentIndex({ parent }: DesiredTunnel): InterfaceIndex | undefined {
    if (parent === undefined) return undefined;
    const found = this.#options.kernel.link(parent);
    if (found === undefined) throw new KernelError(`there is no interface ${parent}`, 'ENODEV');
    return found.index;
  }

  #addresses({ index }: Link) {
    return this.#options.kernel.addresses().filter(({ interfaceIndex }) => interfaceIndex === index);
  }

  #apply(steps: readonly Step[]): readonly string[] {
    const results = this.#options.kernel.apply(steps.map(({ change }) => change));
    for (const [index, result] of results.entries())
      if (result !== null)
        throw new KernelError(refusal(steps[index] as Step, result.errno), result.errno, result.message);
    return steps.map(({ what }) => what);
  }
}

function refusal({ change, what }: Step, errno: string): string {
  if (change.op === 'add-ipip' && errno === 'EOPNOTSUPP')
    return 'this kernel has no IPIP (CONFIG_NET_IPIP); use vxlanMode in place of ipipMode';
  if (change.op === 'add-vxlan' && errno === 'EOPNOTSUPP') return 'this kernel has no VXLAN (CONFIG_VXLAN)';
  if (change.op === 'add-vxlan' && errno === 'EEXIST')
    return `another VXLAN device has VNI ${change.vxlan.vni} and port ${change.vxlan.port}; delete it, or give weft another vxlanVNI`;
  return `${what}, and the kernel refuses ${change.op}`;
}
