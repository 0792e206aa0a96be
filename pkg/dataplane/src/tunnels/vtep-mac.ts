/** The MAC of a node's VXLAN device where its Node names none. */
import { createHash } from 'node:crypto';
import { type Family, type MacAddress, macFromBytes } from '@weft/ip';

/** "f" and five bytes of the SHA-1 of the node's name, which for IPv6 ends in "-v6". Source: Felix. */
export function vtepMac(nodeName: string, family: Family): MacAddress {
  const hashed = family === 4 ? nodeName : `${nodeName}-v6`;
  const digest = createHash('sha1').update(hashed).digest();
  return macFromBytes(Buffer.concat([Buffer.from('f'), digest.subarray(0, 5)]));
}
