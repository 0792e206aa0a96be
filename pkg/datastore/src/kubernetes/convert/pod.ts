/**
 * Calico's WorkloadEndpoint, read from a Pod; what the CNI plugin adds is kept in three annotations of the Pod.
 *
 * Source: Calico libcalico-go/lib/backend/k8s/conversion.
 */
import { createHash } from 'node:crypto';
import { apiVersion, type WorkloadEndpoint, workloadEndpointName } from '@weft/resources';
import type { KubernetesObject } from './kubernetes-object.ts';

const POD_IP = 'cni.projectcalico.org/podIP';
const POD_IPS = 'cni.projectcalico.org/podIPs';
const CONTAINER_ID = 'cni.projectcalico.org/containerID';
const AWS_POD_IPS = 'vpc.amazonaws.com/pod-ips';
const FLOATING_IPS = 'cni.projectcalico.org/floatingIPs';
const SOURCE_PREFIXES = 'cni.projectcalico.org/allowedSourcePrefixes';
const NETWORK_STATUS = 'k8s.v1.cni.cncf.io/network-status';
/** weft's own: the id under which its daemon knows the endpoint, and the handle of its addresses. */
const ENDPOINT_ID = 'weft.dev/endpoint-id';

interface Container {
  readonly ports?: readonly {
    readonly name?: string;
    readonly protocol?: string;
    readonly containerPort?: number;
    readonly hostPort?: number;
    readonly hostIP?: string;
  }[];
}

interface PodSpec {
  readonly nodeName?: string;
  readonly hostNetwork?: boolean;
  readonly serviceAccountName?: string;
  readonly containers?: readonly Container[];
  readonly initContainers?: readonly Container[];
}

interface PodStatus {
  readonly phase?: string;
  readonly podIP?: string;
  readonly podIPs?: readonly { readonly ip?: string }[];
}

/** Where the endpoint of a Pod lies; undefined for Pods of the host's network, and until a node is chosen. */
export function endpointKey(pod: KubernetesObject): { name: string; namespace: string } | undefined {
  const { nodeName, hostNetwork } = (pod.spec ?? {}) as PodSpec;
  const { name: podName = '', namespace = '' } = pod.metadata;
  if (hostNetwork || !nodeName) return undefined;
  const name = workloadEndpointName({ node: nodeName, orchestrator: 'k8s', pod: podName, endpoint: 'eth0' });
  return name.ok ? { name: name.value, namespace } : undefined;
}

/** The Pod that the name of an endpoint speaks of; undefined for names of other orchestrators. */
export function podOfEndpoint(name: string): string | undefined {
  const [, orchestrator, pod, endpoint, ...more] = partsOf(name);
  return orchestrator === 'k8s' && endpoint !== undefined && more.length === 0 ? pod : undefined;
}

/** The endpoint of a Pod as `readLeniently` takes it; undefined as for `endpointKey`. */
export function fromPod(pod: KubernetesObject): object | undefined {
  const key = endpointKey(pod);
  if (!key) return undefined;
  const spec = pod.spec as PodSpec;
  const { metadata } = pod;
  const annotations = metadata.annotations ?? {};
  const addresses = hasPodEnded(pod) ? [] : podAddresses(pod);
  return {
    apiVersion,
    kind: 'WorkloadEndpoint',
    metadata: {
      ...key,
      generateName: metadata.generateName,
      resourceVersion: metadata.resourceVersion,
      uid: metadata.uid,
      creationTimestamp: metadata.creationTimestamp ?? undefined,
      labels: labelsOf(pod),
      annotations: keptOf(annotations),
    },
    spec: {
      orchestrator: 'k8s',
      node: spec.nodeName,
      pod: metadata.name,
      containerID: annotations[CONTAINER_ID],
      endpoint: 'eth0',
      interfaceName: interfaceName(key.namespace, metadata.name ?? ''),
      profiles: profilesOf(key.namespace, spec),
      serviceAccountName: spec.serviceAccountName,
      ipNetworks: addresses,
      ipNATs: floatingOf(annotations[FLOATING_IPS], addresses),
      ports: portsOf([...(spec.containers ?? []), ...(spec.initContainers ?? [])]),
      allowSpoofedSourcePrefixes: textsIn(annotations[SOURCE_PREFIXES]),
    },
  };
}

/** The annotations that plug an endpoint in; none for an endpoint without addresses, as in Calico. */
export function pluggedAnnotations({ metadata, spec }: WorkloadEndpoint): Record<string, string> {
  const [first, ...others] = spec.ipNetworks ?? [];
  const id = metadata.annotations?.[ENDPOINT_ID];
  if (first === undefined) return {};
  return {
    [POD_IP]: first,
    [POD_IPS]: [first, ...others].join(','),
    ...(spec.containerID && { [CONTAINER_ID]: spec.containerID }),
    ...(id && { [ENDPOINT_ID]: id }),
  };
}

/** The annotations of an endpoint that is gone. The container's ID stays: a repeated CNI DEL needs it. */
export const UNPLUGGED_ANNOTATIONS: Readonly<Record<string, string>> = { [POD_IP]: '', [POD_IPS]: '' };

/** Whether the annotations say that the endpoint is plugged in, was taken out, or nothing. */
export function pluggedState({ metadata }: KubernetesObject): 'plugged' | 'unplugged' | 'unknown' {
  const address = metadata.annotations?.[POD_IP];
  if (address === undefined) return 'unknown';
  return address === '' ? 'unplugged' : 'plugged';
}

