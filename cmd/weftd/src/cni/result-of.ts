/** What ADD answers. Pure. */
import type { CniRequest, Result } from '@weft/cni';
import type { Attachment } from '@weft/control';

type AddRequest = Extract<CniRequest, { readonly command: 'ADD' | 'CHECK' }>;

/** Index of the container's interface in a result of ours. */
const CONTAINER = 1;

/**
 * The result of an attachment: both interfaces, the addresses of the container's without gateway; as routes those of
 * `ipam.routes`, or one an address. Source: Calico's CNI plugin.
 */
export function addResult(
  { addresses, hostInterface, mac, mtuBytes }: Attachment,
  { attachment: { interfaceName, netns }, configuration: { dns, routes } }: AddRequest,
): Result {
  return {
    interfaces: [{ name: hostInterface }, { name: interfaceName, mac, mtu: mtuBytes, sandbox: netns }],
    ips: addresses.map((address) => ({ address, interface: CONTAINER })),
    routes: (routes ?? addresses).map((dst) => ({ dst })),
    ...(dns === undefined ? {} : { dns }),
  };
}

/** The result when a plugin before us in the chain had one: its own is passed on. */
export function appendTo(before: Result, own: Result): Result {
  const offset = before.interfaces.length;
  const ips = own.ips.map((ip) =>
    ip.interface === undefined ? ip : { ...ip, interface: ip.interface + offset },
  );
  const dns = own.dns ?? before.dns;
  return {
    interfaces: [...before.interfaces, ...own.interfaces],
    ips: [...before.ips, ...ips],
    routes: [...before.routes, ...own.routes],
    ...(dns === undefined ? {} : { dns }),
  };
}
