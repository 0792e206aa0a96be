/** CNI network configuration lists as an operator writes them for weft. */

/** An entry of a list. */
export interface Plugin {
  readonly type: string;
  readonly [key: string]: unknown;
}

/** Both families, unless told otherwise. */
const dualStack = { type: 'weft', assign_ipv4: true, assign_ipv6: true };

/** A network of weft, with further plugins after it. 1.0.0 is the newest version that Debian's runtimes speak. */
export function weftNetwork(
  name: string,
  { ipam = dualStack, after = [] }: { ipam?: object; after?: readonly Plugin[] } = {},
): { cniVersion: string; name: string; plugins: Plugin[] } {
  const weft = { type: 'weft', ipam, capabilities: { ips: true, mac: true } };
  return { cniVersion: '1.0.0', name, plugins: [weft, ...after] };
}
