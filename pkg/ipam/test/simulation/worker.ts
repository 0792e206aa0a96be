/**
 * What the users of one node's allocator do, at random: ADD and DEL of workloads, clean-up of those that ended badly,
 * late releases, claims, repairs. It books every answer in the ledger. What administrators do is in administrator.ts.
 */
import type { Datastore } from '@weft/datastore';
import { addressCount, nthAddress, nthSubnet, type Prefix, subnetCount } from '@weft/ip';
import { type AssignIpOutcome, type AutoAssignOutcome, hostOwner, type Ipam } from '../../src/index.ts';
import type { Ledger } from '../support/ledger.ts';
import type { Monitor } from '../support/monitor.ts';
import type { Random } from '../support/random.ts';
import { Administrator } from './administrator.ts';

/** What all workers share. */
export interface Workplace {
  readonly store: Datastore;
  readonly ledger: Ledger;
  readonly monitor: Monitor;
  readonly random: Random;
  readonly nodes: readonly string[];
  readonly pools: readonly Prefix[];
  /** A handle nobody had before. */
  readonly newHandle: () => string;
  /** On which node each workload was started. */
  readonly nodeOfHandle: Map<string, string>;
  /** Waits until every operation that is under way now has ended, as the pause of a pool's deletion hopes it does. */
  readonly pause: () => Promise<void>;
  /** Milliseconds since the epoch. */
  readonly now: () => number;
  /** Counts an outcome, for the report. */
  readonly count: (outcome: string) => void;
}

/** One user of the allocator of a node. `underWay` holds the handles the node's process is busy with. */
export class Worker {
  readonly #place: Workplace;
  readonly #node: string;
  readonly #ipam: Ipam;
  readonly #underWay: Set<string>;
  readonly #administrator: Administrator;

  constructor(place: Workplace, node: string, ipam: Ipam, store: Datastore, underWay: Set<string>) {
    this.#place = place;
    this.#node = node;
    this.#ipam = ipam;
    this.#underWay = underWay;
    this.#administrator = new Administrator(place, node, ipam, store);
  }

  /** Does one thing. A store failure ends it early; what it was about is then in limbo. */
  async work(): Promise<void> {
    try {
      await this.#anything();
    } catch (error) {
      if ((error as Error).name !== 'DatastoreError') throw error;
      this.#place.count('store failure');
    }
  }

