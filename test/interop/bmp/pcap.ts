/**
 * BMP messages as a capture file, one packet each, so that a dissector can read them as if they had been on a wire.
 */

const ETHERNET_BYTES = 14;
const IP_BYTES = 20;
const TCP_BYTES = 20;

/** Splits a stream into BMP messages: RFC 7854 §4.1. */
export function splitBmp(stream: Buffer): Buffer[] {
  const messages: Buffer[] = [];
  for (let offset = 0; offset < stream.length; ) {
    const length = stream.readUInt32BE(offset + 1);
    messages.push(stream.subarray(offset, offset + length));
    offset += length;
  }
  return messages;
}

/** Makes a pcap file of TCP segments to a port of 127.0.0.1. */
export function toPcap(payloads: readonly Buffer[], port: number): Buffer {
  const header = Buffer.alloc(24);
  header.writeUInt32LE(0xa1b2c3d4, 0);
  header.writeUInt16LE(2, 4);
  header.writeUInt16LE(4, 6);
  header.writeUInt32LE(0xffff, 16);
  header.writeUInt32LE(1, 20);
  let sequence = 1;
  const packets = payloads.map((payload) => {
    const packet = toPacket(payload, port, sequence);
    sequence += payload.length;
    return packet;
  });
  return Buffer.concat([header, ...packets]);
}

function toPacket(payload: Buffer, port: number, sequence: number): Buffer {
  const length = ETHERNET_BYTES + IP_BYTES + TCP_BYTES + payload.length;
  const packet = Buffer.alloc(16 + length - payload.length);
  packet.writeUInt32LE(length, 8);
  packet.writeUInt32LE(length, 12);
  const ip = 16 + ETHERNET_BYTES;
  packet.writeUInt16BE(0x0800, ip - 2);
  packet.writeUInt8(0x45, ip);
  packet.writeUInt16BE(length - ETHERNET_BYTES, ip + 2);
  packet.writeUInt8(64, ip + 8);
  packet.writeUInt8(6, ip + 9);
  packet.set([127, 0, 0, 2, 127, 0, 0, 1], ip + 12);
  const tcp = ip + IP_BYTES;
  packet.writeUInt16BE(40_000, tcp);
  packet.writeUInt16BE(port, tcp + 2);
  packet.writeUInt32BE(sequence, tcp + 4);
  packet.set([0x50, 0x18, 0xff, 0xff], tcp + 12);
  return Buffer.concat([packet, payload]);
}
