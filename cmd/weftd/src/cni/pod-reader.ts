/**
 * Reads Pods, Namespaces and this Node from the API server, each by its name: the CNI plugin has no need to list anything.
 */
import { type Refusal, refuse } from '@weft/control';
import { DatastoreError, type KubernetesCluster, type ObjectType } from '@weft/datastore';
import type { PodReader } from './cni-host.ts';

const POD: ObjectType = { apiVersion: 'v1', plural: 'pods', kind: 'Pod' };
const NAMESPACE: ObjectType = { apiVersion: 'v1', plural: 'namespaces', kind: 'Namespace' };
const NODE: ObjectType = { apiVersion: 'v1', plural: 'nodes', kind: 'Node' };

/**
 * @param cluster connects when it is first asked
 * @param node the Kubernetes name of this node
 */
export function podReader(cluster: () => Pick<KubernetesCluster, 'get'>, node: string): PodReader {
  return {
    annotations: (namespace, pod) =>
      orRefusal(`Pod ${namespace}/${pod}`, async () => {
        const [found, itsNamespace] = await Promise.all([
          cluster().get(POD, { namespace, name: pod }),
          cluster().get(NAMESPACE, { name: namespace }),
        ]);
        if (found === undefined) return undefined;
        return {
          pod: found.metadata.annotations ?? {},
          namespace: itsNamespace?.metadata.annotations ?? {},
        };
      }),
    podCidrs: () =>
      orRefusal(`Node ${node}`, async () => {
        const { podCIDR, podCIDRs = [] } = ((await cluster().get(NODE, { name: node }))?.spec ?? {}) as {
          readonly podCIDR?: string;
          readonly podCIDRs?: readonly string[];
        };
        return podCIDRs.length > 0 || podCIDR === undefined ? podCIDRs : [podCIDR];
      }),
  };
}

async function orRefusal<T>(object: string, read: () => Promise<T>): Promise<T | Refusal> {
  try {
    return await read();
  } catch (error) {
    if (!(error instanceof DatastoreError)) throw error;
    return refuse('unavailable', error.message.replace(/\.$/, ''), object, 'Ask again when that is mended.');
  }
}
