/**
 * Addresses of the fake kernel, and the routes that come with them. There are no IPv6 link-local addresses and no
 * entries of the table `local`: nobody above the kernel looks at them.
 */
import { familyOf, isHostPrefix, prefixOf } from '@weft/ip';
import type { ChangeResult, InterfaceAddress, Route } from '../kernel.ts';
import { MAIN_TABLE } from '../route.ts';
import type { FakeNamespace } from './namespace.ts';

const kernelProtocol = 2;
const ipv6PrefixMetric = 256;

/** Adds an address. */
export function addAddress(namespace: FakeNamespace, address: InterfaceAddress): ChangeResult {
  if (!namespace.links.has(address.interfaceIndex)) return { errno: 'ENODEV' };
  if (find(namespace, address) !== undefined) return { errno: 'EEXIST' };
  namespace.addresses.push(address);
  namespace.events.emit({ kind: 'address', op: 'new', address });
  if (namespace.links.get(address.interfaceIndex)?.up === true) addConnectedRoute(namespace, address);
  return null;
}

/** Deletes an address and its connected route. */
export function deleteAddress(namespace: FakeNamespace, address: InterfaceAddress): ChangeResult {
  const found = find(namespace, address);
  if (found === undefined)
    return { errno: namespace.links.has(address.interfaceIndex) ? 'EADDRNOTAVAIL' : 'ENODEV' };
  namespace.addresses = namespace.addresses.filter((candidate) => candidate !== found);
  namespace.events.emit({ kind: 'address', op: 'delete', address: found });
  const connected = connectedRoute(found);
  namespace.removeRoutes(
    (route) =>
      route.protocol === kernelProtocol &&
      route.destination === connected?.destination &&
      route.nextHops[0]?.interfaceIndex === address.interfaceIndex,
  );
  return null;
}

function find(namespace: FakeNamespace, wanted: InterfaceAddress): InterfaceAddress | undefined {
  return namespace.addresses.find(
    ({ interfaceIndex, address, prefixLength }) =>
      interfaceIndex === wanted.interfaceIndex &&
      address === wanted.address &&
      prefixLength === wanted.prefixLength,
  );
}

/** Adds the route to the network of an address on a link that is up. */
export function addConnectedRoute(namespace: FakeNamespace, address: InterfaceAddress): void {
  const route = connectedRoute(address);
  if (route !== undefined) namespace.addRoute(route);
}

/** IPv4 has none for a /32, which is a network of its own. */
function connectedRoute({ interfaceIndex, address, prefixLength }: InterfaceAddress): Route | undefined {
  const destination = prefixOf(address, prefixLength);
  const common = { table: MAIN_TABLE, destination, type: 'unicast', protocol: kernelProtocol } as const;
  const nextHops = [{ interfaceIndex }];
  if (familyOf(address) === 6) return { ...common, metric: ipv6PrefixMetric, scope: 'global', nextHops };
  if (isHostPrefix(destination)) return undefined;
  return { ...common, metric: 0, scope: 'link', nextHops, preferredSource: address };
}
