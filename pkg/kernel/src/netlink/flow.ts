/**
 * Tracked connections as messages of ctnetlink (`struct nfgenmsg`, CTA_* attributes; ports in network byte order).
 */
import { type Address, addressBytes, addressFromBytes, familyOf } from '@weft/ip';
import type { Flow, FlowDirection, FlowFilter } from '../kernel.ts';
import { CTA, CTA_FILTER_F, IPCTNL_MSG_CT, NLM_F } from './constants.ts';
import { familyNumber } from './family.ts';
import { Attributes } from './message-reader.ts';
import type { MessageWriter } from './message-writer.ts';

const nfgenmsgBytes = 4;

/**
 * Writes a request for the connections of a family, as narrow as the kernel can be asked: what answers is still to be checked by
 * `isOf`. IPv6 addresses are not asked for, because Linux (6.18) then leaves out just those that have them.
 */
export function encodeFlowDump(writer: MessageWriter, sequence: number, filter: FlowFilter): void {
  const { family, originalSource, protocol, replySource } = filter;
  const original = { source: family === 4 ? originalSource : undefined, protocol };
  const reply = { source: family === 4 ? replySource : undefined };
  begin(writer, IPCTNL_MSG_CT.GET, NLM_F.DUMP, sequence, family);
  encodeTuple(writer, CTA.TUPLE_ORIG, original);
  encodeTuple(writer, CTA.TUPLE_REPLY, reply);
  const nest = writer.beginNest(CTA.FILTER);
  writer.attributeU32(CTA.FILTER_ORIG_FLAGS, flagsOf(original));
  writer.attributeU32(CTA.FILTER_REPLY_FLAGS, flagsOf(reply));
  writer.endNest(nest);
  writer.endMessage();
}

/** What of a direction is asked for; the source is of IPv4. */
interface WantedTuple {
  readonly source?: Address | undefined;
  readonly protocol?: number | undefined;
}

function flagsOf({ protocol, source }: WantedTuple): number {
  return (
    (source === undefined ? 0 : CTA_FILTER_F.IP_SRC) | (protocol === undefined ? 0 : CTA_FILTER_F.PROTO_NUM)
  );
}

function encodeTuple(writer: MessageWriter, type: number, { protocol, source }: WantedTuple): void {
  if (source === undefined && protocol === undefined) return;
  const tuple = writer.beginNest(type);
  if (source !== undefined) {
    const ip = writer.beginNest(CTA.TUPLE_IP);
    writer.attribute(CTA.IP_V4_SRC, addressBytes(source));
    writer.endNest(ip);
  }
  if (protocol !== undefined) {
    const proto = writer.beginNest(CTA.TUPLE_PROTO);
    writer.attribute(CTA.PROTO_NUM, Uint8Array.of(protocol));
    writer.endNest(proto);
  }
  writer.endNest(tuple);
}

/** Writes the removal of one connection. Throws TypeError for one without its key: a removal that names none is for all. */
export function encodeRemoveFlow(writer: MessageWriter, sequence: number, { key, original }: Flow): void {
  if (!key.has(CTA.TUPLE_ORIG)) throw new TypeError('a tracked connection without its key');
  begin(writer, IPCTNL_MSG_CT.DELETE, 0, sequence, familyOf(original.source));
  for (const [type, value] of key) {
    const nest = type === CTA.TUPLE_ORIG ? writer.beginNest(type) : undefined;
    if (nest === undefined) writer.attribute(type, value);
    else {
      writer.bytes(value);
      writer.endNest(nest);
    }
  }
  writer.endMessage();
}

function begin(writer: MessageWriter, type: number, flags: number, sequence: number, family: 4 | 6): void {
  writer.beginMessage(type, flags, sequence);
  writer.u8(familyNumber(family));
  writer.u8(0);
  writer.u16(0);
}

/** Reads the payload of a tracked connection; undefined when a direction is missing or of no address family. */
export function decodeFlow(payload: Buffer): Flow | undefined {
  const attributes = new Attributes(payload, nfgenmsgBytes);
  const original = decodeDirection(attributes.nested(CTA.TUPLE_ORIG));
  const reply = decodeDirection(attributes.nested(CTA.TUPLE_REPLY));
  const protocol = attributes.nested(CTA.TUPLE_ORIG)?.nested(CTA.TUPLE_PROTO)?.bytes(CTA.PROTO_NUM)?.[0];
  if (original === undefined || reply === undefined || protocol === undefined) return undefined;
  const key = new Map<number, Uint8Array>();
  for (const type of [CTA.TUPLE_ORIG, CTA.ID, CTA.ZONE]) {
    const value = attributes.bytes(type);
    // A copy: the next answer is received into the same buffer.
    if (value !== undefined) key.set(type, Uint8Array.from(value));
  }
  return { protocol, original, reply, key };
}

function decodeDirection(tuple: Attributes | undefined): FlowDirection | undefined {
  const ip = tuple?.nested(CTA.TUPLE_IP);
  const source = ip?.bytes(CTA.IP_V4_SRC) ?? ip?.bytes(CTA.IP_V6_SRC);
  const destination = ip?.bytes(CTA.IP_V4_DST) ?? ip?.bytes(CTA.IP_V6_DST);
  if (!isAddress(source) || !isAddress(destination)) return undefined;
  const proto = tuple?.nested(CTA.TUPLE_PROTO);
  const [from, to] = [proto?.bytes(CTA.PROTO_SRC_PORT), proto?.bytes(CTA.PROTO_DST_PORT)];
  return {
    source: addressFromBytes(source),
    destination: addressFromBytes(destination),
    ...(from?.length === 2 ? { sourcePort: from.readUInt16BE() } : {}),
    ...(to?.length === 2 ? { destinationPort: to.readUInt16BE() } : {}),
  };
}

function isAddress(bytes: Buffer | undefined): bytes is Buffer {
  return bytes?.length === 4 || bytes?.length === 16;
}

/** Whether it is one that the filter asks for. */
export function isOf(flow: Flow, { family, originalSource, protocol, replySource }: FlowFilter): boolean {
  return (
    familyOf(flow.original.source) === family &&
    (protocol === undefined || flow.protocol === protocol) &&
    (originalSource === undefined || flow.original.source === originalSource) &&
    (replySource === undefined || flow.reply.source === replySource)
  );
}
