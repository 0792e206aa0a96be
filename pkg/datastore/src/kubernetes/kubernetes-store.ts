/**
 * The datastore in a Kubernetes cluster, laid out as Calico lays it out, so that both can use one cluster.
 *
 * Reading order: `collection.ts` (what differs between kinds), `custom-resources.ts`, `nodes.ts`, `pods.ts` (the kinds),
 * `convert/` (the objects, pure), `watch/` (the reflector), `api/` (requests and credentials).
 */
import type { Kind, ResourceOf } from '@weft/resources';
import type { KubernetesChoice } from '../choice/datastore-choice.ts';
import {
  type Datastore,
  DatastoreError,
  type ListOptions,
  type OfKind,
  type OnUnreadable,
  type ResourceKey,
  type ResourceList,
  type ResourcePage,
  type Revision,
  type Selection,
  type UnreadableObject,
  type WatchEvent,
  type WriteOutcome,
} from '../datastore.ts';
import { assertCreatable, assertUpdatable } from '../local/decide-write.ts';
import { isSelected } from '../selection.ts';
import { ApiClient, type ClientOptions, DEFAULT_CLIENT_OPTIONS } from './api/api-client.ts';
import { discoverGroup } from './api/discovery.ts';
import { findConnection } from './api/kubeconfig.ts';
import { type Collection, type Context, describe } from './collection.ts';
import type { KubernetesObject } from './convert/kubernetes-object.ts';
import { CustomResources } from './custom-resources.ts';
import { listAll, pagesOfCollection } from './list-all.ts';
import { Nodes } from './nodes.ts';
import { Pods } from './pods.ts';
import { isRevision } from './revision.ts';
import { eventTranslator } from './watch/to-event.ts';
import { DEFAULT_WATCH_OPTIONS, type WatchOptions, watchCollection } from './watch/watch-collection.ts';

/** What may be set beside the choice. */
export interface KubernetesOptions {
  readonly onUnreadable?: OnUnreadable;
  readonly client?: Partial<ClientOptions>;
  readonly watch?: Partial<WatchOptions>;
}

/** How many unreadable objects are remembered; beyond that some are told of twice. */
const MOST_TOLD = 1000;

/** Opens a cluster. Throws `DatastoreError` when it cannot be reached or is none. */
export async function openKubernetes(
  choice: KubernetesChoice,
  options: KubernetesOptions = {},
): Promise<Datastore> {
  const client = new ApiClient(findConnection(choice, process.env), {
    ...DEFAULT_CLIENT_OPTIONS,
    ...options.client,
  });
  try {
    const group = await discoverGroup(client, choice.apiGroup);
    return new KubernetesStore({ client, group }, options);
  } catch (error) {
    client.close();
    throw error;
  }
}

class KubernetesStore implements Datastore {
  readonly ownedElsewhere: ReadonlySet<Kind> = new Set<Kind>(['Node', 'WorkloadEndpoint']);
  readonly #context: Context;
  readonly #watchOptions: WatchOptions;
  readonly #onUnreadable: OnUnreadable | undefined;
  readonly #told = new Set<string>();

  constructor(context: Context, { watch, onUnreadable }: KubernetesOptions) {
    this.#context = context;
    this.#watchOptions = { ...DEFAULT_WATCH_OPTIONS, ...watch };
    this.#onUnreadable = onUnreadable;
  }

  async get<K extends Kind>(key: ResourceKey<K>): Promise<ResourceOf<K> | undefined> {
    return this.#collection(key.kind).get(key);
  }

