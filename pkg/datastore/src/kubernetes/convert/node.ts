/**
 * Calico's Node, kept in annotations of the Node of Kubernetes.
 *
 * Source: Calico libcalico-go/lib/backend/k8s/resources/node.go.
 */
import { isIP } from 'node:net';
import { apiVersion, type Node, type NodeInterface } from '@weft/resources';
import { goJson, goJsonMap } from './go-json.ts';
import { compact, type KubernetesObject } from './kubernetes-object.ts';

const LABELS = 'projectcalico.org/labels';
const ANNOTATIONS = 'projectcalico.org/annotations';
/** Never stored: tells who writes a Node back which of its labels are those of Kubernetes. */
const KUBE_LABELS = 'projectcalico.org/kube-labels';

/** Annotation → the field that it holds. */
const FIELDS: readonly [annotation: string, field: (node: Node) => string | number | undefined][] = [
  ['projectcalico.org/IPv4Address', ({ spec }) => spec.bgp?.ipv4Address],
  ['projectcalico.org/IPv6Address', ({ spec }) => spec.bgp?.ipv6Address],
  ['projectcalico.org/ASNumber', ({ spec }) => spec.bgp?.asNumber],
  ['projectcalico.org/RouteReflectorClusterID', ({ spec }) => spec.bgp?.routeReflectorClusterID],
  ['projectcalico.org/IPv4IPIPTunnelAddr', ({ spec }) => spec.bgp?.ipv4IPIPTunnelAddr],
  ['projectcalico.org/IPv4VXLANTunnelAddr', ({ spec }) => spec.ipv4VXLANTunnelAddr],
  ['projectcalico.org/VXLANTunnelMACAddr', ({ spec }) => spec.vxlanTunnelMACAddr],
  ['projectcalico.org/IPv6VXLANTunnelAddr', ({ spec }) => spec.ipv6VXLANTunnelAddr],
  ['projectcalico.org/VXLANTunnelMACAddrV6', ({ spec }) => spec.vxlanTunnelMACAddrV6],
  ['projectcalico.org/IPv4WireguardInterfaceAddr', ({ spec }) => spec.wireguard?.interfaceIPv4Address],
  ['projectcalico.org/IPv6WireguardInterfaceAddr', ({ spec }) => spec.wireguard?.interfaceIPv6Address],
  ['projectcalico.org/WireguardPublicKey', ({ status }) => status?.wireguardPublicKey],
  ['projectcalico.org/WireguardPublicKeyV6', ({ status }) => status?.wireguardPublicKeyV6],
  ['projectcalico.org/Interfaces', ({ spec }) => spec.interfaces && goJson(spec.interfaces)],
];

/** The annotations a Node is written with; null for those that go because their field is empty. */
export function nodeAnnotations(node: Node): Record<string, string | null> {
  const { labels = {}, annotations = {} } = node.metadata;
  const { [KUBE_LABELS]: kubeLabels, ...own } = annotations;
  const inherited = Object.keys(mapIn(kubeLabels));
  const added = Object.fromEntries(Object.entries(labels).filter(([key]) => !inherited.includes(key)));
  return {
    [LABELS]: isEmpty(added) ? null : goJsonMap(added),
    [ANNOTATIONS]: isEmpty(own) ? null : goJsonMap(own),
    ...Object.fromEntries(FIELDS.map(([annotation, field]) => [annotation, textOrNull(field(node))])),
  };
}

/** The Node as `readLeniently` takes it. */
export function fromKubernetesNode({ metadata, spec = {}, status = {} }: KubernetesObject): object {
  const { name = '', annotations = {}, labels: kubeLabels } = metadata;
  const at = (field: string): string | undefined => annotations[`projectcalico.org/${field}`] || undefined;
  const bgp = compact({
    ipv4Address: at('IPv4Address'),
    ipv6Address: at('IPv6Address'),
    asNumber: at('ASNumber'),
    routeReflectorClusterID: at('RouteReflectorClusterID'),
    ipv4IPIPTunnelAddr: at('IPv4IPIPTunnelAddr'),
  });
  return {
    apiVersion,
    kind: 'Node',
    metadata: {
      name,
      resourceVersion: metadata.resourceVersion,
      uid: metadata.uid,
      creationTimestamp: metadata.creationTimestamp ?? undefined,
      deletionTimestamp: metadata.deletionTimestamp,
      labels: { ...mapIn(annotations[LABELS]), ...kubeLabels },
      annotations: {
        ...mapIn(annotations[ANNOTATIONS]),
        [KUBE_LABELS]: kubeLabels ? goJsonMap(kubeLabels) : 'null',
      },
    },
    spec: {
      bgp,
      ipv4VXLANTunnelAddr: at('IPv4VXLANTunnelAddr'),
      vxlanTunnelMACAddr: at('VXLANTunnelMACAddr'),
      ipv6VXLANTunnelAddr: at('IPv6VXLANTunnelAddr'),
      vxlanTunnelMACAddrV6: at('VXLANTunnelMACAddrV6'),
      orchRefs: [{ nodeName: name, orchestrator: 'k8s' }],
      wireguard: compact({
        interfaceIPv4Address: at('IPv4WireguardInterfaceAddr'),
        interfaceIPv6Address: at('IPv6WireguardInterfaceAddr'),
      }),
      addresses: addressesOf(bgp, status),
      interfaces: interfacesIn(at('Interfaces')),
    },
    status: compact({
      wireguardPublicKey: at('WireguardPublicKey'),
      wireguardPublicKeyV6: at('WireguardPublicKeyV6'),
      podCIDRs: Array.isArray(spec.podCIDRs) && spec.podCIDRs.length > 0 ? spec.podCIDRs : undefined,
    }),
  };
}

function addressesOf(bgp: Record<string, unknown> | undefined, status: object): object[] | undefined {
  const own = [bgp?.ipv4Address, bgp?.ipv6Address].filter((address) => address !== undefined);
  const { addresses = [] } = status as { addresses?: { type: string; address: string }[] };
  const all = [
    ...own.map((address) => ({ address, type: 'CalicoNodeIP' })),
    ...addresses
      .filter(({ type }) => type === 'InternalIP' || type === 'ExternalIP')
      .map(({ address, type }) => ({ address, type })),
  ];
  return all.length > 0 ? all : undefined;
}

/** The interfaces, without the addresses that are none. */
function interfacesIn(text: string | undefined): NodeInterface[] | undefined {
  const list = valueIn(text);
  if (!Array.isArray(list)) return undefined;
  return list
    .filter((entry) => typeof entry === 'object' && entry !== null)
    .map((entry) => ({
      ...entry,
      addresses: (entry.addresses ?? []).filter((text: string) => isIP(text) !== 0),
    }));
}

function mapIn(text: string | undefined): Record<string, string> {
  const value = valueIn(text);
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return {};
  return Object.fromEntries(Object.entries(value).filter(([, entry]) => typeof entry === 'string'));
}

function valueIn(text: string | undefined): unknown {
  if (text === undefined) return undefined;
  try {
    return JSON.parse(text);
  } catch {
    return undefined; // what cannot be read counts as absent, as in Calico
  }
}

function textOrNull(value: string | number | undefined): string | null {
  return value === undefined || value === '' ? null : String(value);
}

function isEmpty(map: object): boolean {
  return Object.keys(map).length === 0;
}
