/**
 * Tunnel devices as rtnetlink messages: VXLAN over either family, and IPIP's one device for all peers.
 *
 * Source: include/uapi/linux/if_link.h (IFLA_VXLAN_*), RFC 7348.
 */
import { addressBytes, familyOf, mac, macBytes } from '@weft/ip';
import type { Change } from '../kernel.ts';
import { IFLA, IFLA_VXLAN, NLM_F, RTM } from './constants.ts';
import { encodeLinkHeader } from './link.ts';
import type { MessageWriter } from './message-writer.ts';

type ChangeOf<Op extends Change['op']> = Extract<Change, { op: Op }>;

/** Writes the creation of a VXLAN device that learns nothing from packets. */
export function encodeAddVxlan(writer: MessageWriter, sequence: number, change: ChangeOf<'add-vxlan'>): void {
  const { vni, port, local, parentIndex } = change.vxlan;
  beginTunnel(writer, sequence, change);
  writer.attribute(IFLA.ADDRESS, macBytes(mac(change.mac)));
  const linkInfo = writer.beginNest(IFLA.LINKINFO);
  writer.attributeString(IFLA.INFO_KIND, 'vxlan');
  const data = writer.beginNest(IFLA.INFO_DATA);
  if (parentIndex !== undefined) writer.attributeU32(IFLA_VXLAN.LINK, parentIndex);
  writer.attributeU32(IFLA_VXLAN.ID, vni);
  writer.attribute(familyOf(local) === 4 ? IFLA_VXLAN.LOCAL : IFLA_VXLAN.LOCAL6, addressBytes(local));
  writer.attribute(IFLA_VXLAN.LEARNING, Uint8Array.of(0));
  // In network byte order, unlike its neighbours.
  writer.attribute(IFLA_VXLAN.PORT, Uint8Array.of(port >> 8, port & 0xff));
  writer.endNest(data);
  writer.endNest(linkInfo);
  writer.endMessage();
}

/** Writes the creation of an IPIP device without a fixed peer: the next hop of each route is the other end. */
export function encodeAddIpip(writer: MessageWriter, sequence: number, change: ChangeOf<'add-ipip'>): void {
  beginTunnel(writer, sequence, change);
  const linkInfo = writer.beginNest(IFLA.LINKINFO);
  writer.attributeString(IFLA.INFO_KIND, 'ipip');
  writer.endNest(linkInfo);
  writer.endMessage();
}

function beginTunnel(
  writer: MessageWriter,
  sequence: number,
  { name, mtuBytes }: { readonly name: string; readonly mtuBytes: number },
): void {
  writer.beginMessage(RTM.NEWLINK, NLM_F.CREATE | NLM_F.EXCL, sequence);
  encodeLinkHeader(writer, {});
  writer.attributeU32(IFLA.MTU, mtuBytes);
  writer.attributeString(IFLA.IFNAME, name);
}
