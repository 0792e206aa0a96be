/**
 * A reader of BMP streams for tests: written from the layouts of RFC 7854 and RFC 9069 alone, with no code of the writer.
 */

/** One message. */
export interface ReadBmp {
  readonly type: string;
  /** `global 10.0.0.2` or `loc-rib`, with `post-policy` and `two-octet` behind it; empty without a per-peer header. */
  readonly peer: string;
  readonly asn: number;
  readonly identifier: string;
  readonly time: number;
  /** What follows the headers. */
  readonly body: Buffer;
}

const TYPES = ['route-monitoring', 'statistics', 'peer-down', 'peer-up', 'initiation', 'termination'];
const PEER_HEADER_BYTES = 42;

/** Splits a stream into its messages; throws when it does not end with one. */
export function readBmp(stream: Uint8Array): ReadBmp[] {
  const bytes = Buffer.from(stream);
  const messages: ReadBmp[] = [];
  for (let offset = 0; offset < bytes.length; ) {
    if (bytes.readUInt8(offset) !== 3) throw new Error(`version ${bytes.readUInt8(offset)} at ${offset}`);
    const length = bytes.readUInt32BE(offset + 1);
    const message = bytes.subarray(offset, offset + length);
    if (message.length !== length) throw new Error(`the message at ${offset} is cut off`);
    messages.push(readMessage(message));
    offset += length;
  }
  return messages;
}

function readMessage(message: Buffer): ReadBmp {
  const type = TYPES[message.readUInt8(5)] ?? 'unknown';
  if (type === 'initiation' || type === 'termination') {
    return { type, peer: '', asn: 0, identifier: '', time: 0, body: message.subarray(6) };
  }
  const header = message.subarray(6, 6 + PEER_HEADER_BYTES);
  const flags = header.readUInt8(1);
  const names = [
    header.readUInt8(0) === 3 ? 'loc-rib' : `global ${readAddress(header.subarray(10, 26), flags)}`,
    ...((flags & 0x40) !== 0 ? ['post-policy'] : []),
    ...((flags & 0x20) !== 0 ? ['two-octet'] : []),
  ];
  return {
    type,
    peer: names.join(' '),
    asn: header.readUInt32BE(26),
    identifier: [...header.subarray(30, 34)].join('.'),
    time: header.readUInt32BE(34) * 1e6 + header.readUInt32BE(38),
    body: message.subarray(6 + PEER_HEADER_BYTES),
  };
}

function readAddress(octets: Buffer, flags: number): string {
  return (flags & 0x80) !== 0 ? octets.toString('hex') : [...octets.subarray(12)].join('.');
}
