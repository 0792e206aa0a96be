/**
 * Objects that are Kubernetes' own and no kind of weft: Pods, Services, Secrets, Leases … as the API server speaks of
 * them, with the same connections, patience and errors as the datastore.
 */
import type { KubernetesChoice } from '../choice/datastore-choice.ts';
import type { Revision } from '../datastore.ts';
import { type Interrupted, type Pacing, persist, systemPacing } from '../follow.ts';
import type { ApiCall } from './api/api-call.ts';
import { ApiClient, type ClientOptions, DEFAULT_CLIENT_OPTIONS } from './api/api-client.ts';
import { type ApiAnswer, isMissingObject, refusal } from './api/api-failure.ts';
import { findConnection } from './api/kubeconfig.ts';
import type { KubernetesObject } from './convert/kubernetes-object.ts';
import { listAll } from './list-all.ts';
import { DEFAULT_WATCH_OPTIONS, watchCollection } from './watch/watch-collection.ts';

/** A type of object: `{ apiVersion: 'v1', plural: 'pods', kind: 'Pod' }`. */
export interface ObjectType {
  readonly apiVersion: string;
  readonly plural: string;
  readonly kind: string;
}

/** Which object; without a namespace one of the cluster. */
export interface ObjectName {
  readonly name: string;
  readonly namespace?: string;
}

/** Narrows a list, at the server but for `keep`. */
export interface ObjectSelection {
  readonly namespace?: string;
  /** As `spec.nodeName=node1`. */
  readonly fieldSelector?: string;
  /** As `app=web`. */
  readonly labelSelector?: string;
  /** What is kept of each object as soon as it is read, so that a list of many is never held whole. */
  readonly keep?: (object: KubernetesObject) => KubernetesObject;
}

/** How an object is removed. */
export interface DeleteTerms {
  /** Only that incarnation, and only at that revision. */
  readonly uid?: string;
  readonly resourceVersion?: string;
  /** How long a Pod may take to end; 0: nobody waits for its kubelet. */
  readonly gracePeriodSeconds?: number;
}

/** What became of a write. Only `written` changed the cluster. */
export type ObjectOutcome =
  | { readonly kind: 'written'; readonly object: KubernetesObject }
  | { readonly kind: 'already-exists' }
  | { readonly kind: 'conflict' }
  | { readonly kind: 'not-found' };

/** What following yields: a `snapshot` replaces all that was known, `put` and `delete` change it. */
export type ObjectEvent =
  | { readonly kind: 'snapshot'; readonly objects: readonly KubernetesObject[] }
  | { readonly kind: 'put' | 'delete'; readonly object: KubernetesObject }
  | Interrupted;

/** A cluster. Every method throws `DatastoreError`, whose message names the verb and the resource that RBAC refused. */
export class KubernetesCluster {
  readonly #client: ApiClient;

  constructor(client: ApiClient) {
    this.#client = client;
  }

  /** As messages name the cluster. */
  get title(): string {
    return this.#client.title;
  }

  /** The object, or undefined when there is none. */
  async get(type: ObjectType, name: ObjectName): Promise<KubernetesObject | undefined> {
    const request = callOn('get', type, name);
    const answer = await this.#client.request(request);
    if (answer.status === 200) return answer.body as KubernetesObject;
    if (isMissingObject(answer)) return undefined;
    throw refusal(request, this.title, answer);
  }

