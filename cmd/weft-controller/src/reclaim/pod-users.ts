/**
 * Pods as users of addresses: of each only its name, its node, its addresses and whether it has ended are kept.
 */
import {
  hasPodEnded,
  type KubernetesCluster,
  type KubernetesObject,
  type ObjectEvent,
  possiblePodAddresses,
} from '@weft/datastore';
import { networkAddress, parsePrefix } from '@weft/ip';
import type { AddressUser } from '@weft/ipam';

const PODS = { apiVersion: 'v1', plural: 'pods', kind: 'Pod' } as const;

/** The part of a Pod that is looked at. */
export function essence({ metadata, spec, status }: KubernetesObject): KubernetesObject {
  const { name, namespace, resourceVersion, annotations = {}, deletionTimestamp } = metadata;
  const { nodeName } = spec ?? {};
  const { phase, podIP, podIPs } = status ?? {};
  const kept = Object.entries(annotations).filter(([key]) =>
    /^(cni\.projectcalico\.org\/podIPs?|vpc\.amazonaws\.com\/pod-ips|k8s\.v1\.cni\.cncf\.io\/network-status)$/.test(
      key,
    ),
  );
  return {
    metadata: {
      ...(name !== undefined && { name }),
      ...(namespace !== undefined && { namespace }),
      ...(resourceVersion !== undefined && { resourceVersion }),
      ...(deletionTimestamp !== undefined && { deletionTimestamp }),
      annotations: Object.fromEntries(kept),
    },
    spec: { nodeName },
    status: { phase, podIP, podIPs },
  };
}

/** What a Pod is to whoever judges addresses; one that tells an address nobody can read may have any. */
export function userOfPod(pod: KubernetesObject): AddressUser {
  const parsed = possiblePodAddresses(pod).map(parsePrefix);
  const isKnown = parsed.every(({ ok }) => ok);
  const addresses = parsed.flatMap((one) => (one.ok ? [networkAddress(one.value)] : []));
  return {
    name: nameOf(pod),
    node: String(pod.spec?.nodeName ?? ''),
    ...(isKnown && { addresses }),
    ...(hasPodEnded(pod) && { hasEnded: true }),
  };
}

/** All Pods of the cluster, as users by their names. */
export class PodUsers {
  readonly #users = new Map<string, AddressUser>();
  #isCurrent = false;

  /** Live, in no order. */
  get all(): ReadonlyMap<string, AddressUser> {
    return this.#users;
  }

  /** True when a complete list was read and the watch of it runs. */
  get isCurrent(): boolean {
    return this.#isCurrent;
  }

  /** Follows the Pods until the signal aborts; `onChange` hears of each event after it is applied. */
  async follow(
    cluster: KubernetesCluster,
    signal: AbortSignal,
    onChange: (event: ObjectEvent) => void,
  ): Promise<void> {
    for await (const event of cluster.follow(PODS, signal, { keep: essence })) {
      this.#apply(event);
      onChange(event);
    }
  }

  #apply(event: ObjectEvent): void {
    switch (event.kind) {
      case 'snapshot':
        this.#users.clear();
        for (const pod of event.objects) this.#put(pod);
        this.#isCurrent = true;
        break;
      case 'put':
        this.#put(event.object);
        break;
      case 'delete':
        this.#users.delete(nameOf(event.object));
        break;
      case 'interrupted':
        this.#isCurrent = false;
    }
  }

  #put(pod: KubernetesObject): void {
    this.#users.set(nameOf(pod), userOfPod(pod));
  }
}

/** Asks the API server for one Pod; undefined when there is none of that `namespace/name`. Throws DatastoreError. */
export async function readPodUser(
  cluster: Pick<KubernetesCluster, 'get'>,
  name: string,
): Promise<AddressUser | undefined> {
  const [namespace = '', pod = ''] = name.split('/');
  const object = await cluster.get(PODS, { namespace, name: pod });
  return object && userOfPod(object);
}

function nameOf({ metadata }: KubernetesObject): string {
  return `${metadata.namespace}/${metadata.name}`;
}
