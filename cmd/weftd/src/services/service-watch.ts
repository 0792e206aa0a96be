/**
 * Follows the Services of a Kubernetes cluster while BGPConfiguration wants addresses of them announced, and only then: a
 * node watches little.
 */
import type { Service } from '@weft/calc';
import { type KubernetesCluster, type KubernetesObject, keyText, type ObjectType } from '@weft/datastore';
import type { Logger } from '@weft/telemetry';
import { joinServices, readService, readSlice, type ServiceSpec, type SliceFacts } from './read-services.ts';

const SERVICES: ObjectType = { apiVersion: 'v1', plural: 'services', kind: 'Service' };
const SLICES: ObjectType = {
  apiVersion: 'discovery.k8s.io/v1',
  plural: 'endpointslices',
  kind: 'EndpointSlice',
};

/** What the watch needs of the daemon. */
export interface ServiceWatchOptions {
  readonly nodeName: string;
  readonly log: Logger;
  readonly cluster: () => KubernetesCluster;
  /** The Services are other ones now. */
  readonly changed: () => void;
}

/** The Services as they are known; none while they are not wanted. */
export class ServiceWatch {
  readonly #options: ServiceWatchOptions;
  #run: Run | undefined;

  constructor(options: ServiceWatchOptions) {
    this.#options = options;
  }

  /** Begins to follow, or stops. */
  want(isWanted: boolean): void {
    if (isWanted === (this.#run !== undefined)) return;
    this.#run?.close();
    this.#run = isWanted ? new Run(this.#options) : undefined;
    if (!isWanted) this.#options.changed();
  }

  /** The same object until something changes. Empty until all were read: half a picture would withdraw routes. */
  services(): readonly Service[] {
    return this.#run?.services() ?? NONE;
  }

  /** Resolves when all are read, or cannot be: a start must not wait for a right that nobody gives. */
  async whenRead(): Promise<void> {
    await this.#run?.read;
  }

  close(): void {
    this.#run?.close();
    this.#run = undefined;
  }
}

const NONE: readonly Service[] = [];

/** One time of following, from `want` to its end. */
class Run {
  readonly read: Promise<unknown>;
  readonly #options: ServiceWatchOptions;
  readonly #stop = new AbortController();
  readonly #specs = new Followed<ServiceSpec>(readService);
  readonly #slices: Followed<SliceFacts>;
  #services: readonly Service[] | undefined;

  constructor(options: ServiceWatchOptions) {
    this.#options = options;
    this.#slices = new Followed((slice) => readSlice(slice, options.nodeName));
    const first = [SERVICES, SLICES].map((type) => {
      const { promise, resolve } = Promise.withResolvers<void>();
      this.#follow(type, resolve)
        .catch((error: unknown) => this.#fail(error))
        .finally(resolve);
      return promise;
    });
    this.read = Promise.all(first);
  }

  services(): readonly Service[] {
    if (!this.#specs.isRead || !this.#slices.isRead) return NONE;
    this.#services ??= joinServices(this.#specs.values(), this.#slices.values());
    return this.#services;
  }

  close(): void {
    this.#stop.abort();
  }

  async #follow(type: ObjectType, tried: () => void): Promise<void> {
    const followed = type === SERVICES ? this.#specs : this.#slices;
    for await (const event of this.#options.cluster().follow(type, this.#stop.signal)) {
      if (event.kind === 'interrupted') {
        this.#options.log.warn('services-unread', event.error.message, {
          hint: 'addresses of Services are announced as last known; tried again by itself',
        });
      } else {
        if (event.kind === 'snapshot') followed.replace(event.objects);
        else if (event.kind === 'put') followed.put(event.object);
        else followed.remove(event.object);
        this.#services = undefined;
        this.#options.changed();
      }
      tried();
    }
  }

  #fail(error: unknown): void {
    if (this.#stop.signal.aborted) return;
    this.#options.log.error('services-not-followed', (error as Error).message, {
      hint: 'addresses of Services are announced as last known until weftd starts again',
    });
  }
}

/** What was read of one type, by namespace and name. */
class Followed<Facts> {
  isRead = false;
  readonly #read: (object: KubernetesObject) => Facts | undefined;
  readonly #facts = new Map<string, Facts>();

  constructor(read: (object: KubernetesObject) => Facts | undefined) {
    this.#read = read;
  }

  values(): Iterable<Facts> {
    return this.#facts.values();
  }

  replace(objects: readonly KubernetesObject[]): void {
    this.#facts.clear();
    for (const object of objects) this.put(object);
    this.isRead = true;
  }

  put(object: KubernetesObject): void {
    const facts = this.#read(object);
    if (facts === undefined) this.remove(object);
    else this.#facts.set(key(object), facts);
  }

  remove(object: KubernetesObject): void {
    this.#facts.delete(key(object));
  }
}

function key({ metadata: { name = '', namespace } }: KubernetesObject): string {
  return keyText({ name, namespace });
}
