/**
 * The numbers by which one namespace knows others (`struct rtgenmsg`, NETNSA_* attributes).
 */
import { AF, NETNSA, RTM } from './constants.ts';
import { Attributes } from './message-reader.ts';
import type { MessageWriter } from './message-writer.ts';

const rtgenmsgBytes = 4;
const notAssigned = 0xffffffff;

/** Writes the question for the number of a namespace. */
export function encodeNetnsIdRequest(writer: MessageWriter, sequence: number, netnsFd: number): void {
  writer.beginMessage(RTM.GETNSID, 0, sequence);
  writer.u32(AF.UNSPEC);
  writer.attributeU32(NETNSA.FD, netnsFd);
  writer.endMessage();
}

/** Reads the answer; undefined when the namespace has no number here. */
export function decodeNetnsId(payload: Buffer): number | undefined {
  const id = new Attributes(payload, rtgenmsgBytes).u32(NETNSA.NSID);
  return id === notAssigned ? undefined : id;
}
