/**
 * WorkloadEndpoints, which are Pods: an endpoint is there as soon as its Pod has a node. Creating one writes the
 * annotations of a Pod that is not plugged in yet, deleting one empties them; both are patches of pods/status.
 */
import { definitionOf, type ResourceOf } from '@weft/resources';
import {
  DatastoreError,
  type ListOptions,
  type ResourceKey,
  type Revision,
  type WriteOutcome,
} from '../datastore.ts';
import type { ApiCall } from './api/api-call.ts';
import type { ApiClient } from './api/api-client.ts';
import { failure, isMissingObject, refusal } from './api/api-failure.ts';
import { type Collection, type Context, describe, readable, removed } from './collection.ts';
import type { KubernetesObject } from './convert/kubernetes-object.ts';
import {
  endpointKey,
  fromPod,
  pluggedAnnotations,
  pluggedState,
  podOfEndpoint,
  UNPLUGGED_ANNOTATIONS,
} from './convert/pod.ts';
import { type Reading, readLeniently } from './convert/reading.ts';
import { isRevision } from './revision.ts';

type Endpoint = ResourceOf<'WorkloadEndpoint'>;
type Key = ResourceKey<'WorkloadEndpoint'>;
type Outcome = WriteOutcome<'WorkloadEndpoint'>;

/** How often a write without a revision looks again: the kubelet changes a Pod many times while it starts. */
const ATTEMPTS = 20;

/** The collection of the endpoints of all Pods. */
export class Pods implements Collection<'WorkloadEndpoint'> {
  readonly #client: ApiClient;

  constructor({ client }: Context) {
    this.#client = client;
  }

  listCall({ namespace, node }: ListOptions = {}): ApiCall {
    const request = call('list', definitionOf('WorkloadEndpoint').plural, namespace);
    return node === undefined ? request : { ...request, query: { fieldSelector: `spec.nodeName=${node}` } };
  }

  keyOf(pod: KubernetesObject): Key | undefined {
    const key = endpointKey(pod);
    return key && { kind: 'WorkloadEndpoint', ...key };
  }

  isDeleted(): boolean {
    return false;
  }

  read(pod: KubernetesObject): Reading<'WorkloadEndpoint'> {
    return readLeniently(fromPod(pod) ?? {});
  }

  async get(key: Key): Promise<Endpoint | undefined> {
    const pod = await this.#podOf(key);
    return pod && readable(this.#client, key, this.read(pod));
  }

  async create(endpoint: Endpoint): Promise<Outcome> {
    const key = keyOf(endpoint);
    for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
      const pod = await this.#podOf(key);
      if (!pod) throw this.#podless(key);
      if (pluggedState(pod) === 'plugged') return { kind: 'already-exists' };
      const outcome = await this.#patch(key, pod.metadata, pluggedAnnotations(endpoint));
      if (outcome.kind !== 'conflict') return outcome;
    }
    throw this.#contended('create', key);
  }

  async update(endpoint: Endpoint): Promise<Outcome> {
    const key = keyOf(endpoint);
    const { resourceVersion = '', uid } = endpoint.metadata;
    if (!isRevision(resourceVersion)) return { kind: (await this.#podOf(key)) ? 'conflict' : 'not-found' };
    return this.#patch(key, { resourceVersion, ...(uid && { uid }) }, pluggedAnnotations(endpoint));
  }

  async delete(key: Key, revision: Revision | undefined): Promise<Outcome> {
    for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
      const pod = await this.#podOf(key);
      if (!pod || pluggedState(pod) === 'unplugged') return { kind: 'not-found' };
      if (revision !== undefined && pod.metadata.resourceVersion !== revision) return { kind: 'conflict' };
      const resource = removed(key, this.read(pod));
      const outcome = await this.#patch(key, pod.metadata, UNPLUGGED_ANNOTATIONS);
      if (outcome.kind === 'written') return { kind: 'written', resource };
      if (outcome.kind !== 'conflict' || revision !== undefined) return outcome;
    }
    throw this.#contended('delete', key);
  }

  /** Writes annotations into this incarnation of a Pod, if it is still at this revision. */
  async #patch(
    key: Key,
    { uid, resourceVersion }: KubernetesObject['metadata'],
    annotations: Readonly<Record<string, string>>,
  ): Promise<Outcome> {
    const body = { metadata: { uid, resourceVersion, annotations } };
    const request = {
      ...call('patch', describe(key), key.namespace, podOfEndpoint(key.name), 'status'),
      body,
    };
    const answer = await this.#client.request(request);
    if (answer.status === 200)
      return {
        kind: 'written',
        resource: readable(this.#client, key, this.read(answer.body as KubernetesObject)),
      };
    if (answer.status === 409) return { kind: 'conflict' };
    if (isMissingObject(answer)) return { kind: 'not-found' };
    throw refusal(request, this.#client.title, answer);
  }

  /** The Pod of an endpoint; undefined when it is gone, or runs elsewhere now. */
  async #podOf(key: Key): Promise<KubernetesObject | undefined> {
    const name = podOfEndpoint(key.name);
    if (name === undefined || key.namespace === undefined) return undefined;
    const request = call('get', describe(key), key.namespace, name);
    const answer = await this.#client.request(request);
    if (isMissingObject(answer)) return undefined;
    if (answer.status !== 200) throw refusal(request, this.#client.title, answer);
    const pod = answer.body as KubernetesObject;
    return endpointKey(pod)?.name === key.name ? pod : undefined;
  }

  #podless(key: Key): DatastoreError {
    const text = `Cannot create ${describe(key)} in ${this.#client.title}: there is no Pod for it on that node. Kubernetes makes WorkloadEndpoints: create the Pod.`;
    return new DatastoreError('invalid-resource', text);
  }

  #contended(verb: 'create' | 'delete', key: Key): DatastoreError {
    const request = call('patch', describe(key));
    const why = `the Pod changed at every attempt to ${verb} its endpoint`;
    return failure('unavailable', request, this.#client.title, why, 'Try again.');
  }
}

function keyOf({ metadata: { name, namespace } }: Endpoint): Key {
  return namespace === undefined
    ? { kind: 'WorkloadEndpoint', name }
    : { kind: 'WorkloadEndpoint', name, namespace };
}

function call(
  verb: ApiCall['verb'],
  object: string,
  namespace?: string,
  name?: string,
  subresource?: string,
): ApiCall {
  const parts = [namespace && `namespaces/${encodeURIComponent(namespace)}`, 'pods', name, subresource];
  const resource = subresource === undefined ? 'pods' : `pods/${subresource}`;
  return { verb, object, resource, path: ['/api/v1', ...parts.filter(Boolean)].join('/') };
}
