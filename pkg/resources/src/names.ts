/**
 * The names Calico gives to objects it derives from others. Two writers of one store must agree on them.
 */
import type { Parsed, Prefix } from '@weft/ip';

/** The name of a block: "10.244.0.0/26" becomes "10-244-0-0-26". Source: Calico's Kubernetes datastore. */
export function blockName(cidr: Prefix): string {
  return cidr.replace(/[.:/]/g, '-');
}

/** The name of a node's affinity to a block: "node1-10-244-0-0-26". Stores with short names: `shortAffinityName`. */
export function affinityName(node: string, cidr: Prefix): string {
  return `${node}-${blockName(cidr)}`;
}

const maxNameLength = 253;
const hashLength = 11;

/**
 * The name of an affinity in Kubernetes, where one of 253 characters or more is cut and told apart by a hash.
 *
 * @param sha256Hex the SHA-256 of a text, in lower-case hex; an argument, since this package is pure
 */
export function shortAffinityName(node: string, cidr: Prefix, sha256Hex: (text: string) => string): string {
  const name = affinityName(node, cidr);
  if (name.length < maxNameLength) return name;
  const block = blockName(cidr);
  const room = maxNameLength - 1 - block.length - hashLength - 2;
  return `${node.slice(0, room)}-${block}-${sha256Hex(`${node}+${block}`).slice(0, hashLength)}`;
}

/** The name of a handle: its ID in lower case; the ID itself is kept in `spec.handleID`. */
export function handleName(handleId: string): string {
  return handleId.toLowerCase();
}

/** What the name of a WorkloadEndpoint is made of; which fields are needed depends on the orchestrator. */
export interface WorkloadEndpointIdentifiers {
  readonly node: string;
  readonly orchestrator: string;
  readonly pod?: string;
  readonly containerID?: string;
  readonly workload?: string;
  readonly endpoint?: string;
}

/**
 * `<node>-<orchestrator>-<workload>-<endpoint>`, every "-" inside a part doubled: "node--1-k8s-pod-eth0". The workload
 * is the pod (k8s), the container (cni), "libnetwork" (libnetwork) or the workload (any other).
 */
export function workloadEndpointName(identifiers: WorkloadEndpointIdentifiers): Parsed<string> {
  const { node, orchestrator, endpoint } = identifiers;
  const workload = workloadPart(identifiers);
  const parts = Object.entries({ node, orchestrator, ...workload, endpoint });
  for (const [field, part = ''] of parts) {
    if (part === '')
      return { ok: false, reason: `${field} is required to name a WorkloadEndpoint of ${orchestrator}` };
    if (part.startsWith('-') || part.endsWith('-'))
      return {
        ok: false,
        reason: `${field} ${JSON.stringify(part)} begins or ends with "-", so no name can hold it`,
      };
  }
  return { ok: true, value: parts.map(([, part = '']) => part.replaceAll('-', '--')).join('-') };
}

function workloadPart(identifiers: WorkloadEndpointIdentifiers): Record<string, string | undefined> {
  switch (identifiers.orchestrator) {
    case 'k8s':
      return { pod: identifiers.pod };
    case 'cni':
      return { containerID: identifiers.containerID };
    case 'libnetwork':
      return { workload: 'libnetwork' };
    default:
      return { workload: identifiers.workload };
  }
}
