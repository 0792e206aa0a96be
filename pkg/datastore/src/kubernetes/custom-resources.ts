/**
 * Kinds that have a CRD. Blocks, affinities and handles are marked as deleted before they are removed, as Calico does: the
 * mark is a compare-and-swap, and whoever comes across it finishes the removal.
 */
import { isDeepStrictEqual } from 'node:util';
import { definitionOf, type Kind, type Resource, type ResourceOf } from '@weft/resources';
import type { OfKind, ResourceKey, Revision, WriteOutcome } from '../datastore.ts';
import type { ApiCall } from './api/api-call.ts';
import type { ApiClient } from './api/api-client.ts';
import { type ApiAnswer, failure, isMissingObject, refusal, statusOf } from './api/api-failure.ts';
import { type Collection, type Context, describe, readable, removed } from './collection.ts';
import {
  type ApiGroup,
  fromCustomResource,
  isSoftDeleted,
  nameOf,
  SOFT_DELETED,
  softDeleted,
  storedNames,
  toCustomResource,
} from './convert/custom-resource.ts';
import type { KubernetesObject } from './convert/kubernetes-object.ts';
import { type Reading, readingOf } from './convert/reading.ts';
import { isRevision } from './revision.ts';

/** Names longer than this are stored in a shorter form. */
const MOST_NAME_LENGTH = 252;
/** How often a delete without a revision looks again when others change the object. */
const DELETE_ATTEMPTS = 20;

/** The collection of a kind that has a CRD. */
export class CustomResources<K extends Kind> implements Collection<K> {
  readonly #client: ApiClient;
  readonly #kind: K;
  readonly #group: ApiGroup;
  readonly #plural: string;

  constructor(context: Context, kind: K) {
    this.#client = context.client;
    this.#kind = kind;
    this.#group = context.group;
    this.#plural = storedNames(kind, context.group)?.plural ?? '';
  }

  listCall(): ApiCall {
    return this.#call('list', definitionOf(this.#kind).plural);
  }

