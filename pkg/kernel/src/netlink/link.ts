/**
 * Links as rtnetlink messages (`struct ifinfomsg`, IFLA_* attributes).
 */
import { mac, macBytes, macFromBytes } from '@weft/ip';
import type { Change, Link, VethEnd } from '../kernel.ts';
import { AF, IFF, IFLA, NLM_F, RTEXT_FILTER_SKIP_STATS, RTM } from './constants.ts';
import { Attributes } from './message-reader.ts';
import type { MessageWriter } from './message-writer.ts';
import { decodeVxlan } from './vxlan-data.ts';

type ChangeOf<Op extends Change['op']> = Extract<Change, { op: Op }>;

const ifinfomsgBytes = 16;

/** Writes a request for one link by name. */
export function encodeLinkRequest(writer: MessageWriter, sequence: number, name: string): void {
  writer.beginMessage(RTM.GETLINK, 0, sequence);
  encodeLinkHeader(writer, {});
  writer.attributeString(IFLA.IFNAME, name);
  writer.attributeU32(IFLA.EXT_MASK, RTEXT_FILTER_SKIP_STATS);
  writer.endMessage();
}

/** Writes a request for all links. */
export function encodeLinkDump(writer: MessageWriter, sequence: number): void {
  writer.beginMessage(RTM.GETLINK, NLM_F.DUMP, sequence);
  encodeLinkHeader(writer, {});
  writer.attributeU32(IFLA.EXT_MASK, RTEXT_FILTER_SKIP_STATS);
  writer.endMessage();
}

/** Writes the creation of a veth pair whose peer is in another namespace from its first moment. */
export function encodeAddVeth(writer: MessageWriter, sequence: number, change: ChangeOf<'add-veth'>): void {
  writer.beginMessage(RTM.NEWLINK, NLM_F.CREATE | NLM_F.EXCL, sequence);
  encodeLinkHeader(writer, {});
  encodeVethEnd(writer, change.host);
  const linkInfo = writer.beginNest(IFLA.LINKINFO);
  writer.attributeString(IFLA.INFO_KIND, 'veth');
  const data = writer.beginNest(IFLA.INFO_DATA);
  const peer = writer.beginNest(IFLA.VETH_INFO_PEER);
  encodeLinkHeader(writer, {});
  encodeVethEnd(writer, change.peer);
  writer.attributeU32(IFLA.NET_NS_FD, change.peer.netnsFd);
  writer.endNest(peer);
  writer.endNest(data);
  writer.endNest(linkInfo);
  writer.endMessage();
}

/** One queue: left alone the kernel gives a veth one per possible CPU, which costs memory and time for every pod. */
function encodeVethEnd(writer: MessageWriter, end: VethEnd): void {
  writer.attributeString(IFLA.IFNAME, end.name);
  if (end.mac !== undefined) writer.attribute(IFLA.ADDRESS, macBytes(mac(end.mac)));
  if (end.mtuBytes !== undefined) writer.attributeU32(IFLA.MTU, end.mtuBytes);
  writer.attributeU32(IFLA.NUM_TX_QUEUES, 1);
  writer.attributeU32(IFLA.NUM_RX_QUEUES, 1);
}

/** Writes the creation of a bridge. */
export function encodeAddBridge(
  writer: MessageWriter,
  sequence: number,
  change: ChangeOf<'add-bridge'>,
): void {
  writer.beginMessage(RTM.NEWLINK, NLM_F.CREATE | NLM_F.EXCL, sequence);
  encodeLinkHeader(writer, {});
  writer.attributeString(IFLA.IFNAME, change.name);
  const linkInfo = writer.beginNest(IFLA.LINKINFO);
  writer.attributeString(IFLA.INFO_KIND, 'bridge');
  writer.endNest(linkInfo);
  writer.endMessage();
}

/** Writes what to change on a link. */
export function encodeSetLink(writer: MessageWriter, sequence: number, change: ChangeOf<'set-link'>): void {
  writer.beginMessage(RTM.SETLINK, 0, sequence);
  encodeLinkHeader(writer, change);
  if (change.mac !== undefined) writer.attribute(IFLA.ADDRESS, macBytes(mac(change.mac)));
  if (change.mtuBytes !== undefined) writer.attributeU32(IFLA.MTU, change.mtuBytes);
  if (change.masterIndex !== undefined) writer.attributeU32(IFLA.MASTER, change.masterIndex);
  if (change.name !== undefined) writer.attributeString(IFLA.IFNAME, change.name);
  writer.endMessage();
}

/** Writes the deletion of a link. */
export function encodeDeleteLink(
  writer: MessageWriter,
  sequence: number,
  change: ChangeOf<'delete-link'>,
): void {
  writer.beginMessage(RTM.DELLINK, 0, sequence);
  encodeLinkHeader(writer, change);
  writer.endMessage();
}

/** Writes `struct ifinfomsg`: which link, and whether it is to be up or down. */
export function encodeLinkHeader(
  writer: MessageWriter,
  { index = 0, up }: { index?: number; up?: boolean | undefined },
): void {
  writer.u32(AF.UNSPEC);
  writer.u32(index);
  writer.u32(up === true ? IFF.UP : 0);
  writer.u32(up === undefined ? 0 : IFF.UP);
}

/**
 * Reads the payload of RTM_NEWLINK or RTM_DELLINK.
 *
 * @returns undefined for messages that are not about the link itself: a bridge tells of its ports under the family
 * AF_BRIDGE, and there RTM_DELLINK means "no longer a port"
 */
export function decodeLink(payload: Buffer): Link | undefined {
  if (payload.length < ifinfomsgBytes || payload.readUInt8(0) !== AF.UNSPEC) return undefined;
  const flags = payload.readUInt32LE(8);
  const attributes = new Attributes(payload, ifinfomsgBytes);
  const hardwareAddress = attributes.bytes(IFLA.ADDRESS);
  const linkInfo = attributes.nested(IFLA.LINKINFO);
  const type = linkInfo?.string(IFLA.INFO_KIND) ?? '';
  const masterIndex = attributes.u32(IFLA.MASTER);
  // For other types this is the link below: a VLAN's parent, a tunnel's device.
  const peerIndex = type === 'veth' ? attributes.u32(IFLA.LINK) : undefined;
  const peerNetnsId = type === 'veth' ? attributes.u32(IFLA.LINK_NETNSID) : undefined;
  const vxlan = type === 'vxlan' ? decodeVxlan(linkInfo?.nested(IFLA.INFO_DATA)) : undefined;
  return {
    index: payload.readUInt32LE(4),
    name: attributes.string(IFLA.IFNAME) ?? '',
    mac: hardwareAddress?.length === 6 ? macFromBytes(hardwareAddress) : '',
    mtuBytes: attributes.u32(IFLA.MTU) ?? 0,
    up: (flags & IFF.UP) !== 0,
    running: (flags & IFF.LOWER_UP) !== 0,
    type,
    ...(masterIndex === undefined ? {} : { masterIndex }),
    ...(peerIndex === undefined ? {} : { peerIndex }),
    ...(peerNetnsId === undefined ? {} : { peerNetnsId }),
    ...(vxlan === undefined ? {} : { vxlan }),
  };
}
