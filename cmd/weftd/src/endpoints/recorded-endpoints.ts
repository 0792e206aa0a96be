/**
 * The endpoints of one node as they are recorded: each is a WorkloadEndpoint of the datastore.
 *
 * This daemon is the only writer of its node's endpoints, so what it read at its start and did since is the truth; but for
 * their labels, which anybody may change.
 */
import { isDeepStrictEqual } from 'node:util';
import { type Refusal, refuse } from '@weft/control';
import { type Datastore, keyText, type ResourceKey, type WriteOutcome } from '@weft/datastore';
import type { WorkloadEndpoint } from '@weft/resources';
import { endpointIdOf } from './endpoint-record.ts';

/** What recording needs from the daemon. */
export interface RecordedEndpointsOptions {
  readonly nodeName: string;
  readonly store: Datastore;
  /** An endpoint came or went, or has other labels, so the desired state is another one. */
  readonly changed: () => void;
}

/** Those of one node, by the id their creator chose. */
export class RecordedEndpoints {
  readonly #options: RecordedEndpointsOptions;
  readonly #endpoints = new Map<string, WorkloadEndpoint>();
  /** Those that are being recorded, by key, with what others have made of them meanwhile. */
  readonly #recording = new Map<string, WorkloadEndpoint | undefined>();

  constructor(options: RecordedEndpointsOptions) {
    this.#options = options;
  }

  /** Reads what an earlier weftd of this node had recorded. Throws DatastoreError. */
  async load(): Promise<void> {
    const { nodeName: node, store } = this.#options;
    const { items } = await store.list('WorkloadEndpoint', { node });
    for (const endpoint of items) {
      // In Kubernetes every Pod is an endpoint: one that waits to be plugged in, or has ended, has no address.
      const isPluggedIn = (endpoint.spec.ipNetworks?.length ?? 0) > 0;
      if (isPluggedIn) this.#endpoints.set(endpointIdOf(endpoint), endpoint);
    }
  }

  get(id: string): WorkloadEndpoint | undefined {
    return this.#endpoints.get(id);
  }

  has(id: string): boolean {
    return this.#endpoints.has(id);
  }

  /** All of them, each with its id. */
  entries(): Iterable<[string, WorkloadEndpoint]> {
    return this.#endpoints.entries();
  }

  /** The id of the first that is meant. */
  idOf(isMeant: (endpoint: WorkloadEndpoint, id: string) => boolean): string | undefined {
    for (const [id, endpoint] of this.#endpoints) if (isMeant(endpoint, id)) return id;
    return undefined;
  }

  /** Takes over the labels that somebody has given one of them since. */
  relabel(endpoint: WorkloadEndpoint): void {
    const { metadata, spec } = endpoint;
    const { labels = {} } = metadata;
    if (this.#recording.has(keyText(metadata))) this.#recording.set(keyText(metadata), endpoint);
    for (const [id, known] of this.#endpoints) {
      // One of that name for another container is what the next attach or detach is about.
      const isSame =
        keyText(known.metadata) === keyText(metadata) && known.spec.containerID === spec.containerID;
      if (!isSame || isDeepStrictEqual(known.metadata.labels ?? {}, labels)) continue;
      this.#endpoints.set(id, { ...known, metadata: { ...known.metadata, labels } });
      this.#options.changed();
    }
  }

  /** Records one more. Throws DatastoreError; it counts as not recorded then. */
  async add(id: string, record: WorkloadEndpoint): Promise<Refusal | undefined> {
    const key = keyText(record.metadata);
    this.#recording.set(key, undefined);
    try {
      const outcome = await this.#create(record);
      if (outcome.kind !== 'written') {
        const hint = 'Detach the other one first, or use another id.';
        return refuse('conflict', 'a WorkloadEndpoint of that name exists', id, hint);
      }
      this.#endpoints.set(id, outcome.resource);
      const changed = this.#recording.get(key);
      if (changed !== undefined) this.relabel(changed);
    } finally {
      this.#recording.delete(key);
    }
    this.#options.changed();
    return undefined;
  }

  /**
   * A record of this node that this daemon does not know is left from a write whose answer was lost, which counted as not
   * done: it gives way.
   */
  async #create(record: WorkloadEndpoint): Promise<WriteOutcome<'WorkloadEndpoint'>> {
    const { nodeName, store } = this.#options;
    const outcome = await store.create(record);
    if (outcome.kind !== 'already-exists') return outcome;
    const key = keyOf(record);
    const there = await store.get(key);
    const isOurs = there !== undefined && there.spec.node === nodeName;
    if (!isOurs || this.#endpoints.has(endpointIdOf(there))) return outcome;
    await store.delete(key, there.metadata.resourceVersion);
    return store.create(record);
  }

  /** Removes the record of one. Throws DatastoreError; it is still there then. */
  async remove(id: string, endpoint: WorkloadEndpoint): Promise<void> {
    await this.#options.store.delete(keyOf(endpoint));
    this.#endpoints.delete(id);
    this.#options.changed();
  }
}

function keyOf({ metadata: { name, namespace } }: WorkloadEndpoint): ResourceKey<'WorkloadEndpoint'> {
  return { kind: 'WorkloadEndpoint', name, ...(namespace === undefined ? {} : { namespace }) };
}
