/**
 * A collector as a model: what it would believe after the messages so far.
 */

import { addressFromBytes } from '@weft/ip';
import { type ReadBmp, readBmp } from './read-bmp.ts';

/** Reads messages and keeps a table for each peer and view. */
export class BmpCollectorModel {
  messages = 0;
  /** Type of the last message. */
  last = '';
  readonly peers: Set<string> = new Set();
  /** `peer reason` of each Peer Down. */
  readonly downs: string[] = [];
  /** Routes of the last Statistics Report, by peer. */
  readonly counts: Record<string, number> = {};
  /** UPDATEs treated as withdrawals, by peer. */
  readonly treated: Record<string, number> = {};
  readonly #routes: Map<string, Map<string, string>> = new Map();
  readonly #ended: Set<string> = new Set();
  readonly #addPath: Map<string, boolean> = new Map();

  /** Reads whole messages. */
  read(bytes: Uint8Array): void {
    for (const message of readBmp(bytes)) this.#handle(message);
  }

  /** Routes by peer and view, sorted; tables without routes left out. */
  get tables(): Record<string, string[]> {
    const tables = [...this.#routes].map(
      ([peer, routes]) => [peer, [...routes].map(([key, text]) => `${key}${text}`).toSorted()] as const,
    );
    return Object.fromEntries(tables.filter(([, routes]) => routes.length > 0));
  }

  /** `peer AFI` of each End-of-RIB. */
  get ended(): string[] {
    return [...this.#ended].toSorted();
  }

  #handle(message: ReadBmp): void {
    this.messages += 1;
    this.last = message.type;
    switch (message.type) {
      case 'peer-up':
        this.peers.add(message.peer);
        this.#addPath.set(message.peer, readsPathIds(message.body));
        return;
      case 'peer-down':
        this.peers.delete(message.peer);
        this.downs.push(`${message.peer} ${message.body[0]}`);
        for (const key of this.#routes.keys()) if (key.startsWith(message.peer)) this.#routes.delete(key);
        return;
      case 'statistics':
        this.#count(message);
        return;
      case 'route-monitoring':
        this.#update(message);
    }
  }

  #count({ peer, body }: ReadBmp): void {
    for (let offset = 4; offset < body.length; offset += 4 + body.readUInt16BE(offset + 2)) {
      const type = body.readUInt16BE(offset);
      if (type === 7 || type === 8) this.counts[peer] = Number(body.readBigUInt64BE(offset + 4));
      if (type === 11) this.treated[peer] = body.readUInt32BE(offset + 4);
    }
  }

  #update({ peer, body }: ReadBmp): void {
    const base = peer.replace(' post-policy', '');
    if (!this.peers.has(base)) throw new Error(`a route of ${peer}, who is not up`);
    if (body.readUInt16BE(16) !== body.length || body[18] !== 2) throw new Error('no UPDATE');
    const addPath = this.#addPath.get(base) === true;
    const withdrawnEnd = 21 + body.readUInt16BE(19);
    const attributesEnd = withdrawnEnd + 2 + body.readUInt16BE(withdrawnEnd);
    const attributes = readAttributes(body.subarray(withdrawnEnd + 2, attributesEnd));
    const routes = this.#routes.get(peer) ?? new Map<string, string>();
    this.#routes.set(peer, routes);
    const pref = attributes.get(5);
    const text = pref === undefined ? '' : ` pref ${pref.readUInt32BE(0)}`;
    const [reach, unreach] = [attributes.get(14), attributes.get(15)];
    for (const key of prefixes(body.subarray(21, withdrawnEnd), 4, addPath)) routes.delete(key);
    if (unreach !== undefined)
      for (const key of prefixes(unreach.subarray(3), 16, addPath)) routes.delete(key);
    for (const key of prefixes(body.subarray(attributesEnd), 4, addPath)) routes.set(key, text);
    if (reach !== undefined) {
      const nlri = reach.subarray(5 + reach.readUInt8(3));
      for (const key of prefixes(nlri, reach.readUInt16BE(0) === 2 ? 16 : 4, addPath)) routes.set(key, text);
    }
    if (body.length === 23) this.#ended.add(`${peer} 1`);
    if (attributes.size === 1 && unreach?.length === 3) this.#ended.add(`${peer} ${unreach.readUInt16BE(0)}`);
  }
}

/** Whether both OPENs of a Peer Up have the ADD-PATH capability (69): the tests agree on it for all families. */
function readsPathIds(body: Buffer): boolean {
  const opens = body.subarray(20);
  const first = opens.readUInt16BE(16);
  return [opens.subarray(0, first), opens.subarray(first)].every((open) =>
    hasCapability(open.subarray(29), 69),
  );
}

function hasCapability(parameters: Buffer, code: number): boolean {
  for (let offset = 2; offset < parameters.length; offset += 2 + parameters.readUInt8(offset + 1)) {
    if (parameters[offset] === code) return true;
  }
  return false;
}

function readAttributes(block: Buffer): Map<number, Buffer> {
  const attributes = new Map<number, Buffer>();
  for (let offset = 0; offset < block.length; ) {
    const extended = (block.readUInt8(offset) & 0x10) !== 0;
    const length = extended ? block.readUInt16BE(offset + 2) : block.readUInt8(offset + 2);
    const start = offset + (extended ? 4 : 3);
    attributes.set(block.readUInt8(offset + 1), block.subarray(start, start + length));
    offset = start + length;
  }
  return attributes;
}

function prefixes(range: Buffer, addressBytes: 4 | 16, addPath: boolean): string[] {
  const found: string[] = [];
  for (let offset = 0; offset < range.length; ) {
    const id = addPath ? ` #${range.readUInt32BE(offset)}` : '';
    if (addPath) offset += 4;
    const length = range.readUInt8(offset);
    const octets = Math.ceil(length / 8);
    const whole = new Uint8Array(addressBytes);
    whole.set(range.subarray(offset + 1, offset + 1 + octets));
    found.push(`${addressFromBytes(whole)}/${length}${id}`);
    offset += 1 + octets;
  }
  return found;
}
