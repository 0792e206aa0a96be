/**
 * Where the handles are whose ID has capital letters, as a tunnel's has on a node of such a name: their keys cannot be
 * made from the object's name, which is in lower case. They are few, and so they are remembered as they are met.
 */
import type { EtcdClient } from './client/etcd-client.ts';
import { handleIn, handleMapping } from './mapping/ipam-handle.ts';
import type { KeyValue } from './protobuf/kv.ts';

/**
 * A name that is not there is looked for among new handles this often at most: most names that are asked for are not there,
 * since a handle is read before it is made. One that another process made since is found that much later, by its name.
 */
const LOOK_EVERY_MS = 10_000;

/** Most keys that are remembered; beyond that the oldest are forgotten until they are met again. */
const REMEMBERED = 10_000;

/** The keys of handles by name, where the name does not tell. */
export class HandleNames {
  readonly #client: EtcdClient;
  readonly #keys = new Map<string, string>();
  #lookedAt = Number.NEGATIVE_INFINITY;
  #lookedThrough = 0;

  constructor(client: EtcdClient) {
    this.#client = client;
  }

  /** Remembers the keys that need it. */
  meet(kvs: readonly Pick<KeyValue, 'key'>[]): void {
    for (const { key } of kvs) {
      const text = key.toString();
      const name = handleMapping.nameIn(text)?.name;
      if (name === undefined || handleIn(text) === name) continue;
      this.#keys.delete(name);
      this.#keys.set(name, text);
      const [oldest] = this.#keys.keys();
      if (this.#keys.size > REMEMBERED && oldest !== undefined) this.#keys.delete(oldest);
    }
  }

  /** The key of a name of which there is no key in lower case. */
  async keyNamed(name: string): Promise<string | undefined> {
    if (!this.#keys.has(name)) await this.#lookAtNewOnes();
    return this.#keys.get(name);
  }

  async #lookAtNewOnes(): Promise<void> {
    const now = performance.now();
    if (now - this.#lookedAt < LOOK_EVERY_MS) return;
    this.#lookedAt = now;
    const minCreateRevision = this.#lookedThrough + 1;
    const { kvs, revision } = await this.#client.range({
      ...handleMapping.range(),
      keysOnly: true,
      minCreateRevision,
    });
    this.#lookedThrough = revision;
    this.meet(kvs);
  }
}
