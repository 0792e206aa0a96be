/**
 * A dump of the RIBs as MRT TABLE_DUMP_V2, written piece by piece from the live tables.
 *
 *     PEER_INDEX_TABLE, then for each prefix: RIB_…_UNICAST with its paths, RIB_…_UNICAST_ADDPATH with those
 *     that have a path identifier
 *
 * What a dump is consistent with: a record shows its prefix as it is when the record is written, all its paths at one
 * moment. The records are of different moments, between the first and the last chunk. A prefix that is there all the
 * time is in the dump exactly once; one that comes or goes meanwhile may be missing, and one that goes and comes back
 * may stand in it twice, the later record being the newer one. Peers are those of the beginning.
 *
 * Source: RFC 6396 §4.3; RFC 8050 §4.
 */

import { NO_ATTRIBUTES, NO_PATH, PathFlag } from '../rib/path-table.ts';
import type { Rib } from '../rib/rib.ts';
import type { Tables } from '../rib/tables.ts';
import { ByteWriter } from '../wire/writer.ts';
import { entryAttributes } from './entry-attributes.ts';
import { type DumpPeer, writePeerIndexTable } from './peer-index-table.ts';
import { beginRecord, endRecord, MrtType, TableDumpSubtype } from './record.ts';

/** Which RIB: every path as received, or the selected one after import policy. */
export type DumpTable = 'adj-rib-in' | 'loc-rib';

/** What a dump is made of beside the tables. */
export interface TableDumpOptions {
  readonly table: DumpTable;
  readonly collectorIdentifier: number;
  readonly peers: readonly DumpPeer[];
  /** Gives the position in `peers` of a peer by its index in the peer table, -1 for one that is not in it. */
  readonly positionOf: (peer: number) => number;
  /** Time of the dump, in whole seconds since 1970. */
  readonly unixSeconds: number;
  /** When the clock of the events was 0, in whole seconds since 1970. */
  readonly epochSeconds: number;
}

/** Octets after which a chunk is handed over; some milliseconds of work. */
const CHUNK_BYTES = 65_536;

/** Dumps the tables in chunks of about 64 KiB, each of whole records. */
export function* dumpTables(tables: Tables, options: TableDumpOptions): Generator<Uint8Array, void> {
  const writer = new ByteWriter(CHUNK_BYTES * 2);
  const { unixSeconds, collectorIdentifier, peers } = options;
  writePeerIndexTable(writer, unixSeconds, collectorIdentifier, peers);
  const dump = new RibDump(tables, writer, options);
  for (const rib of tables.all) {
    dump.forget();
    for (let prefix = 0; prefix < rib.prefixes.highWater; prefix += 1) {
      dump.writePrefix(rib, prefix);
      if (writer.length < CHUNK_BYTES) continue;
      yield takeChunk(writer);
      dump.forget();
    }
  }
  if (writer.length > 0) yield takeChunk(writer);
}

/** Writes the records of one prefix after the other. */
class RibDump {
  readonly #tables: Tables;
  readonly #writer: ByteWriter;
  readonly #options: TableDumpOptions;
  #sequence = 0;
  /** Block written last: neighbouring prefixes often share it. */
  #lastId = NO_ATTRIBUTES;
  #lastBlock: Uint8Array | undefined;

  constructor(tables: Tables, writer: ByteWriter, options: TableDumpOptions) {
    this.#tables = tables;
    this.#writer = writer;
    this.#options = options;
  }

  /** Drops the block written last: the tables may change now, or the family does. */
  forget(): void {
    this.#lastId = NO_ATTRIBUTES;
  }

  writePrefix(rib: Rib, prefix: number): void {
    if (!rib.prefixes.isLive(prefix)) return;
    const [plain, withIds] = SUBTYPES[rib.family];
    this.#writeRecord(rib, prefix, plain, false);
    this.#writeRecord(rib, prefix, withIds, true);
  }

