/**
 * Node: a host of the cluster, its addresses and its part in BGP.
 */
import { parseAddress, parseInterfaceAddress } from '@weft/ip';
import { z } from 'zod';
import type { Node } from '../generated/types.ts';
import type { ValidationIssue } from '../issue.ts';
import { defineKind, fieldColumn, type KindDefinition, nameColumn, specRule } from '../kind-definition.ts';
import {
  addressField,
  asNumberField,
  cidrField,
  interfaceAddressField,
  macField,
  object,
} from '../schema/fields.ts';
import { objectNameIssues } from '../schema/names-and-labels.ts';

const bgp = object('NodeBGPSpec', {
  asNumber: asNumberField()
    .optional()
    .describe('AS number of the node; that of BGPConfiguration when absent.'),
  ipv4Address: interfaceAddressField(4)
    .optional()
    .describe('IPv4 address with its prefix length, "10.0.0.1/24".'),
  ipv6Address: interfaceAddressField(6).optional().describe('IPv6 address with its prefix length.'),
  ipv4IPIPTunnelAddr: addressField(4).optional().describe('Address of the IPIP tunnel.'),
  routeReflectorClusterID: addressField(4)
    .optional()
    .describe('Makes the node a route reflector of this cluster; four octets like an IPv4 address.'),
});

const spec = object('NodeSpec', {
  bgp: bgp.optional().describe('BGP; a node without it does not take part.'),
  ipv4VXLANTunnelAddr: addressField(4).optional().describe('Address of the VXLAN tunnel.'),
  vxlanTunnelMACAddr: macField().optional().describe('MAC address of the VXLAN tunnel.'),
  ipv6VXLANTunnelAddr: addressField(6).optional().describe('Address of the VXLAN tunnel over IPv6.'),
  vxlanTunnelMACAddrV6: macField().optional().describe('MAC address of the VXLAN tunnel over IPv6.'),
  orchRefs: z
    .array(
      object('OrchestratorReference', {
        nodeName: z.string().optional().describe('Name of the node there.'),
        orchestrator: z.string().describe('Which orchestrator, for example k8s.'),
      }),
    )
    .optional()
    .describe('What orchestrators call this node.'),
  wireguard: object('NodeWireguardSpec', {
    interfaceIPv4Address: addressField(4).optional().describe('IPv4 address of the WireGuard interface.'),
    interfaceIPv6Address: addressField(6).optional().describe('IPv6 address of the WireGuard interface.'),
  })
    .optional()
    .describe('WireGuard.'),
  addresses: z
    .array(
      object('NodeAddress', {
        address: z.string().describe('The address, with or without a prefix length.'),
        type: z.enum(['CalicoNodeIP', 'InternalIP', 'ExternalIP']).optional().describe('What it is for.'),
      }),
    )
    .optional()
    .describe('Addresses clients reach the node at.'),
  interfaces: z
    .array(
      object('NodeInterface', {
        name: z.string().optional().describe('Name of the interface.'),
        addresses: z.array(z.string()).optional().describe('Its addresses.'),
      }),
    )
    .optional()
    .describe('Interfaces of the node.'),
});

const status = object('NodeStatus', {
  wireguardPublicKey: z.string().optional().describe('WireGuard key, IPv4.'),
  wireguardPublicKeyV6: z.string().optional().describe('WireGuard key, IPv6.'),
  podCIDRs: z.array(cidrField()).optional().describe('Ranges Kubernetes gave the node.'),
});

function addressIssues({ spec }: Node): ValidationIssue[] {
  return (spec.addresses ?? []).flatMap(({ address }, index) => {
    const parsed = address.includes('/') ? parseInterfaceAddress(address) : parseAddress(address);
    if (parsed.ok) return [];
    const hint = 'write an address, with or without a prefix length';
    return [{ path: `spec.addresses[${index}].address`, reason: parsed.reason, hint }];
  });
}

function interfaceIssues({ spec }: Node): ValidationIssue[] {
  return (spec.interfaces ?? []).flatMap(({ name }, index) =>
    objectNameIssues(`spec.interfaces[${index}].name`, name),
  );
}

// 32 bytes in base64.
const wireguardKey = /^[A-Za-z0-9+/]{42}[AEIMQUYcgkosw048]=$/;

function keyIssues({ status = {} }: Node): ValidationIssue[] {
  return (['wireguardPublicKey', 'wireguardPublicKeyV6'] as const).flatMap((field) => {
    const key = status[field];
    if (key === undefined || wireguardKey.test(key)) return [];
    const reason = `${JSON.stringify(key)} is not a WireGuard key`;
    return [{ path: `status.${field}`, reason, hint: 'a key is 32 bytes in base64, 44 characters' }];
  });
}

/** Node. Kubernetes keeps it in annotations of its own Node; there is no CRD. */
export const node: KindDefinition<'Node'> = defineKind({
  kind: 'Node',
  plural: 'nodes',
  aliases: ['no', 'nos'],
  description: 'A host of the cluster.',
  crd: false,
  spec,
  actsOn: [
    'bgp.asNumber',
    'bgp.ipv4Address',
    'bgp.ipv6Address',
    'bgp.routeReflectorClusterID',
    'bgp.ipv4IPIPTunnelAddr',
    'ipv4VXLANTunnelAddr',
    'ipv6VXLANTunnelAddr',
    'vxlanTunnelMACAddr',
    'vxlanTunnelMACAddrV6',
  ],
  status,
  columns: {
    ps: [nameColumn()],
    wide: [
      nameColumn(),
      { header: 'ASN', value: ({ spec }, context) => asNumberText(spec.bgp, context.defaultAsNumber) },
      fieldColumn('IPV4', 'spec.bgp.ipv4Address'),
      fieldColumn('IPV6', 'spec.bgp.ipv6Address'),
    ],
  },
  rules: [
    {
      refuses: '`spec.addresses[].address`: is not an address, with or without a prefix length',
      check: addressIssues,
    },
    { refuses: '`spec.interfaces[].name`: is not a name that an object can have', check: interfaceIssues },
    {
      refuses: '`status.wireguardPublicKey`, `status.wireguardPublicKeyV6`: is not 32 bytes in base64',
      check: keyIssues,
    },
    specRule({
      path: 'spec.bgp',
      reason: 'is empty',
      hint: 'give the node an address or remove bgp',
      holds: ({ bgp }) => bgp === undefined || Object.keys(bgp).length > 0,
    }),
  ],
});

/** Parentheses mean: inherited. */
function asNumberText(bgp: { asNumber?: number } | undefined, inherited: number): string {
  if (bgp === undefined) return '';
  return bgp.asNumber === undefined ? `(${inherited})` : String(bgp.asNumber);
}