  async list<K extends Kind>(kind: K, options: ListOptions = {}): Promise<ResourceList<K>> {
    const collection = this.#collection(kind);
    const items: ResourceOf<K>[] = [];
    const revision = await listAll(this.#context.client, collection.listCall(options), {
      begin: () => items.splice(0),
      take: (object) => {
        const resource = this.#tryRead(collection, object, options);
        if (resource) items.push(resource);
      },
    });
    return { items: items.sort(byNamespaceAndName), revision };
  }

  async *pages<K extends Kind>(kind: K, size: number): AsyncGenerator<ResourcePage<K>, void, undefined> {
    const collection = this.#collection(kind);
    for await (const objects of pagesOfCollection(this.#context.client, collection.listCall(), size)) {
      const items: ResourceOf<K>[] = [];
      const unreadable: UnreadableObject[] = [];
      for (const object of objects) {
        const key = visibleKey(collection, object);
        const reading = key && collection.read(object);
        if (reading?.ok) items.push(reading.resource);
        else if (reading) unreadable.push({ key, reason: reading.reason });
      }
      yield { items, unreadable };
    }
  }

  async create<K extends Kind>(resource: OfKind<K>): Promise<WriteOutcome<K>> {
    assertCreatable(resource);
    return this.#collection(resource.kind).create(resource);
  }

  async update<K extends Kind>(resource: OfKind<K>): Promise<WriteOutcome<K>> {
    assertUpdatable(resource);
    return this.#collection(resource.kind).update(resource);
  }

  async delete<K extends Kind>(key: ResourceKey<K>, revision?: Revision): Promise<WriteOutcome<K>> {
    return this.#collection(key.kind).delete(key, revision);
  }

  async *watch<K extends Kind>(
    kind: K,
    since: Revision,
    signal: AbortSignal,
    selection: Selection = {},
  ): AsyncGenerator<WatchEvent<K>, void, undefined> {
    const collection = this.#collection(kind);
    const { client } = this.#context;
    if (client.closed.aborted) throw client.closedError();
    if (signal.aborted) return;
    if (!isRevision(since)) throw this.#otherStore(kind, since);
    const translate = eventTranslator(collection, (object) => this.#tryRead(collection, object, selection));
    for await (const raw of watchCollection(
      client,
      collection.listCall(selection),
      since,
      signal,
      this.#watchOptions,
    )) {
      const event = translate(raw);
      if (event) yield event;
      if (client.closed.aborted) throw client.closedError();
      if (signal.aborted) return;
    }
  }

  async close(): Promise<void> {
    this.#context.client.close();
  }

  #collection<K extends Kind>(kind: K): Collection<K> {
    if (kind === 'Node') return new Nodes(this.#context) as unknown as Collection<K>;
    if (kind === 'WorkloadEndpoint') return new Pods(this.#context) as unknown as Collection<K>;
    return new CustomResources(this.#context, kind);
  }

  /** The resource; undefined for an object that is none, is deleted, is left out, or cannot be read, which is told. */
  #tryRead<K extends Kind>(
    collection: Collection<K>,
    object: KubernetesObject,
    options: ListOptions,
  ): ResourceOf<K> | undefined {
    const key = visibleKey(collection, object);
    if (!key) return undefined;
    const reading = collection.read(object);
    if (reading.ok) return isSelected(reading.resource, options) ? reading.resource : undefined;
    this.#tell(key, object, reading.reason);
    return undefined;
  }

  #tell(key: ResourceKey, { metadata }: KubernetesObject, reason: string): void {
    const id = `${metadata.resourceVersion} ${describe(key)}`;
    if (!this.#onUnreadable || this.#told.has(id)) return;
    if (this.#told.size >= MOST_TOLD) this.#told.clear();
    this.#told.add(id);
    this.#onUnreadable(key, reason);
  }

  #otherStore(kind: Kind, since: Revision): DatastoreError {
    const { title } = this.#context.client;
    return new DatastoreError(
      'compacted',
      `Cannot watch ${kind} in ${title}: "${since}" is no revision of it. List again and watch from there.`,
    );
  }
}

/** The key of an object that a reader may see. */
function visibleKey<K extends Kind>(
  collection: Collection<K>,
  object: KubernetesObject,
): ResourceKey<K> | undefined {
  return collection.isDeleted(object) ? undefined : collection.keyOf(object);
}

function byNamespaceAndName({ metadata: a }: ResourceOf<Kind>, { metadata: b }: ResourceOf<Kind>): number {
  return compareTexts(a.namespace ?? '', b.namespace ?? '') || compareTexts(a.name, b.name);
}

function compareTexts(a: string, b: string): number {
  if (a === b) return 0;
  return a < b ? -1 : 1;
}
