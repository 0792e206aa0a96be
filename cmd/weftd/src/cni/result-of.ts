/** What ADD answers. Pure. */
import type { AttachmentParameters, Dns, Result } from '@weft/cni';
import type { Attachment } from '@weft/control';

/** Index of the container's interface in a result of ours. */
const CONTAINER = 1;

/**
 * The result of an attachment: both interfaces, the addresses of the container's without gateway, and one route an address.
 * Source: Calico's CNI plugin.
 */
export function addResult(
  { addresses, hostInterface, mac, mtuBytes }: Attachment,
  { interfaceName, netns }: AttachmentParameters,
  dns: Dns | undefined,
): Result {
  return {
    interfaces: [{ name: hostInterface }, { name: interfaceName, mac, mtu: mtuBytes, sandbox: netns }],
    ips: addresses.map((address) => ({ address, interface: CONTAINER })),
    routes: addresses.map((dst) => ({ dst })),
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
