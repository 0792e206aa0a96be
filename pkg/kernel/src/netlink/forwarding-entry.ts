/**
 * Entries of a VXLAN device's own forwarding table (its FDB): a MAC and the host behind which it is. They are neighbour
 * messages of the family AF_BRIDGE with NTF_SELF (rtnetlink(7), bridge(8)).
 */
import { addressBytes, addressFromBytes, mac, macBytes, macFromBytes } from '@weft/ip';
import type { ForwardingEntry, InterfaceIndex } from '../kernel.ts';
import { AF, NDA, NLM_F, NTF_SELF, NUD_NOARP, NUD_PERMANENT, RTM } from './constants.ts';
import { Attributes } from './message-reader.ts';
import type { MessageWriter } from './message-writer.ts';

const ndmsgBytes = 12;

/** Writes a request for the entries of one device. */
export function encodeForwardingDump(
  writer: MessageWriter,
  sequence: number,
  interfaceIndex: InterfaceIndex,
): void {
  writer.beginMessage(RTM.GETNEIGH, NLM_F.DUMP, sequence);
  encodeHeader(writer, interfaceIndex, 0, 0);
  writer.endMessage();
}

/** Writes a permanent entry, in place of the one for the same MAC. */
export function encodeReplaceForwarding(
  writer: MessageWriter,
  sequence: number,
  entry: ForwardingEntry,
): void {
  writer.beginMessage(RTM.NEWNEIGH, NLM_F.CREATE | NLM_F.REPLACE, sequence);
  encodeEntry(writer, entry);
}

/** Writes the deletion of an entry. */
export function encodeDeleteForwarding(
  writer: MessageWriter,
  sequence: number,
  entry: ForwardingEntry,
): void {
  writer.beginMessage(RTM.DELNEIGH, 0, sequence);
  encodeEntry(writer, entry);
}

function encodeEntry(writer: MessageWriter, entry: ForwardingEntry): void {
  encodeHeader(writer, entry.interfaceIndex, NUD_PERMANENT | NUD_NOARP, NTF_SELF);
  writer.attribute(NDA.LLADDR, macBytes(mac(entry.mac)));
  writer.attribute(NDA.DST, addressBytes(entry.remote));
  writer.endMessage();
}

function encodeHeader(writer: MessageWriter, interfaceIndex: number, state: number, flags: number): void {
  writer.u32(AF.BRIDGE);
  writer.u32(interfaceIndex);
  writer.u16(state);
  writer.u8(flags);
  writer.u8(0);
}

/** Reads the payload of RTM_NEWNEIGH; undefined unless it is a permanent entry with a MAC and a host. */
export function decodeForwarding(payload: Buffer): ForwardingEntry | undefined {
  if (payload.length < ndmsgBytes || payload.readUInt8(0) !== AF.BRIDGE) return undefined;
  if ((payload.readUInt16LE(8) & NUD_PERMANENT) === 0) return undefined;
  const attributes = new Attributes(payload, ndmsgBytes);
  const remote = attributes.bytes(NDA.DST);
  const hardwareAddress = attributes.bytes(NDA.LLADDR);
  if ((remote?.length !== 4 && remote?.length !== 16) || hardwareAddress?.length !== 6) return undefined;
  return {
    interfaceIndex: payload.readUInt32LE(4),
    mac: macFromBytes(hardwareAddress),
    remote: addressFromBytes(remote),
  };
}
