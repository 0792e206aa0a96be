/**
 * All sessions of a host: which one a packet belongs to, and what each has to say.
 *
 *     datagram ─ whose? ─ TTL ─ decode ─▶ BfdSession ─▶ host.send, host.changed
 *
 * A packet that names our discriminator belongs to that session wherever it comes from (RFC 5880 §6.3); one that names
 * none yet, to the session with its sender (RFC 5881 §3, RFC 5883 §4). Sessions are configured; none is made by a packet.
 *
 * A session that is closed says so for as long as the peer would otherwise wait for it (RFC 5880 §6.8.16).
 */

import type { Address } from '@weft/ip';
import {
  DISCARD_REASONS,
  type DiscardReason,
  decodeControlPacket,
  encodeControlPacket,
} from './control-packet.ts';
import { BfdSession } from './session.ts';
import { BfdCounter, type BfdSessionConfig, type BfdStatus } from './types.ts';

/** A datagram as it came from a socket; valid during the call only. */
export interface BfdDatagram {
  readonly bytes: Uint8Array;
  readonly from: Address;
  readonly to: Address;
  /** Index of the interface it came in by. */
  readonly interfaceIndex: number;
  readonly ttl: number;
  /** It came to the port of multihop sessions. */
  readonly multihop: boolean;
}

/** What a table needs of whoever runs it. */
export interface SessionTableHost {
  /** Numbers from 0 up to, but without, 1. */
  readonly random: () => number;
  /** Sends a packet of the session with this peer. */
  send(peer: Address, bytes: Uint8Array): void;
  /** A session has another status. */
  changed(peer: Address, status: BfdStatus): void;
  /** A closed session has said its last word: its socket can go. */
  ended(peer: Address): void;
}

interface Entry {
  readonly config: BfdSessionConfig;
  readonly interfaceIndex: number;
  readonly session: BfdSession;
  readonly counters: Uint32Array;
  /** When a closed session ends. */
  endsAt: number;
}

/** Sessions by peer and by discriminator. */
export class SessionTable {
  readonly #host: SessionTableHost;
  readonly #byPeer: Map<Address, Entry> = new Map();
  readonly #byDiscriminator: Map<number, Entry> = new Map();
  /** No session is due before. */
  #wakeAt: number = Number.POSITIVE_INFINITY;

  constructor(host: SessionTableHost) {
    this.#host = host;
  }

  /** Says whether there is a session with a peer that is not closing. */
  isOpen(peer: Address): boolean {
    return this.#byPeer.get(peer)?.endsAt === Number.POSITIVE_INFINITY;
  }

  /** How many sessions there are, closing ones included. */
  get size(): number {
    return this.#byPeer.size;
  }

  /** When `handleTimers` is due at the earliest, in ms; Infinity without sessions. */
  get nextDeadline(): number {
    return this.#wakeAt;
  }

  /**
   * Begins a session in Down, and tells so; one with the same peer ends without a word.
   *
   * @param interfaceIndex index of `config.interface`; 0 when there is none
   * @param counters as `BfdCounter` says; counted on, never reset
   */
  open(config: BfdSessionConfig, interfaceIndex: number, counters: Uint32Array, now: number): void {
    this.#forget(config.peer);
    const { peer } = config;
    const session = new BfdSession(
      this.#newDiscriminator(),
      config,
      {
        random: this.#host.random,
        send: (packet) => {
          count(counters, BfdCounter.sent);
          this.#host.send(peer, encodeControlPacket(packet));
        },
        changed: () => this.#tell(peer),
      },
      now,
    );
    const entry: Entry = { config, interfaceIndex, session, counters, endsAt: Number.POSITIVE_INFINITY };
    this.#byPeer.set(peer, entry);
    this.#byDiscriminator.set(session.discriminator, entry);
    this.#tell(peer);
    this.#touch(entry);
  }

  /** Changes the timers of a session; nothing happens to one that is not there. */
  configure(config: BfdSessionConfig, now: number): void {
    const entry = this.#byPeer.get(config.peer);
    if (entry === undefined) return;
    entry.session.configure(config, now);
    this.#touch(entry);
  }

