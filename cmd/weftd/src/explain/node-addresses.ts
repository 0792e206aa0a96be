/** The addresses by which a Node takes part in BGP. */
import { type Address, parseAddress } from '@weft/ip';
import type { Node } from '@weft/resources';

/** Both families, IPv4 first; what is no address is passed over. */
export function nodeAddresses({ spec }: Node): Address[] {
  return [spec.bgp?.ipv4Address, spec.bgp?.ipv6Address].flatMap((text) => {
    const parsed = parseAddress(text?.split('/', 1)[0] ?? '');
    return parsed.ok ? [parsed.value] : [];
  });
}

/** Those of the node of that name; none where there is no such Node. */
export function addressesOf(nodeName: string, nodes: readonly Node[]): Address[] {
  const own = nodes.find(({ metadata }) => metadata.name === nodeName);
  return own === undefined ? [] : nodeAddresses(own);
}
