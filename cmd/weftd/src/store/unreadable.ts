/** Objects of the datastore that nobody can read: weftd goes on without them, and says which they are until they can be read, or are gone. */
import { type Datastore, DatastoreError, keyText, type ResourceKey } from '@weft/datastore';
import type { Kind, ResourceOf } from '@weft/resources';
import type { Logger } from '@weft/telemetry';

/** How often they are looked at again, in ms. */
const LOOK_MS = 10_000;

/** How many are remembered, and how many are named at once. */
const MOST_KNOWN = 100;
const MOST_NAMED = 3;

const REMEDY =
  'correct it, or delete it; an IPAMBlock only when no container has an address of it, for they would be given out again';
const HINT = `${REMEDY}; weftd goes on without it`;

/** Those that are known of. */
export class Unreadable {
  readonly #store: Pick<Datastore, 'get'>;
  readonly #log: Logger;
  readonly #reasons = new Map<string, { readonly key: ResourceKey; readonly reason: string }>();
  #timer: NodeJS.Timeout | undefined;
  /** That there are more than are remembered has been said. */
  #saidMore = false;

  /** @param store asked again for what could not be read */
  constructor(store: Pick<Datastore, 'get'>, log: Logger) {
    this.#store = store;
    this.#log = log;
  }

  /** One was found. */
  found(key: ResourceKey, reason: string): void {
    const object = `${key.kind} ${keyText(key)}`;
    if (this.#reasons.has(object)) return;
    if (this.#reasons.size < MOST_KNOWN) this.#remember(object, key, reason);
    else this.#sayMore();
  }

  /** One sentence for the status; undefined when all can be read. */
  describe(): string | undefined {
    if (this.#reasons.size === 0) return undefined;
    const named = [...this.#reasons]
      .slice(0, MOST_NAMED)
      .map(([object, { reason }]) => `${object}: ${reason}`);
    const more = this.#reasons.size - named.length;
    const rest = more > 0 ? `; and ${more} more` : '';
    return `weftd goes on without what it cannot read (${REMEDY}): ${named.join('; ')}${rest}`;
  }

  close(): void {
    clearTimeout(this.#timer);
    this.#reasons.clear();
  }

  #remember(object: string, key: ResourceKey, reason: string): void {
    this.#log.error('resource-unreadable', reason, { kind: key.kind, name: key.name, hint: HINT });
    this.#reasons.set(object, { key, reason });
    this.#timer ??= this.#lookLater();
  }

  /** Each list finds them again, and nobody can tell which of them are new. */
  #sayMore(): void {
    if (this.#saidMore) return;
    this.#saidMore = true;
    const message = `More than ${MOST_KNOWN} objects cannot be read: the others are named when some of these can be.`;
    this.#log.error('resources-unreadable', message, { hint: HINT });
  }

  /** One look begins when the one before has ended: a store that is away answers late. */
  #lookLater(): NodeJS.Timeout {
    return setTimeout(async () => {
      await this.#look();
      this.#timer = this.#reasons.size > 0 ? this.#lookLater() : undefined;
    }, LOOK_MS).unref();
  }

  async #look(): Promise<void> {
    for (const [object, { key }] of this.#reasons) {
      const isStill = await this.#store.get(key).then(
        () => false,
        () => true,
      );
      if (isStill) continue;
      this.#reasons.delete(object);
      this.#log.info('resource-readable', 'It can be read again, or is gone.', {
        kind: key.kind,
        name: key.name,
      });
    }
    if (this.#reasons.size < MOST_KNOWN) this.#saidMore = false;
  }
}

/** The object; undefined also where nobody can read it, for whoever does without it. */
export async function getReadable<K extends Kind>(
  store: Pick<Datastore, 'get'>,
  key: ResourceKey<K>,
): Promise<ResourceOf<K> | undefined> {
  try {
    return await store.get(key);
  } catch (error) {
    if (error instanceof DatastoreError && error.code === 'corrupt') return undefined;
    throw error;
  }
}
