/**
 * What administrators, controllers and the daemon itself do beside the workloads, at random: nodes that go and come back,
 * tunnels, pools that are deleted, made anew with blocks of another size, disabled; settings that change; the sweep for
 * leaks. All of it on the connection of one process, so that it fails and dies in the middle like everything else.
 */
import type { Datastore } from '@weft/datastore';
import { familyOf, type Prefix } from '@weft/ip';
import { checkPoolAgainst, type IPAMConfiguration, type IPPool } from '@weft/resources';
import { deletePool, findLeaks, type Ipam } from '../../src/index.ts';
import { configuration, node, pool } from '../support/fixtures.ts';
import type { Random } from '../support/random.ts';
import type { Workplace } from './worker.ts';

/** The block sizes pools are made with, by family: a handful of blocks in a pool of sixteen addresses. */
export const BLOCK_SIZES = { 4: [29, 30, 31, 32], 6: [125, 126, 127, 128] } as const;

/** How long an address has to look leaked. */
const GRACE_MS = 30_000;

/** Settings of every sort. */
export function randomSettings(random: Random): Partial<IPAMConfiguration['spec']> {
  return {
    strictAffinity: random.chance(0.4),
    autoAllocateBlocks: random.chance(0.9),
    maxBlocksPerHost: random.pick([0, 0, 2]),
    ipCooldownSeconds: random.pick([0, 5, 60]),
  };
}

/** Somebody who administers, beside the allocator of one node. */
export class Administrator {
  readonly #place: Workplace;
  readonly #node: string;
  readonly #ipam: Ipam;
  readonly #store: Datastore;
  #leakCandidates: ReadonlyMap<string, number> = new Map();

  constructor(place: Workplace, node: string, ipam: Ipam, store: Datastore) {
    this.#place = place;
    this.#node = node;
    this.#ipam = ipam;
    this.#store = store;
  }

  /** Does one thing. */
  work(): Promise<void> {
    const choice = this.#place.random.below(100);
    if (choice < 25) return this.#ensureTunnels();
    if (choice < 30) return this.#removeNode();
    if (choice < 46) return this.#addNodes();
    if (choice < 51) return this.#deletePool();
    if (choice < 69) return this.#addPools();
    if (choice < 79) return this.#editPool();
    if (choice < 84) return this.#changeSettings();
    return this.#sweepLeaks();
  }

  async #ensureTunnels(): Promise<void> {
    const outcome = await this.#ipam.ensureTunnels(this.#node, { wireguardHostEncryption: false });
    if (outcome.kind !== 'settled') return this.#place.count(`ensureTunnels ${outcome.kind}`);
    for (const { kind } of outcome.tunnels) this.#place.count(`tunnel ${kind}`);
  }

  /** The node leaves the cluster; its processes do not know it yet, and go on. */
  async #removeNode(): Promise<void> {
    const name = this.#place.random.pick(this.#place.nodes);
    await this.#store.delete({ kind: 'Node', name });
    const { kind } = await this.#ipam.releaseHost(name);
    this.#place.count(`releaseHost ${kind}`);
  }

  async #addNodes(): Promise<void> {
    for (const name of this.#place.nodes) {
      if ((await this.#store.get({ kind: 'Node', name })) === undefined) await this.#store.create(node(name));
    }
  }

  async #deletePool(): Promise<void> {
    const { random, now, pause, count } = this.#place;
    const { kind } = await deletePool({ store: this.#store, now, pause }, random.pick(['pool4', 'pool6']));
    count(`deletePool ${kind}`);
  }

  async #addPools(): Promise<void> {
    for (const cidr of this.#place.pools) {
      const made = await addPool(this.#store, this.#place.random, cidr);
      if (made) this.#place.count(made);
    }
  }

  async #editPool(): Promise<void> {
    const { random, count } = this.#place;
    const before = await this.#store.get({ kind: 'IPPool', name: random.pick(['pool4', 'pool6']) });
    if (!before) return;
    const vxlanMode = random.pick(['Always', 'Always', 'Never'] as const);
    const after: IPPool = { ...before, spec: { ...before.spec, vxlanMode, disabled: random.chance(0.2) } };
    const { kind } = await this.#store.update(after);
    count(`pool changed ${kind}`);
  }

  async #changeSettings(): Promise<void> {
    const settings = configuration(randomSettings(this.#place.random));
    const before = await this.#store.get({ kind: 'IPAMConfiguration', name: 'default' });
    const { kind } = before
      ? await this.#store.update({ ...before, spec: settings.spec })
      : await this.#store.create(settings);
    this.#place.count(`settings changed ${kind}`);
  }

  /** What a controller does: it looks at blocks first, at workloads after that, and releases much later. */
  async #sweepLeaks(): Promise<void> {
    const { ledger, now, count } = this.#place;
    const [{ items: blocks }, { items: nodes }] = await Promise.all([
      this.#store.list('IPAMBlock'),
      this.#store.list('Node'),
    ]);
    const live = [...ledger.live.values()].map(({ handle, addresses }) => ({
      name: handle,
      node: this.#node,
      addresses: [...addresses.keys()],
    }));
    const starting = [...ledger.busy.keys()].map((name) => ({ name, node: this.#nodeOf(name) }));
    const { confirmed, candidatesSince } = findLeaks(
      {
        blocks,
        nodes: new Set(nodes.map(({ metadata }) => metadata.name)),
        users: [...live, ...starting],
      },
      { now: now(), graceMs: GRACE_MS, earlier: this.#leakCandidates },
    );
    this.#leakCandidates = candidatesSince;
    const requests = confirmed.map(({ address, handle, sequenceNumber }) => ({
      address,
      sequenceNumber,
      ...(handle !== undefined && { handle }),
    }));
    for (const { kind } of await this.#ipam.releaseIps(requests)) count(`leak ${kind}`);
  }

  /** A pod that is being started stands in the API with its node and without an address. */
  #nodeOf(handle: string): string {
    return this.#place.nodeOfHandle.get(handle) ?? '';
  }
}

/** Makes the pool of that CIDR; undefined when it is there. */
export async function addPool(store: Datastore, random: Random, cidr: Prefix): Promise<string | undefined> {
  const name = `pool${familyOf(cidr)}`;
  if (await store.get({ kind: 'IPPool', name })) return undefined;
  const blockSize = random.pick(BLOCK_SIZES[familyOf(cidr)]);
  const wanted = pool(name, cidr, { blockSize, vxlanMode: 'Always' });
  const blocks = (await store.list('IPAMBlock')).items.map(({ spec }) => spec.cidr);
  if (checkPoolAgainst(wanted, [], blocks).length > 0) return 'pool refused';
  return `pool made ${(await store.create(wanted)).kind}`;
}
