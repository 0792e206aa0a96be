/**
 * What every session has been told: one octet for each session and prefix, and the counts that say when all is there.
 */
import { createNlriCursor, createUpdateView, nextIpv4, seekNlri, splitUpdate } from 'bgp-speaker-ts';
import { ownerOf, prefixCount, prefixesOf, prefixId, type Scenario, sessionAsn } from './scenario.ts';

const NONE = 0;
/** By another feeder than the one whose route is the best. */
const WRONG = 1;
const RIGHT = 2;

/** The routes of all sessions. */
export class Ledger {
  /** Right routes there must be when all sessions have been told everything: none of its own for any of them. */
  readonly expected: number;
  /** Right routes that are there. */
  right = 0;
  /** Routes that are there, right or not. */
  held = 0;
  /** Sessions that have the prefix that flaps, the one that announces it left out. */
  flapped = 0;

  readonly #scenario: Scenario;
  readonly #total: number;
  /** The session whose route of a prefix is the best. */
  readonly #owners: Uint16Array;
  readonly #states: readonly Uint8Array[];
  readonly #view = createUpdateView();
  readonly #cursor = createNlriCursor();

  constructor(scenario: Scenario) {
    this.#scenario = scenario;
    this.#total = prefixCount(scenario);
    this.#owners = findOwners(scenario);
    this.#states = Array.from({ length: scenario.sessions }, () => new Uint8Array(this.#total + 1));
    this.expected = scenario.sessions * this.#total - this.#owners.length;
  }

  /** Reads the body of an UPDATE of a session; says what is wrong with it, if anything is. */
  read(session: number, bytes: Uint8Array, start: number, end: number): string | undefined {
    const view = this.#view;
    const cursor = this.#cursor;
    if (splitUpdate(bytes, start, end, view) !== undefined) return 'an UPDATE is malformed';
    seekNlri(cursor, bytes, view.withdrawnStart, view.withdrawnEnd, false);
    while (nextIpv4(cursor)) if (!this.#note(session, cursor.word0, undefined)) return STRANGE;
    if (view.nlriStart === view.nlriEnd) return undefined;
    const source = this.#scenario.shared === true ? this.#readSource() : -1;
    seekNlri(cursor, bytes, view.nlriStart, view.nlriEnd, false);
    while (nextIpv4(cursor)) if (!this.#note(session, cursor.word0, source)) return STRANGE;
    return undefined;
  }

  /** Notes that a prefix is there, by a feeder (-1: whoever it is), or gone; false when nobody has announced it. */
  #note(session: number, address: number, source: number | undefined): boolean {
    const id = prefixId(this.#scenario, address);
    const states = this.#states[session];
    if (states === undefined || id < 0 || id > this.#total) return false;
    const isRight = source === -1 || source === this.#owners[id];
    const state = source === undefined ? NONE : isRight ? RIGHT : WRONG;
    const before = states[id] as number;
    states[id] = state;
    const change = Number(state === RIGHT) - Number(before === RIGHT);
    if (id === this.#total) this.flapped += session === 0 ? 0 : change;
    else if (this.#owners[id] !== session) {
      this.right += change;
      this.held += Number(state !== NONE) - Number(before !== NONE);
    }
    return true;
  }

  /** The second AS of AS_PATH is the feeder's: the first one is the daemon's. */
  #readSource(): number {
    const { bytes, attributesStart, attributesEnd } = this.#view;
    for (let at = attributesStart; at < attributesEnd; ) {
      const isLong = ((bytes[at] as number) & 0x10) !== 0;
      const value = at + (isLong ? 4 : 3);
      const low = bytes[value - 1] as number;
      if (bytes[at + 1] === 2) {
        const asn = new DataView(bytes.buffer, bytes.byteOffset + value + 6, 4).getUint32(0);
        return asn - sessionAsn(this.#scenario, 0);
      }
      at = value + (isLong ? (bytes[value - 2] as number) * 256 + low : low);
    }
    return -1;
  }
}

const STRANGE = 'a prefix nobody has announced';

function findOwners(scenario: Scenario): Uint16Array {
  const owners = new Uint16Array(prefixCount(scenario));
  for (let feeder = 0; feeder < scenario.feeders; feeder += 1) {
    for (let set = 0; set < scenario.setsPerFeeder; set += 1) {
      const owner = ownerOf(scenario, set, feeder);
      for (const id of prefixesOf(scenario, feeder, set)) owners[id] = owner;
    }
  }
  return owners;
}
