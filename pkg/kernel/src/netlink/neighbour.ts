/**
 * Neighbour entries as rtnetlink messages (`struct ndmsg`, NDA_* attributes).
 */
import { addressBytes, addressFromBytes, mac, macBytes, macFromBytes } from '@weft/ip';
import type { Neighbour } from '../kernel.ts';
import { AF, NDA, NLM_F, NUD_PERMANENT, RTM } from './constants.ts';
import { netlinkFamily } from './family.ts';
import { Attributes } from './message-reader.ts';
import type { MessageWriter } from './message-writer.ts';

const ndmsgBytes = 12;

/** Writes a request for all neighbour entries. */
export function encodeNeighbourDump(writer: MessageWriter, sequence: number): void {
  writer.beginMessage(RTM.GETNEIGH, NLM_F.DUMP, sequence);
  encodeHeader(writer, AF.UNSPEC, 0, 0);
  writer.endMessage();
}

/** Writes a permanent entry, in place of whatever stands there. */
export function encodeReplaceNeighbour(writer: MessageWriter, sequence: number, neighbour: Neighbour): void {
  writer.beginMessage(RTM.NEWNEIGH, NLM_F.CREATE | NLM_F.REPLACE, sequence);
  encodeHeader(writer, netlinkFamily(neighbour.address), neighbour.interfaceIndex, NUD_PERMANENT);
  writer.attribute(NDA.DST, addressBytes(neighbour.address));
  writer.attribute(NDA.LLADDR, macBytes(mac(neighbour.mac)));
  writer.endMessage();
}

/** Writes the deletion of an entry. */
export function encodeDeleteNeighbour(writer: MessageWriter, sequence: number, neighbour: Neighbour): void {
  writer.beginMessage(RTM.DELNEIGH, 0, sequence);
  encodeHeader(writer, netlinkFamily(neighbour.address), neighbour.interfaceIndex, 0);
  writer.attribute(NDA.DST, addressBytes(neighbour.address));
  writer.endMessage();
}

function encodeHeader(writer: MessageWriter, family: number, interfaceIndex: number, state: number): void {
  writer.u32(family);
  writer.u32(interfaceIndex);
  writer.u16(state);
  writer.u16(0);
}

/** Reads the payload of RTM_NEWNEIGH; undefined unless it is a permanent entry of an IP address with a MAC. */
export function decodeNeighbour(payload: Buffer): Neighbour | undefined {
  if (payload.length < ndmsgBytes || payload.readUInt16LE(8) !== NUD_PERMANENT) return undefined;
  const attributes = new Attributes(payload, ndmsgBytes);
  const address = attributes.bytes(NDA.DST);
  const hardwareAddress = attributes.bytes(NDA.LLADDR);
  if ((address?.length !== 4 && address?.length !== 16) || hardwareAddress?.length !== 6) return undefined;
  return {
    interfaceIndex: payload.readUInt32LE(4),
    address: addressFromBytes(address),
    mac: macFromBytes(hardwareAddress),
  };
}