  /** Tells the peer that the session is closed on purpose, and ends it when the peer must have heard. */
  close(peer: Address, now: number): void {
    const entry = this.#byPeer.get(peer);
    if (entry === undefined || !this.isOpen(peer)) return;
    const lingerMs = entry.session.remoteDetectionTimeMs;
    entry.session.disable(now);
    entry.endsAt = now + lingerMs;
    this.#touch(entry);
  }

  /** Takes what arrived; why it was thrown away, if it was. */
  receive(datagram: BfdDatagram, now: number): DiscardReason | undefined {
    const { bytes } = datagram;
    const decoded = decodeControlPacket(bytes, 0, bytes.length);
    const named = decoded.ok ? decoded.value.yourDiscriminator : 0;
    const entry = named === 0 ? this.#findBySender(datagram) : this.#findNamed(named, datagram);
    const reason = decoded.ok ? refusal(entry, datagram) : decoded.reason;
    if (entry === undefined) return reason;
    if (reason !== undefined || !decoded.ok) {
      count(entry.counters, BfdCounter.discarded);
      if (reason !== undefined)
        Atomics.store(entry.counters, BfdCounter.lastDiscard, DISCARD_REASONS.indexOf(reason) + 1);
      return reason;
    }
    count(entry.counters, BfdCounter.received);
    const { state } = entry.session;
    entry.session.receive(decoded.value, now);
    if (state !== 'Up' && entry.session.state === 'Up') count(entry.counters, BfdCounter.ups);
    this.#touch(entry);
    return undefined;
  }

  /** Handles all timers that are due. Everything that has arrived must have been handed in before. */
  handleTimers(now: number): void {
    if (now < this.#wakeAt) return;
    this.#wakeAt = Number.POSITIVE_INFINITY;
    for (const [peer, entry] of this.#byPeer) {
      if (entry.session.nextDeadline <= now) entry.session.handleTimers(now);
      if (entry.endsAt > now) this.#touch(entry);
      else this.#end(peer);
    }
  }

  #findBySender({ from, to, multihop, interfaceIndex }: BfdDatagram): Entry | undefined {
    const entry = this.#byPeer.get(from);
    if (entry === undefined || entry.config.multihop !== multihop) return undefined;
    const { localAddress } = entry.config;
    const here = localAddress === undefined || localAddress === to;
    const link = entry.interfaceIndex === 0 || entry.interfaceIndex === interfaceIndex;
    return here && link ? entry : undefined;
  }

  /** The rule about TTL belongs to the port: a session takes packets at its own port only. */
  #findNamed(discriminator: number, { multihop }: BfdDatagram): Entry | undefined {
    const entry = this.#byDiscriminator.get(discriminator);
    return entry?.config.multihop === multihop ? entry : undefined;
  }

  /** §6.8.1: unique, and hard to guess from outside. */
  #newDiscriminator(): number {
    for (;;) {
      const discriminator = Math.floor(this.#host.random() * 0x1_0000_0000);
      if (discriminator !== 0 && !this.#byDiscriminator.has(discriminator)) return discriminator;
    }
  }

  #touch({ session, endsAt }: Entry): void {
    this.#wakeAt = Math.min(this.#wakeAt, session.nextDeadline, endsAt);
  }

  #tell(peer: Address): void {
    const entry = this.#byPeer.get(peer);
    if (entry !== undefined) this.#host.changed(peer, entry.session.status);
  }

  #end(peer: Address): void {
    this.#forget(peer);
    this.#host.ended(peer);
  }

  #forget(peer: Address): void {
    const entry = this.#byPeer.get(peer);
    if (entry === undefined) return;
    this.#byPeer.delete(peer);
    this.#byDiscriminator.delete(entry.session.discriminator);
  }
}

function refusal(entry: Entry | undefined, { ttl }: BfdDatagram): DiscardReason | undefined {
  if (entry === undefined) return 'no-session';
  return ttl < entry.config.minTtl ? 'ttl' : undefined;
}

function count(counters: Uint32Array, place: number): void {
  Atomics.add(counters, place, 1);
}