  #anything(): Promise<void> {
    const choice = this.#place.random.below(115);
    if (choice >= 100) return this.#administrator.work();
    if (choice < 35) return this.#add();
    if (choice < 55) return this.#remove();
    if (choice < 65) return this.#cleanUp();
    if (choice < 72) return this.#removeByAddress();
    if (choice < 77) return this.#removeLate();
    if (choice < 84) return this.#addByAddress();
    if (choice < 88) return this.#claim();
    if (choice < 93) return this.#giveUp();
    if (choice < 95) return this.#deleteAffinity();
    return this.#repair();
  }

  async #add(): Promise<void> {
    const { random, newHandle, count } = this.#place;
    const handle = newHandle();
    const num4 = random.pick([0, 1, 1, 1, 2]);
    const num6 = num4 === 0 ? 1 : random.pick([0, 0, 1]);
    await this.#busyWith(handle, async () => {
      const attributes = { workload: handle };
      const request = { node: this.#node, handle, attributes, num4, num6, intendedUse: 'Workload' } as const;
      const outcome = await this.#ipam.autoAssign(request);
      count(`autoAssign ${outcome.kind}`);
      this.#book(handle, outcome, num4 + num6);
    });
  }

  async #addByAddress(): Promise<void> {
    const { random, pools, newHandle, count } = this.#place;
    const handle = newHandle();
    const pool = random.pick(pools);
    const address = nthAddress(pool, random.below(Number(addressCount(pool))));
    await this.#busyWith(handle, async () => {
      const attributes = { workload: handle };
      const outcome = await this.#ipam.assignIp({ address, node: this.#node, handle, attributes });
      count(`assignIp ${outcome.kind}`);
      this.#book(handle, outcome, 1);
    });
  }

  /** Books an assignment, unless another operation on the handle makes its end uncertain. */
  #book(handle: string, outcome: AutoAssignOutcome | AssignIpOutcome, wanted: number): void {
    const { ledger } = this.#place;
    if (ledger.isDisturbed(handle) || outcome.kind === 'contention') {
      ledger.limbo.add(handle);
    } else if (outcome.kind === 'assigned') {
      const addresses = new Map(outcome.addresses.map((given) => [given.address, given.sequenceNumber]));
      if (addresses.size !== wanted)
        throw new Error(`${handle} asked for ${wanted} and got ${[...addresses.keys()].join(', ')}`);
      ledger.assigned(handle, addresses);
    } else this.#expectNothingHeld(handle, outcome.kind);
  }

  #expectNothingHeld(handle: string, why: string): void {
    const leaked = this.#place.monitor.held(handle);
    if (leaked.length > 0) throw new Error(`${handle} ended as ${why} and left ${leaked.join(', ')}`);
  }

  async #remove(): Promise<void> {
    const { ledger, random } = this.#place;
    const workloads = [...ledger.live.keys()];
    if (workloads.length > 0) await this.#release(random.pick(workloads));
  }

  /** Releases what nobody knows the state of; sometimes while its ADD is still under way. */
  async #cleanUp(): Promise<void> {
    const { ledger, random } = this.#place;
    const unknown = [...ledger.limbo];
    const busy = [...ledger.busy.keys()];
    if (busy.length > 0 && random.chance(0.3)) await this.#disturb(random.pick(busy));
    else if (unknown.length > 0) await this.#release(random.pick(unknown));
  }

  async #disturb(handle: string): Promise<void> {
    this.#place.ledger.disturb(handle);
    await this.#ipam.releaseByHandle(handle);
    this.#place.count('release while busy');
  }

  async #release(handle: string): Promise<void> {
    const { ledger, count } = this.#place;
    if (ledger.busy.has(handle)) return;
    ledger.releasing(handle);
    await this.#busyWith(handle, async () => {
      const outcome = await this.#ipam.releaseByHandle(handle);
      count(`releaseByHandle ${outcome.kind}`);
      if (outcome.kind === 'contention' || ledger.isDisturbed(handle)) ledger.limbo.add(handle);
      else this.#expectNothingHeld(handle, outcome.kind);
    });
  }

  async #removeByAddress(): Promise<void> {
    const { ledger, random, count } = this.#place;
    const workloads = [...ledger.live.values()];
    if (workloads.length === 0) return;
    const { handle, addresses } = random.pick(workloads);
    const isGuarded = random.chance(0.5);
    ledger.releasing(handle);
    const release = async () => {
      const requests = [...addresses].map(([address, sequenceNumber]) =>
        isGuarded ? { address, handle, sequenceNumber } : { address },
      );
      for (const { kind } of await this.#ipam.releaseIps(requests)) count(`releaseIps ${kind}`);
      ledger.limbo.add(handle);
    };
    // Without a guard a release hits whoever has the address, so only its holder may ask for it, and only once.
    await (isGuarded ? this.#busyWith(handle, release) : this.#knownToEnd(handle, release));
  }

  /** A release that comes too late must not hit whoever has the address by now. */
  async #removeLate(): Promise<void> {
    const { ledger, random, count } = this.#place;
    if (ledger.past.length === 0) return;
    const { address, handle, sequenceNumber } = random.pick(ledger.past);
    const guard = random.chance(0.5) ? { sequenceNumber } : { handle };
    const [result] = await this.#ipam.releaseIps([{ address, ...guard }]);
    count(`late releaseIps ${result?.kind}`);
  }

  async #claim(): Promise<void> {
    const wanted = { owner: hostOwner(this.#node), cidr: this.#randomBlock() };
    const outcome = await this.#ipam.claimAffinity(wanted);
    this.#place.count(`claimAffinity ${outcome.kind}`);
  }

  async #giveUp(): Promise<void> {
    const { random, nodes, count } = this.#place;
    const owner = hostOwner(random.pick(nodes));
    const wanted = { owner, cidr: this.#randomBlock(), requireEmpty: random.chance(0.7) };
    const outcome = await this.#ipam.releaseAffinity(wanted);
    count(`releaseAffinity ${outcome.kind}`);
  }

  /** What people do by hand: an affinity disappears, and the block still names its owner. */
  async #deleteAffinity(): Promise<void> {
    const { store, monitor, random, count } = this.#place;
    const { items } = await store.list('BlockAffinity');
    if (items.length === 0) return;
    const { name } = random.pick(items).metadata;
    await store.delete({ kind: 'BlockAffinity', name });
    await monitor.written('BlockAffinity', name);
    count('affinity deleted by hand');
  }

  async #repair(): Promise<void> {
    for (const finding of await this.#ipam.inspect()) {
      if (finding.kind === 'block-invalid') throw new Error(finding.message);
      this.#place.count(`repair ${finding.kind}`);
      await this.#ipam.repair(finding);
    }
  }

  #randomBlock(): Prefix {
    const { random, monitor, pools } = this.#place;
    if (monitor.blocks.length > 0 && random.chance(0.7)) return random.pick(monitor.blocks).spec.cidr;
    const [pool4] = pools as [Prefix];
    return nthSubnet(pool4, 30, random.below(Number(subnetCount(pool4, 30))));
  }

  /** Runs an operation on a handle that others may disturb meanwhile. */
  async #busyWith(handle: string, work: () => Promise<void>): Promise<void> {
    const { ledger, nodeOfHandle } = this.#place;
    if (!nodeOfHandle.has(handle)) nodeOfHandle.set(handle, this.#node);
    ledger.begin(handle);
    try {
      await this.#knownToEnd(handle, work);
    } finally {
      ledger.end(handle);
    }
  }

  /** Runs an operation on a handle, so that its end is known, or known to be unknown. */
  async #knownToEnd(handle: string, work: () => Promise<void>): Promise<void> {
    this.#underWay.add(handle);
    try {
      await work();
    } catch (error) {
      this.#place.ledger.limbo.add(handle);
      throw error;
    } finally {
      this.#underWay.delete(handle);
    }
  }
}
