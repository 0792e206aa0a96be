/**
 * Writes UPDATEs that say what is in a RIB, for a collector: paths in a row that share peer, attributes and the second
 * they were heard in go into one message.
 *
 * AS numbers have four octets and attributes stand as `fourOctetBlock` gives them. A message is no longer than 4096
 * octets, but for attributes that only fit into an extended one (RFC 8654).
 */

import type { Rib } from '../rib/rib.ts';
import type { Tables } from '../rib/tables.ts';
import type { Family } from '../wire/family.ts';
import { MessageSize } from '../wire/iana.ts';
import { readMessageLength } from '../wire/message/header.ts';
import { UpdatePacker } from '../wire/update-packer.ts';

/** Takes one UPDATE, `bytes[start…end)`: of which peer's RIB it speaks, and when that was heard (s, event clock). */
export type EmitUpdate = (peer: number, heard: number, bytes: Uint8Array, start: number, end: number) => void;

/** "Attributes" of withdrawals. */
const WITHDRAWN = -2;

/** Packs paths in the order they come; `finish` hands over what is left. */
export class PathPacker {
  readonly #tables: Tables;
  readonly #emit: EmitUpdate;
  readonly #standard: UpdatePacker = new UpdatePacker(MessageSize.standard);
  #packer: UpdatePacker = this.#standard;
  #large: UpdatePacker | undefined;
  /** What the paths of the open run share. */
  #family: Family | undefined;
  #peer = 0;
  #attributes = 0;
  #heard = 0;

  constructor(tables: Tables, emit: EmitUpdate) {
    this.#tables = tables;
    this.#emit = emit;
  }

  /** Adds a path with attributes of some id to what is told of a peer. */
  announce(rib: Rib, path: number, attributes: number, peer: number, addPath: boolean): void {
    const { prefixes, pathIds, heard } = rib.paths;
    const since = heard[path] as number;
    if (!this.#continues(rib.family, peer, attributes, since)) {
      this.#begin(rib.family, peer, attributes, since);
      if (!this.#beginReach(rib.family, attributes, addPath)) this.#family = undefined;
    }
    if (this.#family !== undefined) this.#add(rib, prefixes[path] as number, pathIds[path] as number);
  }

  /** Adds a withdrawal to what is told of a peer. */
  withdraw(rib: Rib, prefix: number, pathId: number, peer: number, addPath: boolean): void {
    const { now } = rib.paths;
    if (!this.#continues(rib.family, peer, WITHDRAWN, now)) {
      this.#begin(rib.family, peer, WITHDRAWN, now);
      this.#packer = this.#standard;
      this.#packer.beginWithdraw(rib.family, addPath);
    }
    this.#add(rib, prefix, pathId);
  }

  /** Adds an End-of-RIB. */
  endOfRib(family: Family, peer: number, now: number): void {
    this.finish();
    this.#peer = peer;
    this.#heard = now;
    this.#packer = this.#standard;
    this.#packer.addEndOfRib(family);
    this.finish();
  }

  /** Hands over everything; an id of the tables may mean something else after it. */
  finish(): void {
    this.#family = undefined;
    this.#packer.end();
    const bytes = this.#packer.take();
    for (let start = 0; start < bytes.length; ) {
      const end = start + readMessageLength(bytes, start);
      this.#emit(this.#peer, this.#heard, bytes, start, end);
      start = end;
    }
  }

  #continues(family: Family, peer: number, attributes: number, heard: number): boolean {
    return (
      this.#family === family &&
      this.#peer === peer &&
      this.#attributes === attributes &&
      this.#heard === heard
    );
  }

  #begin(family: Family, peer: number, attributes: number, heard: number): void {
    this.finish();
    this.#family = family;
    this.#peer = peer;
    this.#attributes = attributes;
    this.#heard = heard;
  }

  /** False when even the longest message has no room for the attributes and a prefix. */
  #beginReach(family: Family, id: number, addPath: boolean): boolean {
    const block = this.#tables.attributes.fourOctetBlock(id);
    const nextHop = this.#tables.nextHopOf(id, family);
    this.#packer = this.#standard;
    if (this.#packer.beginReach(family, block, nextHop, addPath)) return true;
    this.#large ??= new UpdatePacker(MessageSize.extended);
    this.#packer = this.#large;
    return this.#packer.beginReach(family, block, nextHop, addPath);
  }

  #add({ family, prefixes }: Rib, prefix: number, pathId: number): void {
    const length = prefixes.lengths[prefix] as number;
    if (family === 'ipv4-unicast') this.#packer.addIpv4(prefixes.word0[prefix] as number, length, pathId);
    else this.#packer.addIpv6(...prefixes.wordsOf(prefix), length, pathId);
  }
}
