/**
 * Nodes, which Kubernetes makes and removes itself. An update is one patch of the annotations on nodes/status, the right
 * that Calico's own agent has.
 */
import { definitionOf, type ResourceOf } from '@weft/resources';
import { DatastoreError, type ResourceKey, type WriteOutcome } from '../datastore.ts';
import type { ApiCall } from './api/api-call.ts';
import type { ApiClient } from './api/api-client.ts';
import { isMissingObject, refusal } from './api/api-failure.ts';
import { type Collection, type Context, describe, readable } from './collection.ts';
import type { KubernetesObject } from './convert/kubernetes-object.ts';
import { fromKubernetesNode, nodeAnnotations } from './convert/node.ts';
import { type Reading, readLeniently } from './convert/reading.ts';
import { isRevision } from './revision.ts';

type Node = ResourceOf<'Node'>;
type Key = ResourceKey<'Node'>;

/** The collection of Nodes. */
export class Nodes implements Collection<'Node'> {
  readonly #client: ApiClient;

  constructor({ client }: Context) {
    this.#client = client;
  }

  listCall(): ApiCall {
    return call('list', definitionOf('Node').plural);
  }

  keyOf({ metadata }: KubernetesObject): Key {
    return { kind: 'Node', name: metadata.name ?? '' };
  }

  isDeleted(): boolean {
    return false;
  }

  read(object: KubernetesObject): Reading<'Node'> {
    return readLeniently(fromKubernetesNode(object));
  }

  async get(key: Key): Promise<Node | undefined> {
    const request = call('get', describe(key), key.name);
    const answer = await this.#client.request(request);
    if (isMissingObject(answer)) return undefined;
    if (answer.status !== 200) throw refusal(request, this.#client.title, answer);
    return readable(this.#client, key, this.read(answer.body as KubernetesObject));
  }

  /** A Node that is there already answers so; one that is not must come from its kubelet. */
  async create({ metadata: { name } }: Node): Promise<WriteOutcome<'Node'>> {
    const key = { kind: 'Node', name } as const;
    if (await this.get(key)) return { kind: 'already-exists' };
    throw this.#unsupported('create', key, 'Start the kubelet of that machine; it registers the Node.');
  }

  async update(node: Node): Promise<WriteOutcome<'Node'>> {
    const key = { kind: 'Node', name: node.metadata.name } as const;
    const { resourceVersion } = node.metadata;
    if (!isRevision(resourceVersion)) return { kind: (await this.get(key)) ? 'conflict' : 'not-found' };
    const body = { metadata: { resourceVersion, annotations: nodeAnnotations(node) } };
    const request = { ...call('patch', describe(key), key.name, 'status'), body };
    const answer = await this.#client.request(request);
    if (answer.status === 200) {
      const resource = readable(this.#client, key, this.read(answer.body as KubernetesObject));
      return { kind: 'written', resource };
    }
    if (answer.status === 409) return { kind: 'conflict' };
    if (isMissingObject(answer)) return { kind: 'not-found' };
    throw refusal(request, this.#client.title, answer);
  }

  async delete(key: Key): Promise<WriteOutcome<'Node'>> {
    if (!(await this.get(key))) return { kind: 'not-found' };
    throw this.#unsupported('delete', key, `Remove it from the cluster: kubectl delete node ${key.name}.`);
  }

  #unsupported(verb: string, key: Key, next: string): DatastoreError {
    const text = `Cannot ${verb} ${describe(key)} in ${this.#client.title}: Nodes belong to Kubernetes. ${next}`;
    return new DatastoreError('invalid-resource', text);
  }
}

function call(verb: ApiCall['verb'], object: string, name?: string, subresource?: string): ApiCall {
  const parts = ['/api/v1/nodes', name && encodeURIComponent(name), subresource];
  const resource = subresource === undefined ? 'nodes' : `nodes/${subresource}`;
  return { verb, object, resource, path: parts.filter(Boolean).join('/') };
}
