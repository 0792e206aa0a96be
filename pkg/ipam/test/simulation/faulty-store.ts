/**
 * A process's connection to the store, as bad as real ones: calls wait their turn, fail before or after they took effect,
 * answer "conflict" to a write that happened, and end in the middle when the process dies.
 */
import {
  type Datastore,
  DatastoreError,
  type ListOptions,
  type OfKind,
  type ResourceKey,
  type ResourceList,
  type Revision,
  type WatchEvent,
  type WriteOutcome,
} from '@weft/datastore';
import type { Kind, ResourceOf } from '@weft/resources';
import type { Random } from './random.ts';
import type { Scheduler } from './scheduler.ts';

/** How often each fault strikes a call. */
export interface FaultRates {
  /** The call fails and nothing happened. */
  readonly unreached: number;
  /** The write happened, the answer is an error. */
  readonly answerLost: number;
  /** The write happened, the answer says that somebody else was first: a client that repeats by itself says this. */
  readonly denied: number;
  /** The process dies before or after the write. */
  readonly crash: number;
}

/** No faults at all. */
export const NO_FAULTS: FaultRates = { unreached: 0, answerLost: 0, denied: 0, crash: 0 };

/** What a connection shares with the simulation. */
export interface World {
  readonly store: Datastore;
  readonly random: Random;
  readonly scheduler: Scheduler;
  readonly faults: () => FaultRates;
  /** Called after every write that happened. */
  readonly written: (kind: Kind, name: string) => Promise<void>;
}

/** One process's connection; when it dies, its calls never return. */
export class FaultyStore implements Datastore {
  readonly #world: World;
  readonly #died: () => void;
  #isAlive = true;

  constructor(world: World, died: () => void) {
    this.#world = world;
    this.#died = died;
  }

  async get<K extends Kind>(key: ResourceKey<K>): Promise<ResourceOf<K> | undefined> {
    await this.#reach();
    return this.#world.store.get(key);
  }

  async list<K extends Kind>(kind: K, options?: ListOptions): Promise<ResourceList<K>> {
    await this.#reach();
    return this.#world.store.list(kind, options);
  }

  create<K extends Kind>(resource: OfKind<K>): Promise<WriteOutcome<K>> {
    return this.#write(resource, () => this.#world.store.create(resource), { kind: 'already-exists' });
  }

  update<K extends Kind>(resource: OfKind<K>): Promise<WriteOutcome<K>> {
    return this.#write(resource, () => this.#world.store.update(resource), { kind: 'conflict' });
  }

  delete<K extends Kind>(key: ResourceKey<K>, revision?: Revision): Promise<WriteOutcome<K>> {
    const target = { kind: key.kind, metadata: { name: key.name } };
    return this.#write(target, () => this.#world.store.delete(key, revision), { kind: 'not-found' });
  }

  watch<K extends Kind>(): AsyncIterable<WatchEvent<K>> {
    throw new Error('the simulation does not watch');
  }

  async close(): Promise<void> {}

  async #write<K extends Kind>(
    target: { readonly kind: K; readonly metadata: { readonly name: string } },
    write: () => Promise<WriteOutcome<K>>,
    denial: WriteOutcome<K>,
  ): Promise<WriteOutcome<K>> {
    await this.#reach();
    const { random, faults } = this.#world;
    const outcome = await write();
    if (outcome.kind !== 'written') return outcome;
    await this.#world.written(target.kind, target.metadata.name);
    if (random.chance(faults().crash)) await this.#die();
    if (random.chance(faults().answerLost)) throw away('the answer was lost');
    return random.chance(faults().denied) ? denial : outcome;
  }

  async #reach(): Promise<void> {
    const { random, scheduler, faults } = this.#world;
    await scheduler.turn(() => this.#isAlive);
    if (random.chance(faults().crash)) await this.#die();
    if (random.chance(faults().unreached)) throw away('the call did not arrive');
  }

  #die(): Promise<never> {
    this.#isAlive = false;
    this.#died();
    return new Promise(() => {});
  }
}

function away(why: string): DatastoreError {
  return new DatastoreError('unavailable', `Cannot reach the simulated store: ${why}. Try again.`);
}