  /** Writes the paths of a prefix that have path identifiers, or those that have none; no record without paths. */
  #writeRecord(rib: Rib, prefix: number, subtype: number, addPath: boolean): void {
    const path = this.#nextPath(rib, prefix, NO_PATH, addPath);
    if (path === NO_PATH) return;
    const writer = this.#writer;
    const start = beginRecord(writer, this.#options.unixSeconds, MrtType.tableDumpV2, subtype);
    writer.writeUint32(this.#sequence);
    this.#writePrefix(rib, prefix);
    const countOffset = writer.length;
    writer.writeUint16(0);
    let count = 0;
    for (let next = path; next !== NO_PATH; next = this.#nextPath(rib, prefix, next, addPath)) {
      if (this.#writeEntry(rib, next, addPath)) count += 1;
    }
    writer.patchUint16(countOffset, count);
    endRecord(writer, start);
    this.#sequence = (this.#sequence + 1) >>> 0;
  }

  /** Finds the path after one, or the first, that belongs into a record. */
  #nextPath(rib: Rib, prefix: number, after: number, addPath: boolean): number {
    const { paths } = rib;
    if (this.#options.table === 'loc-rib') {
      const best = after === NO_PATH ? rib.usableBest(prefix) : NO_PATH;
      return best !== NO_PATH && this.#belongs(rib, best, addPath) ? best : NO_PATH;
    }
    let path = (after === NO_PATH ? rib.firstPaths[prefix] : paths.next[after]) as number;
    while (path !== NO_PATH && !this.#belongs(rib, path, addPath)) path = paths.next[path] as number;
    return path;
  }

  #belongs({ paths }: Rib, path: number, addPath: boolean): boolean {
    if (paths.has(path, PathFlag.gone) || ((paths.pathIds[path] as number) !== 0) !== addPath) return false;
    return this.#options.positionOf(paths.peers[path] as number) >= 0;
  }

  #writePrefix({ prefixes, family }: Rib, prefix: number): void {
    const length = prefixes.lengths[prefix] as number;
    const octets = (length + 7) >>> 3;
    const words = family === 'ipv4-unicast' ? undefined : prefixes.wordsOf(prefix);
    this.#writer.writeUint8(length);
    for (let index = 0; index < octets; index += 1) {
      const word = words === undefined ? (prefixes.word0[prefix] as number) : (words[index >>> 2] as number);
      this.#writer.writeUint8(word >>> (24 - 8 * (index & 3)));
    }
  }

  #writeEntry(rib: Rib, path: number, addPath: boolean): boolean {
    const { paths, family } = rib;
    const column = this.#options.table === 'loc-rib' ? paths.effective : paths.received;
    const block = this.#blockOf(column[path] as number, family);
    if (block === undefined) return false;
    const writer = this.#writer;
    writer.writeUint16(this.#options.positionOf(paths.peers[path] as number));
    writer.writeUint32(this.#options.epochSeconds + (paths.heard[path] as number));
    if (addPath) writer.writeUint32(paths.pathIds[path] as number);
    writer.writeUint16(block.length);
    writer.writeBytes(block);
    return true;
  }

  #blockOf(id: number, family: Rib['family']): Uint8Array | undefined {
    if (id === this.#lastId) return this.#lastBlock;
    this.#lastId = id;
    this.#lastBlock = entryAttributes(this.#tables, id, family);
    return this.#lastBlock;
  }
}

const SUBTYPES: Readonly<Record<Rib['family'], readonly [plain: number, addPath: number]>> = {
  'ipv4-unicast': [TableDumpSubtype.ribIpv4Unicast, TableDumpSubtype.ribIpv4UnicastAddPath],
  'ipv6-unicast': [TableDumpSubtype.ribIpv6Unicast, TableDumpSubtype.ribIpv6UnicastAddPath],
};

function takeChunk(writer: ByteWriter): Uint8Array {
  const chunk = writer.take();
  writer.clear();
  return chunk;
}
