/**
 * Interface addresses as rtnetlink messages (`struct ifaddrmsg`, IFA_* attributes).
 */
import { addressBytes, addressFromBytes } from '@weft/ip';
import type { Change, InterfaceAddress } from '../kernel.ts';
import { AF, IFA, NLM_F, RTM } from './constants.ts';
import { netlinkFamily } from './family.ts';
import { Attributes } from './message-reader.ts';
import type { MessageWriter } from './message-writer.ts';
import { decodeScope, encodeScope } from './scope.ts';

const ifaddrmsgBytes = 8;

/** Writes a request for all addresses. */
export function encodeAddressDump(writer: MessageWriter, sequence: number): void {
  writer.beginMessage(RTM.GETADDR, NLM_F.DUMP, sequence);
  writer.u32(AF.UNSPEC);
  writer.u32(0);
  writer.endMessage();
}

/** Writes the addition of an address; one that is there already is refused with EEXIST. */
export function encodeAddAddress(
  writer: MessageWriter,
  sequence: number,
  change: Extract<Change, { op: 'add-address' }>,
): void {
  writer.beginMessage(RTM.NEWADDR, NLM_F.CREATE | NLM_F.EXCL, sequence);
  encodeBody(writer, change.address);
  if (change.duplicateAddressDetection === false) writer.attributeU32(IFA.FLAGS, IFA.F_NODAD);
  writer.endMessage();
}

/** Writes the deletion of an address. */
export function encodeDeleteAddress(
  writer: MessageWriter,
  sequence: number,
  change: Extract<Change, { op: 'delete-address' }>,
): void {
  writer.beginMessage(RTM.DELADDR, 0, sequence);
  encodeBody(writer, change.address);
  writer.endMessage();
}

function encodeBody(
  writer: MessageWriter,
  { interfaceIndex, address, prefixLength, scope }: InterfaceAddress,
): void {
  const bytes = addressBytes(address);
  writer.u8(netlinkFamily(address));
  writer.u8(prefixLength);
  writer.u8(0);
  writer.u8(encodeScope(scope));
  writer.u32(interfaceIndex);
  writer.attribute(IFA.LOCAL, bytes);
  writer.attribute(IFA.ADDRESS, bytes);
}

/** Reads the payload of RTM_NEWADDR or RTM_DELADDR; undefined when it is not an IP address. */
export function decodeAddress(payload: Buffer): InterfaceAddress | undefined {
  if (payload.length < ifaddrmsgBytes) return undefined;
  const attributes = new Attributes(payload, ifaddrmsgBytes);
  // On a point-to-point link IFA_ADDRESS is the other end; IFA_LOCAL, where it exists, is always this one.
  const bytes = attributes.bytes(IFA.LOCAL) ?? attributes.bytes(IFA.ADDRESS);
  if (bytes?.length !== 4 && bytes?.length !== 16) return undefined;
  return {
    interfaceIndex: payload.readUInt32LE(4),
    address: addressFromBytes(bytes),
    prefixLength: payload.readUInt8(1),
    scope: decodeScope(payload.readUInt8(3)),
  };
}
