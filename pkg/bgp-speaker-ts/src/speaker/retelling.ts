/**
 * A speaker without a network that is told what another one heard (`chronicle.ts`), and so comes to the same routes.
 *
 * It is the same machine with the same configuration, but for what belongs to connections: it waits for peers and has no
 * hold time, because sessions begin and end when they are told to. Times of routes, such as those of stale paths, run.
 */

import type { Address } from '@weft/ip';
import type { ConnectionId, DownReason } from '../fsm/types.ts';
import { toAfiSafi } from '../wire/family.ts';
import { CeaseSubcode, ErrorCode } from '../wire/iana.ts';
import { encodeNotification } from '../wire/message/03-notification.ts';
import { encodeKeepalive } from '../wire/message/04-keepalive.ts';
import { encodeRouteRefresh } from '../wire/message/05-route-refresh.ts';
import type { HeardEvent } from './chronicle.ts';
import type { SpeakerConfig } from './config.ts';
import type { SpeakerOptions } from './core.ts';
import type { ConfigureOptions, SpeakerAction, SpeakerEvent } from './events.ts';
import { Speaker } from './speaker.ts';

/** How the life that is told began. */
export type RetellingOptions = Pick<SpeakerOptions, 'functions' | 'now' | 'restarting'>;

/** One retold life. */
export class Retelling {
  readonly speaker: Speaker;
  readonly #accepted: Map<Address, ConnectionId> = new Map();
  readonly #open: Set<Address> = new Set();

  constructor(config: SpeakerConfig, options: RetellingOptions) {
    this.speaker = new Speaker(withoutConnections(config), { ...options, seed: 0, reportRoutes: true });
  }

  /** Takes over a new configuration. */
  configure(config: SpeakerConfig, now: number, options: ConfigureOptions = {}): void {
    this.elapse(now);
    this.#handle({ kind: 'configure', config: withoutConnections(config), ...options }, now);
  }

  /** Tells one event of peers. Routes are selected by `select`. */
  tell(event: HeardEvent, now: number): void {
    this.elapse(now);
    switch (event.kind) {
      case 'session-up':
        this.#bringUp(event, now);
        return;
      case 'updates':
        this.#receive(event.peer, event.bytes, now);
        return;
      case 'refresh-mark': {
        const { family, peer, subtype } = event;
        this.#receive(peer, encodeRouteRefresh({ ...toAfiSafi(family), subtype }), now);
        return;
      }
      case 'bfd-changed':
        this.#handle(event, now);
        return;
      case 'session-down':
        this.#takeDown(event.peer, event.reason, now);
    }
  }

  /** Lets time pass. */
  elapse(now: number): void {
    for (let due = this.speaker.nextDeadline; due <= now; due = this.speaker.nextDeadline)
      this.speaker.handle({ kind: 'tick' }, due);
  }

  /** Selects routes until nothing is left to do, and gives what the speaker reports since the last time. */
  select(now: number): readonly SpeakerAction[] {
    do this.#handle({ kind: 'flush' }, now);
    while (this.speaker.hasWork);
    return this.speaker.takeActions();
  }

  #handle(event: SpeakerEvent, now: number): void {
    this.speaker.handle(event, now);
  }

  #bringUp(event: Extract<HeardEvent, { kind: 'session-up' }>, now: number): void {
    const { localAddress, localPort, opens, peer, remotePort } = event;
    if (this.#open.has(peer)) this.#takeDown(peer, { kind: 'connection-replaced' }, now);
    const connection = (this.#accepted.get(peer) ?? 0) + 2;
    this.#accepted.set(peer, connection);
    this.#open.add(peer);
    // However long a peer that failed would be left alone: it was not.
    this.#handle({ kind: 'start-peer', peer }, now);
    this.#handle({ kind: 'accepted', peer, connection, localAddress, localPort, remotePort }, now);
    this.#receive(peer, opens.received, now);
    this.#receive(peer, encodeKeepalive(), now);
  }

  #receive(peer: Address, bytes: Uint8Array, now: number): void {
    const connection = this.#accepted.get(peer);
    if (connection !== undefined) this.#handle({ kind: 'received', peer, connection, bytes }, now);
  }

  #takeDown(peer: Address, reason: DownReason, now: number): void {
    const connection = this.#accepted.get(peer);
    if (connection === undefined || !this.#open.delete(peer)) return;
    switch (reason.kind) {
      case 'notification-received':
        this.#receive(peer, encodeNotification(reason.notification), now);
        return;
      case 'notification-sent': {
        const { code, subcode } = reason.notification;
        const cease = code === ErrorCode.cease ? subcode : CeaseSubcode.administrativeReset;
        this.#handle({ kind: 'reset-peer', peer, reason: { subcode: cease } }, now);
        return;
      }
      default:
        this.#handle({ kind: 'closed', peer, connection }, now);
    }
  }
}

function withoutConnections(config: SpeakerConfig): SpeakerConfig {
  const peers = config.peers.map((peer) => ({
    ...peer,
    passive: true,
    holdTimeSeconds: 0,
    keepaliveTimeSeconds: undefined,
  }));
  return { ...config, holdTimeSeconds: 0, bmp: undefined, peers };
}