/** The annotations of a Pod that its endpoint has, too. */
function keptOf(annotations: Readonly<Record<string, string>>): Record<string, string> | undefined {
  const kept = [NETWORK_STATUS, ENDPOINT_ID].flatMap((name) => {
    const text = annotations[name];
    return text === undefined ? [] : [[name, text]];
  });
  return kept.length > 0 ? Object.fromEntries(kept) : undefined;
}

/** Parts are joined by one dash; a dash inside a part is doubled. */
function partsOf(name: string): string[] {
  const parts = name.replaceAll('--', '\0').split('-');
  return parts.map((part) => part.replaceAll('\0', '-'));
}

/** The veth's name on the host, which the CNI plugin computes alike. Source: Calico VethNameForWorkload. */
function interfaceName(namespace: string, pod: string): string {
  return `cali${createHash('sha1').update(`${namespace}.${pod}`).digest('hex').slice(0, 11)}`;
}

function profilesOf(namespace: string, { serviceAccountName }: PodSpec): string[] {
  return [`kns.${namespace}`, ...(serviceAccountName ? [`ksa.${namespace}.${serviceAccountName}`] : [])];
}

function labelsOf({ metadata, spec }: KubernetesObject): Record<string, string> {
  const account = (spec as PodSpec).serviceAccountName;
  return {
    ...metadata.labels,
    'projectcalico.org/namespace': metadata.namespace ?? '',
    'projectcalico.org/orchestrator': 'k8s',
    ...(account && account.length < 63 && { 'projectcalico.org/serviceaccount': account }),
  };
}

/** The addresses of a Pod as host prefixes, unchecked, from the first place that has any: its status, or annotations. */
export function podAddresses({ metadata, status }: KubernetesObject): string[] {
  const { podIPs = [], podIP } = (status ?? {}) as PodStatus;
  const annotations = metadata.annotations ?? {};
  const listed = podIPs.flatMap(({ ip }) => (ip ? [ip] : []));
  const texts =
    listed.length > 0
      ? listed
      : (podIP || annotations[POD_IPS] || annotations[POD_IP] || annotations[AWS_POD_IPS] || '').split(',');
  return texts.filter((text) => text !== '').map(hostPrefix);
}

/**
 * Every address that may be a Pod's, wherever it stands: the status lags behind the annotations when a sandbox was made anew,
 * and further interfaces (Multus) stand in an annotation of their own. Texts that cannot be read are among them as they are.
 */
export function possiblePodAddresses({ metadata, status }: KubernetesObject): string[] {
  const { podIPs = [], podIP = '' } = (status ?? {}) as PodStatus;
  const annotations = metadata.annotations ?? {};
  const lists = [podIP, annotations[POD_IPS], annotations[POD_IP], annotations[AWS_POD_IPS]];
  const texts = [
    ...podIPs.map(({ ip = '' }) => ip),
    ...lists.flatMap((list = '') => list.split(',')),
    ...networkStatusAddresses(annotations[NETWORK_STATUS]),
  ];
  return [...new Set(texts.filter((text) => text !== '').map(hostPrefix))];
}

function networkStatusAddresses(text: string | undefined): string[] {
  if (text === undefined || text === '') return [];
  try {
    const networks = JSON.parse(text) as readonly { readonly ips?: readonly string[] }[];
    return networks.flatMap(({ ips = [] }) => ips);
  } catch {
    return [text];
  }
}

function hostPrefix(text: string): string {
  if (text.includes('/')) return text;
  return `${text}/${text.includes(':') ? 128 : 32}`;
}

/** True for a finished Pod: it has given its addresses back, though its status still shows them. */
export function hasPodEnded({ metadata, status }: KubernetesObject): boolean {
  const { annotations = {}, deletionTimestamp } = metadata;
  const isUnplugged = annotations[POD_IP] === '' || annotations[AWS_POD_IPS] === '';
  if (deletionTimestamp !== undefined && isUnplugged) return true;
  return ['Failed', 'Succeeded', 'Completed'].includes((status as PodStatus | undefined)?.phase ?? '');
}

function floatingOf(text: string | undefined, addresses: readonly string[]): object[] | undefined {
  const nats = (textsIn(text) ?? []).flatMap((externalIP) => {
    const isV6 = externalIP.includes(':');
    const internal = addresses.findLast((address) => address.includes(':') === isV6);
    return internal === undefined ? [] : [{ internalIP: internal.replace(/\/.*$/, ''), externalIP }];
  });
  return nats.length > 0 ? nats : undefined;
}

/** Ports that somebody can name or reach from outside; unknown protocols are left out. */
function portsOf(containers: readonly Container[]): object[] | undefined {
  const ports = containers
    .flatMap((container) => container.ports ?? [])
    .filter(({ containerPort, hostPort, name }) => containerPort && (hostPort || name))
    .filter(({ protocol = 'TCP' }) => ['TCP', 'UDP', 'SCTP'].includes(protocol))
    .map(({ name, protocol = 'TCP', containerPort, hostPort = 0, hostIP }) => ({
      name,
      protocol,
      port: containerPort,
      hostPort,
      hostIP,
    }));
  return ports.length > 0 ? ports : undefined;
}

/** A JSON list of texts; what is none counts as absent. */
function textsIn(text: string | undefined): string[] | undefined {
  if (!text) return undefined;
  try {
    const value: unknown = JSON.parse(text);
    const isList = Array.isArray(value) && value.every((entry) => typeof entry === 'string');
    return isList ? value : undefined;
  } catch {
    return undefined; // a wrong annotation must not hide a Pod whose addresses are in use
  }
}
