/**
 * Next hops inside route messages: the first-level attributes of a single one, or the array of RTA_MULTIPATH
 * (`struct rtnexthop`), for both families.
 */
import { addressBytes, addressFromBytes, type Family, familyOf } from '@weft/ip';
import type { NextHop } from '../kernel.ts';
import { RTA, RTNH_F_ONLINK } from './constants.ts';
import { familyNumber } from './family.ts';
import { Attributes } from './message-reader.ts';
import type { MessageWriter } from './message-writer.ts';

const rtnexthopBytes = 8;

/** Writes the attributes of the only next hop of a route; its flags are part of the route's header. */
export function encodeNextHop(writer: MessageWriter, family: Family, nextHop: NextHop): void {
  encodeGateway(writer, family, nextHop);
  if (nextHop.interfaceIndex !== undefined) writer.attributeU32(RTA.OIF, nextHop.interfaceIndex);
}

/** Writes RTA_MULTIPATH with every next hop at equal weight. */
export function encodeMultipath(writer: MessageWriter, family: Family, nextHops: readonly NextHop[]): void {
  const multipath = writer.beginNest(RTA.MULTIPATH);
  for (const nextHop of nextHops) {
    const start = writer.length;
    writer.u16(0);
    writer.u8(nextHopFlags(nextHop));
    writer.u8(0);
    writer.u32(nextHop.interfaceIndex ?? 0);
    encodeGateway(writer, family, nextHop);
    writer.endNest(start);
  }
  writer.endNest(multipath);
}

/** The flag byte of a next hop. */
export function nextHopFlags(nextHop: NextHop): number {
  return nextHop.onlink === true ? RTNH_F_ONLINK : 0;
}

function encodeGateway(writer: MessageWriter, family: Family, { gateway }: NextHop): void {
  if (gateway === undefined) return;
  const bytes = addressBytes(gateway);
  if (familyOf(gateway) === family) {
    writer.attribute(RTA.GATEWAY, bytes);
    return;
  }
  const via = writer.beginNest(RTA.VIA);
  writer.u16(familyNumber(familyOf(gateway)));
  writer.bytes(bytes);
  writer.endNest(via);
}

/** Reads the next hops of a route from its attributes and the flags of its header. */
export function decodeNextHops(attributes: Attributes, flags: number): NextHop[] {
  const multipath = attributes.bytes(RTA.MULTIPATH);
  if (multipath !== undefined) return decodeMultipath(multipath);
  return [decodeNextHop(attributes, attributes.u32(RTA.OIF), flags)];
}

function decodeMultipath(multipath: Buffer): NextHop[] {
  const nextHops: NextHop[] = [];
  for (let offset = 0; offset + rtnexthopBytes <= multipath.length; ) {
    const length = multipath.readUInt16LE(offset);
    if (length < rtnexthopBytes || offset + length > multipath.length) break;
    const attributes = new Attributes(multipath.subarray(0, offset + length), offset + rtnexthopBytes);
    nextHops.push(
      decodeNextHop(attributes, multipath.readUInt32LE(offset + 4), multipath.readUInt8(offset + 2)),
    );
    offset += (length + 3) & ~3;
  }
  return nextHops;
}

function decodeNextHop(attributes: Attributes, interfaceIndex: number | undefined, flags: number): NextHop {
  const gateway = attributes.bytes(RTA.GATEWAY) ?? attributes.bytes(RTA.VIA)?.subarray(2);
  return {
    ...(gateway?.length === 4 || gateway?.length === 16 ? { gateway: addressFromBytes(gateway) } : {}),
    ...(interfaceIndex === undefined ? {} : { interfaceIndex }),
    ...((flags & RTNH_F_ONLINK) === 0 ? {} : { onlink: true }),
  };
}