  /** Every object of a type, in the server's order, and the revision of the list. */
  async list(
    type: ObjectType,
    selection: ObjectSelection = {},
  ): Promise<{ readonly objects: KubernetesObject[]; readonly revision: Revision }> {
    const objects: KubernetesObject[] = [];
    const keep = selection.keep ?? ((object) => object);
    const revision = await listAll(this.#client, listCall(type, selection), {
      begin: () => objects.splice(0),
      take: (object) => objects.push(keep(object)),
    });
    return { objects, revision };
  }

  /** The objects and every change of them until `signal` aborts; a failure that will pass is waited out. */
  follow(
    type: ObjectType,
    signal: AbortSignal,
    selection: ObjectSelection = {},
    pacing: Pacing = systemPacing,
  ): AsyncGenerator<ObjectEvent, void, undefined> {
    return persist<ObjectEvent>(() => this.#listAndWatch(type, signal, selection), signal, pacing);
  }

  /** Makes an object. Outcomes: written, already-exists. */
  async create(type: ObjectType, object: KubernetesObject): Promise<ObjectOutcome> {
    const { namespace, name = '' } = object.metadata;
    const request = { ...listCall(type, namespace === undefined ? {} : { namespace }), body: object };
    return this.#write({ ...request, verb: 'create', object: titleOf(type, { name }) }, 'already-exists');
  }

  /** Replaces an object if it still has `metadata.resourceVersion`. Outcomes: written, conflict, not-found. */
  async update(type: ObjectType, object: KubernetesObject): Promise<ObjectOutcome> {
    return this.#write({ ...callOn('update', type, nameOf(object)), body: object }, 'conflict');
  }

  /**
   * Merges `change` into an object (RFC 7386), or into its `status`. With `metadata.resourceVersion` in the change only if
   * it still has that one. Outcomes: written, conflict, not-found.
   */
  async patch(
    type: ObjectType,
    name: ObjectName,
    change: object,
    subresource?: 'status',
  ): Promise<ObjectOutcome> {
    return this.#write({ ...callOn('patch', type, name, subresource), body: change }, 'conflict');
  }

  /** Removes an object. Outcomes: written, conflict, not-found. */
  async delete(
    type: ObjectType,
    name: ObjectName,
    { gracePeriodSeconds, ...preconditions }: DeleteTerms = {},
  ): Promise<ObjectOutcome> {
    const body = { kind: 'DeleteOptions', apiVersion: 'v1', gracePeriodSeconds, preconditions };
    return this.#write({ ...callOn('delete', type, name), body }, 'conflict');
  }

  /** Ends everything that is under way with `closed`. */
  close(): void {
    this.#client.close();
  }

  async #write(request: ApiCall, on409: 'already-exists' | 'conflict'): Promise<ObjectOutcome> {
    const answer: ApiAnswer = await this.#client.request(request);
    if (answer.status >= 200 && answer.status < 300)
      return { kind: 'written', object: answer.body as KubernetesObject };
    if (answer.status === 409) return { kind: on409 };
    if (request.verb !== 'create' && isMissingObject(answer)) return { kind: 'not-found' };
    throw refusal(request, this.title, answer);
  }

  async *#listAndWatch(
    type: ObjectType,
    signal: AbortSignal,
    selection: ObjectSelection,
  ): AsyncGenerator<ObjectEvent, void, undefined> {
    const { objects, revision } = await this.list(type, selection);
    if (signal.aborted) return;
    yield { kind: 'snapshot', objects };
    const request = listCall(type, selection);
    const events = watchCollection(this.#client, request, revision, signal, DEFAULT_WATCH_OPTIONS);
    const keep = selection.keep ?? ((object) => object);
    for await (const { type: change, object } of events)
      yield { kind: change === 'DELETED' ? 'delete' : 'put', object: keep(object) };
  }
}

/** A cluster by the choice of a datastore in it; connects at the first request. Throws `DatastoreError`. */
export function openCluster(
  choice: KubernetesChoice,
  options: Partial<ClientOptions> = {},
): KubernetesCluster {
  const connection = findConnection(choice, process.env);
  return new KubernetesCluster(new ApiClient(connection, { ...DEFAULT_CLIENT_OPTIONS, ...options }));
}

function listCall(type: ObjectType, { namespace, keep: _, ...selectors }: ObjectSelection): ApiCall {
  const query = Object.entries(selectors).filter(
    (entry): entry is [string, string] => entry[1] !== undefined,
  );
  return {
    verb: 'list',
    object: type.plural,
    resource: resourceOf(type),
    path: pathOf(type, namespace),
    ...(query.length > 0 && { query: Object.fromEntries(query) }),
  };
}

function callOn(
  verb: 'get' | 'update' | 'patch' | 'delete',
  type: ObjectType,
  name: ObjectName,
  subresource?: string,
): ApiCall {
  const tail = [encodeURIComponent(name.name), subresource].filter(Boolean).join('/');
  return {
    verb,
    object: titleOf(type, name),
    resource: subresource === undefined ? resourceOf(type) : `${resourceOf(type)}/${subresource}`,
    path: `${pathOf(type, name.namespace)}/${tail}`,
  };
}

function pathOf({ apiVersion, plural }: ObjectType, namespace?: string): string {
  const root = apiVersion.includes('/') ? `/apis/${apiVersion}` : `/api/${apiVersion}`;
  const place = namespace === undefined ? '' : `/namespaces/${encodeURIComponent(namespace)}`;
  return `${root}${place}/${plural}`;
}

/** RBAC's name: `pods`, `leases.coordination.k8s.io`. */
function resourceOf({ apiVersion, plural }: ObjectType): string {
  const [group, version] = apiVersion.split('/');
  return version === undefined ? plural : `${plural}.${group}`;
}

function titleOf({ kind }: ObjectType, { name, namespace }: ObjectName): string {
  return `${kind} "${namespace === undefined ? name : `${namespace}/${name}`}"`;
}

function nameOf({ metadata: { name = '', namespace } }: KubernetesObject): ObjectName {
  return namespace === undefined ? { name } : { name, namespace };
}
