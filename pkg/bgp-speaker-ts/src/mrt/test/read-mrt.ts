/**
 * A reader of MRT files for tests: written from the layouts of RFC 6396 and RFC 8050 alone, with no code of the writer.
 */

/** One attribute: code and value in hex. */
export type ReadAttribute = readonly [code: number, value: string];

/** An entry of a RIB record. */
export interface ReadEntry {
  readonly peer: number;
  readonly originated: number;
  readonly pathId: number | undefined;
  readonly attributes: readonly ReadAttribute[];
}

/** A record of one prefix. */
export interface ReadRib {
  readonly subtype: number;
  readonly sequence: number;
  /** Octets of the prefix in hex, and its length: `0a01/16`. */
  readonly prefix: string;
  readonly entries: readonly ReadEntry[];
}

/** A whole TABLE_DUMP_V2 file. */
export interface ReadDump {
  readonly time: number;
  readonly collector: number;
  /** `type identifier address asn`, all but the type in hex as they stand. */
  readonly peers: readonly string[];
  readonly ribs: readonly ReadRib[];
}

/** A record as it is framed. */
export interface ReadRecord {
  readonly time: number;
  readonly type: number;
  readonly subtype: number;
  readonly body: Buffer;
}

/** Splits a file into its records; throws when it does not end with one. */
export function readRecords(file: Uint8Array): ReadRecord[] {
  const bytes = Buffer.from(file);
  const records: ReadRecord[] = [];
  let offset = 0;
  while (offset < bytes.length) {
    const length = bytes.readUInt32BE(offset + 8);
    const body = bytes.subarray(offset + 12, offset + 12 + length);
    if (body.length !== length) throw new Error(`the record at ${offset} is cut off`);
    records.push({
      time: bytes.readUInt32BE(offset),
      type: bytes.readUInt16BE(offset + 4),
      subtype: bytes.readUInt16BE(offset + 6),
      body,
    });
    offset += 12 + length;
  }
  return records;
}

/** Reads a table dump. */
export function readDump(file: Uint8Array): ReadDump {
  const [table, ...rest] = readRecords(file);
  if (table?.type !== 13 || table.subtype !== 1) throw new Error('no PEER_INDEX_TABLE in front');
  return {
    time: table.time,
    collector: table.body.readUInt32BE(0),
    peers: readPeers(table.body),
    ribs: rest.map(readRib),
  };
}

function readPeers(body: Buffer): string[] {
  let offset = 4 + 2 + body.readUInt16BE(4);
  const count = body.readUInt16BE(offset);
  offset += 2;
  const take = (length: number): string => {
    offset += length;
    return body.toString('hex', offset - length, offset);
  };
  const peers = Array.from({ length: count }, () => {
    const type = Number.parseInt(take(1), 16);
    const [identifier, address] = [take(4), take((type & 1) === 1 ? 16 : 4)];
    return `${type} ${identifier} ${address} ${take((type & 2) === 2 ? 4 : 2)}`;
  });
  if (offset !== body.length) throw new Error('octets behind the last peer');
  return peers;
}

function readRib({ type, subtype, body }: ReadRecord): ReadRib {
  if (type !== 13) throw new Error(`type ${type} in a table dump`);
  const addPath = subtype >= 8;
  const length = body.readUInt8(4);
  let offset = 5 + Math.ceil(length / 8);
  const prefix = `${body.toString('hex', 5, offset)}/${length}`;
  const count = body.readUInt16BE(offset);
  offset += 2;
  const entries = Array.from({ length: count }, (): ReadEntry => {
    const [peer, originated] = [body.readUInt16BE(offset), body.readUInt32BE(offset + 2)];
    offset += 6;
    const pathId = addPath ? body.readUInt32BE(offset) : undefined;
    if (addPath) offset += 4;
    const size = body.readUInt16BE(offset);
    const attributes = readAttributes(body.subarray(offset + 2, offset + 2 + size));
    offset += 2 + size;
    return { peer, originated, pathId, attributes };
  });
  if (offset !== body.length) throw new Error('octets behind the last entry');
  return { subtype, sequence: body.readUInt32BE(0), prefix, entries };
}

function readAttributes(block: Buffer): ReadAttribute[] {
  const attributes: ReadAttribute[] = [];
  let offset = 0;
  while (offset < block.length) {
    const extended = (block.readUInt8(offset) & 0x10) !== 0;
    const code = block.readUInt8(offset + 1);
    const length = extended ? block.readUInt16BE(offset + 2) : block.readUInt8(offset + 2);
    offset += extended ? 4 : 3;
    attributes.push([code, block.toString('hex', offset, offset + length)]);
    offset += length;
  }
  if (offset !== block.length) throw new Error('an attribute reaches past its block');
  return attributes;
}