  keyOf(object: KubernetesObject): ResourceKey<K> {
    return { kind: this.#kind, name: nameOf(this.#kind, object) };
  }

  isDeleted(object: KubernetesObject): boolean {
    return SOFT_DELETED.has(this.#kind) && isSoftDeleted(object);
  }

  read(object: KubernetesObject): Reading<K> {
    return readingOf(fromCustomResource(this.#kind, object, this.#group));
  }

  async get(key: ResourceKey<K>): Promise<ResourceOf<K> | undefined> {
    const object = await this.#find(key);
    if (!object) return undefined;
    if (!this.isDeleted(object)) return readable(this.#client, key, this.read(object));
    await this.#remove(object);
    return undefined;
  }

  async create(resource: OfKind<K>): Promise<WriteOutcome<K>> {
    const body = this.#encode(resource, 'create');
    const call = { ...this.#call('create', describe(keyOf(resource))), body };
    for (let attempt = 0; ; attempt++) {
      const answer = await this.#client.request(call);
      if (isDone(answer)) return this.#finish(resource, body, answer);
      if (statusOf(answer)?.reason !== 'AlreadyExists') throw refusal(call, this.#client.title, answer);
      if (attempt > 0 || !(await this.#clear(keyOf(resource)))) return { kind: 'already-exists' };
    }
  }

  async update(resource: OfKind<K>): Promise<WriteOutcome<K>> {
    const key = keyOf(resource);
    if (!isRevision(resource.metadata.resourceVersion))
      return { kind: (await this.get(key)) ? 'conflict' : 'not-found' };
    const call = this.#updateCall(this.#encode(resource, 'update'), key);
    const answer = await this.#client.request(call);
    if (isDone(answer)) return this.#finish(resource, call.body as KubernetesObject, answer);
    if (answer.status === 409) return { kind: 'conflict' };
    if (isMissingObject(answer)) return { kind: 'not-found' };
    throw refusal(call, this.#client.title, answer);
  }

  async delete(key: ResourceKey<K>, revision: Revision | undefined): Promise<WriteOutcome<K>> {
    for (let attempt = 0; attempt < DELETE_ATTEMPTS; attempt++) {
      const object = await this.#find(key);
      if (!object) return { kind: 'not-found' };
      if (this.isDeleted(object)) {
        await this.#remove(object);
        return { kind: 'not-found' };
      }
      if (revision !== undefined && object.metadata.resourceVersion !== revision) return { kind: 'conflict' };
      const resource = removed(key, this.read(object));
      const outcome = await this.#deleteThat(key, object);
      if (outcome === 'done') return { kind: 'written', resource };
      if (outcome === 'changed' && revision !== undefined) return { kind: 'conflict' };
    }
    const call = this.#call('delete', describe(key));
    throw failure('unavailable', call, this.#client.title, 'others change it all the time', 'Try again.');
  }

  /** Finishes the removal of an object that is in the way. False when it is not deleted. */
  async #clear(key: ResourceKey<K>): Promise<boolean> {
    if (!SOFT_DELETED.has(this.#kind)) return false;
    const object = await this.#find(key);
    if (!object) return true;
    if (!this.isDeleted(object)) return false;
    await this.#remove(object);
    return true;
  }

  /** Removes the object if it is still as it was read. */
  async #deleteThat(key: ResourceKey<K>, object: KubernetesObject): Promise<'done' | 'changed'> {
    if (!SOFT_DELETED.has(this.#kind)) return this.#remove(object, object.metadata.resourceVersion);
    const call = this.#updateCall(softDeleted(this.#kind, this.#bare(object), this.#group), key);
    const answer = await this.#client.request(call);
    if (answer.status === 409 || isMissingObject(answer)) return 'changed';
    if (!isDone(answer)) throw refusal(call, this.#client.title, answer);
    await this.#remove(object);
    return 'done';
  }

  /** Removes this incarnation of an object, when told so only at this revision. Gone already is as good. */
  async #remove({ metadata }: KubernetesObject, resourceVersion?: Revision): Promise<'done' | 'changed'> {
    const { name = '', uid } = metadata;
    const preconditions = { uid, ...(resourceVersion !== undefined && { resourceVersion }) };
    const body = { kind: 'DeleteOptions', apiVersion: 'v1', preconditions };
    const call = { ...this.#call('delete', `${this.#kind} "${name}"`, name), body };
    const answer = await this.#client.request(call);
    if (isDone(answer)) return 'done';
    if (isMissingObject(answer)) return resourceVersion === undefined ? 'done' : 'changed';
    if (answer.status === 409) return 'changed';
    throw refusal(call, this.#client.title, answer);
  }

  /** The object as it is stored, deleted or not. */
  async #find(key: ResourceKey<K>): Promise<KubernetesObject | undefined> {
    if (key.name.length > MOST_NAME_LENGTH) return this.#search(key);
    const call = this.#call('get', describe(key), key.name);
    const answer = await this.#client.request(call);
    if (isDone(answer)) return answer.body as KubernetesObject;
    if (isMissingObject(answer)) return undefined;
    throw refusal(call, this.#client.title, answer);
  }

  /** An object whose name is too long for Kubernetes: its short name cannot be told from the long one alone. */
  async #search({ name }: ResourceKey<K>): Promise<KubernetesObject | undefined> {
    const call = this.listCall();
    const answer = await this.#client.request(call);
    if (!isDone(answer)) throw refusal(call, this.#client.title, answer);
    const { items } = answer.body as { readonly items: readonly KubernetesObject[] };
    return items.find((object) => nameOf(this.#kind, object) === name);
  }

  #encode(resource: OfKind<K>, verb: 'create' | 'update'): KubernetesObject {
    const reading = readingOf<K>(resource);
    if (reading.ok) return toCustomResource(reading.resource as Resource, this.#group);
    const call = this.#call(verb, describe(keyOf(resource)));
    throw failure('invalid-resource', call, this.#client.title, reading.reason, 'Correct these fields.');
  }

  /**
   * What became of a write that the server took. Where a CRD keeps the status apart, as those in manifests/ do and those of
   * most Calicos do not, the server left it out, and it is written by itself.
   */
  async #finish(resource: OfKind<K>, sent: KubernetesObject, answer: ApiAnswer): Promise<WriteOutcome<K>> {
    const stored = answer.body as KubernetesObject;
    if (sent.status === undefined || isDeepStrictEqual(sent.status, stored.status))
      return { kind: 'written', resource: this.#written(resource, answer) };
    const { resourceVersion = '' } = stored.metadata;
    const call = this.#call('update', describe(keyOf(resource)), stored.metadata.name, 'status');
    const body = { ...sent, metadata: { ...sent.metadata, resourceVersion } };
    const second = await this.#client.request({ ...call, body });
    if (isDone(second)) return { kind: 'written', resource: this.#written(resource, second) };
    if (second.status === 409) return { kind: 'conflict' };
    if (isMissingObject(second)) return { kind: 'not-found' };
    // It is not kept apart, and merely printed otherwise.
    if (second.status === 404) return { kind: 'written', resource: this.#written(resource, answer) };
    throw refusal(call, this.#client.title, second);
  }

  /** The resource that was just written. */
  #written(resource: OfKind<K>, answer: ApiAnswer): ResourceOf<K> {
    return readable(this.#client, keyOf(resource), this.read(answer.body as KubernetesObject));
  }

  /** An object as it was read, fit to be sent back: an update of the whole, which no default may change. */
  #bare({ metadata, ...rest }: KubernetesObject): KubernetesObject {
    const { uid: _, creationTimestamp: __, ...sent } = metadata;
    return { ...rest, metadata: sent };
  }

  #updateCall(object: KubernetesObject, key: ResourceKey<K>): ApiCall {
    return { ...this.#call('update', describe(key), object.metadata.name), body: object };
  }

  /** A request for the collection, for the object of that name in it, or for a part of that. */
  #call(verb: ApiCall['verb'], object: string, name?: string, subresource?: 'status'): ApiCall {
    const parts = [name && encodeURIComponent(name), subresource].filter(Boolean);
    const resource = subresource === undefined ? this.#plural : `${this.#plural}/${subresource}`;
    return {
      verb,
      object,
      resource: `${resource}.${this.#group.split('/')[0]}`,
      path: [`/apis/${this.#group}/${this.#plural}`, ...parts].join('/'),
    };
  }
}

function keyOf<K extends Kind>({ kind, metadata: { name } }: OfKind<K>): ResourceKey<K> {
  return { kind, name };
}

function isDone({ status }: ApiAnswer): boolean {
  return status >= 200 && status < 300;
}
