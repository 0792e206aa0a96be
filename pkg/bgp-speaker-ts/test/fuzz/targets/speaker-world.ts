/**
 * A whole speaker, three hostile peers, and a witness whose session nothing they do may touch.
 *
 * The world stands between the speaker and the script: it opens and closes connections, lets time pass, gives the
 * witness its keepalives, and checks every action. The witness reads what it is told like any speaker would.
 */

import { type Address, address, type Prefix, prefix, prefixFromBytes } from '@weft/ip';
import type { LocRibChange, PeerConfig, SpeakerConfig } from '../../../src/speaker/config.ts';
import type { SpeakerAction, SpeakerEvent } from '../../../src/speaker/events.ts';
import { Speaker } from '../../../src/speaker/speaker.ts';
import { peer, speaker } from '../../../src/speaker/test/network.ts';
import { FAMILIES } from '../../../src/wire/family.ts';
import { MessageFramer } from '../../../src/wire/framing.ts';
import { MessageSize, MessageType } from '../../../src/wire/iana.ts';
import { encodeKeepalive } from '../../../src/wire/message/04-keepalive.ts';
import { readUpdate } from '../../../src/wire/test/read-update.ts';
import { digest } from '../digest.ts';
import { check } from '../target.ts';
import { buildOpen, type Sender } from './script.ts';

const WITNESS = address('10.0.0.9');
const WITNESS_ASN = 64_520;
const LOCAL_ASN = 64_512;
const KEEPALIVE_MS = 20_000;
const OPTIONS = { restarting: false, seed: 1, now: 0, reportRoutes: true };
/** Most timers that may come due while a minute passes. */
const MAX_TICKS = 400;
const MAX_FLUSHES = 50;

const RESTART = {
  restartTimeSeconds: 120,
  longLived: [{ family: 'ipv4-unicast', staleTimeSeconds: 600 }],
} as const;

/** A peer that says what the script wants. */
export interface HostilePeer extends Sender {
  readonly address: Address;
}

export const HOSTILE_PEERS: readonly HostilePeer[] = [
  { address: address('10.0.0.2'), asn: LOCAL_ASN, identifier: 0x0a000002 },
  { address: address('10.0.0.3'), asn: 64_513, identifier: 0x0a000003 },
  { address: address('fd00::4'), asn: 4_200_000_001, identifier: 0x0a000004 },
];

/** The configuration, with changes to all hostile peers. */
export function configOf(more: Partial<PeerConfig> = {}, count = 3): SpeakerConfig {
  const hostile = [
    peer('10.0.0.2', LOCAL_ASN, { routeReflectorClient: true, addPath: 'both', ...more }),
    peer('10.0.0.3', 64_513, {
      passive: true,
      maxPrefix: { prefixes: 4, action: 'restart' },
      role: 'peer',
      ...more,
    }),
    peer('fd00::4', 4_200_000_001, {
      allowLocalAsn: 1,
      importPolicy: [
        { name: 'long', match: { communities: ['64512:7'] }, action: 'reject' },
        {
          name: 'low',
          match: { prefix: { operator: 'in', prefix: prefix('20.0.0.0/22') } },
          operations: [{ kind: 'set-local-pref', localPref: 50 }],
          action: 'accept',
        },
      ],
      ...more,
    }),
  ];
  const nextHopAddresses = { ipv4: address('10.0.0.1'), ipv6: address('2001:db8::1') };
  const witness = peer(WITNESS, WITNESS_ASN, { passive: true, nextHopAddresses });
  return speaker('10.0.0.1', LOCAL_ASN, [...hostile.slice(0, count), witness], { gracefulRestart: RESTART });
}

/** The world; see the file comment. */
export class SpeakerWorld {
  readonly machine: Speaker;
  now = 0;
  readonly #options: typeof OPTIONS;
  readonly #events: { readonly event: SpeakerEvent; readonly now: number }[] = [];
  /** Open connections and what was written to them, by peer and number. */
  readonly #framers: Map<string, MessageFramer> = new Map();
  readonly #open: Map<Address, number[]> = new Map();
  readonly #dials: Map<Address, number[]> = new Map();
  #accepted = 0;
  #keepaliveAt = KEEPALIVE_MS;
  /** Loc-RIB as built from what was reported. */
  readonly #reported: Map<string, number> = new Map();
  /** Prefixes the witness was told. */
  readonly #told: Set<string> = new Set();

  constructor(restarting: boolean) {
    this.#options = { ...OPTIONS, restarting };
    this.machine = new Speaker(configOf(), this.#options);
    this.#perform();
    this.accept(WITNESS);
    this.receive(WITNESS, buildOpen({ asn: WITNESS_ASN, identifier: 0x0a000009 }, 0));
    this.receive(WITNESS, encodeKeepalive());
  }

  /** Hands an event to the speaker. */
  handle(event: SpeakerEvent): void {
    this.#events.push({ event, now: this.now });
    this.machine.handle(event, this.now);
    this.#perform();
  }

  /** Lets time pass, with every timer that comes due. */
  advance(milliseconds: number): void {
    const end = this.now + milliseconds;
    for (let ticks = 0; ; ticks += 1) {
      check(ticks < MAX_TICKS, 'timers come due without end');
      const next = Math.max(this.now, Math.min(this.machine.nextDeadline, this.#keepaliveAt));
      if (next > end) break;
      this.now = next;
      if (this.#keepaliveAt <= next) this.#keepWitnessAlive();
      else this.handle({ kind: 'tick' });
    }
    this.now = end;
  }

  /** A connection from a peer. */
  accept(from: Address): void {
    this.#accepted += 2;
    const connection = this.#accepted;
    this.#add(from, connection);
    const localAddress = from.includes(':') ? undefined : address('10.0.0.1');
    this.handle({ kind: 'accepted', peer: from, connection, localAddress });
  }

  /** The newest connection the speaker asked for is there, or is not to be had. */
  endDial(to: Address, succeeded: boolean): void {
    const connection = this.#dials.get(to)?.pop();
    if (connection === undefined) return;
    if (succeeded) {
      this.#add(to, connection);
      this.handle({ kind: 'connected', peer: to, connection });
    } else this.handle({ kind: 'connect-failed', peer: to, connection, error: 'ECONNREFUSED' });
  }

  /** Bytes on the newest connection of a peer; the array is filled with something else behind the call. */
  receive(from: Address, bytes: Uint8Array): void {
    const connection = this.#open.get(from)?.at(-1);
    if (connection === undefined) return;
    const lent = bytes.slice();
    this.#events.push({ event: { kind: 'received', peer: from, connection, bytes }, now: this.now });
    this.machine.handle({ kind: 'received', peer: from, connection, bytes: lent }, this.now);
    lent.fill(0xa5);
    this.#perform();
  }

  /** The peer closes its newest connection. */
  close(from: Address): void {
    const connection = this.#open.get(from)?.pop();
    if (connection !== undefined) this.handle({ kind: 'closed', peer: from, connection });
  }

  /** The newest connection of a peer has so many bytes unread. */
  noteUnread(from: Address, bytes: number): void {
    const connection = this.#open.get(from)?.at(-1);
    if (connection !== undefined) this.handle({ kind: 'outstanding', peer: from, connection, bytes });
  }

  /** Flushes until nothing is left to do. */
  settle(): void {
    for (let turn = 0; turn === 0 || this.machine.hasWork; turn += 1) {
      check(turn < MAX_FLUSHES, 'the speaker does not come to rest');
      this.handle({ kind: 'flush' });
    }
  }

  /** What must hold whenever the speaker is at rest. */
  checkAtRest(): void {
    this.#checkCounters();
    this.#checkReports();
    this.#checkWitness();
  }

  /** A speaker that lives through the same events has the same RIBs. */
  checkReplay(): void {
    const again = new Speaker(configOf(), this.#options);
    for (const { event, now } of this.#events) {
      again.handle(event, now);
      again.takeActions();
    }
    check(
      digest(contentsOf(again)).hash === digest(contentsOf(this.machine)).hash,
      'a replay has other RIBs',
    );
  }

  /** Without peers and routes nothing is left. */
  checkEmptied(): void {
    this.handle({ kind: 'configure', config: { ...configOf(), peers: [] } });
    this.handle({ kind: 'set-local-routes', routes: [] });
    this.now += 1_000_000;
    this.handle({ kind: 'tick' });
    this.settle();
    const routes = FAMILIES.flatMap((family) => [...this.machine.locRib(family)]);
    check(routes.length === 0, `${routes.length} routes are left without peers`);
    check(this.machine.nextDeadline === Number.POSITIVE_INFINITY, 'a timer runs without peers');
  }

  #keepWitnessAlive(): void {
    this.#keepaliveAt += KEEPALIVE_MS;
    this.receive(WITNESS, encodeKeepalive());
  }

  #add(from: Address, connection: number): void {
    this.#open.set(from, [...(this.#open.get(from) ?? []), connection]);
    const framer = new MessageFramer();
    if (from !== WITNESS) framer.maxBytes = MessageSize.extended;
    this.#framers.set(`${from} ${connection}`, framer);
  }

  #perform(): void {
    for (const action of this.machine.takeActions()) this.#performOne(action);
  }

  #performOne(action: SpeakerAction): void {
    switch (action.kind) {
      case 'send':
        this.#read(action.peer, action.connection, action.bytes);
        return;
      case 'connect':
        this.#dials.set(action.peer, [...(this.#dials.get(action.peer) ?? []), action.connection]);
        return;
      case 'close':
        this.#forget(action.peer, action.connection);
        return;
      case 'peer-down':
        check(
          action.peer !== WITNESS || this.machine.config.peers.length === 0,
          'the session of the witness ended',
        );
        return;
      case 'loc-rib-changed':
        for (const change of action.changes) {
          if (change.best === undefined) this.#reported.delete(change.prefix);
          else this.#reported.set(change.prefix, reportedOf(change));
        }
        return;
      default:
        return;
    }
  }

  #forget(from: Address, connection: number): void {
    for (const connections of [this.#open, this.#dials]) {
      connections.set(
        from,
        (connections.get(from) ?? []).filter((id) => id !== connection),
      );
    }
    this.#framers.delete(`${from} ${connection}`);
  }

  /** What is written goes to an open connection and is a sequence of whole messages. */
  #read(to: Address, connection: number, bytes: Uint8Array): void {
    const framer = this.#framers.get(`${to} ${connection}`);
    check(
      framer !== undefined && this.#open.get(to)?.includes(connection) === true,
      'bytes for a closed connection',
    );
    framer.push(bytes);
    while (framer.next()) {
      if (to === WITNESS) this.#tell(framer);
    }
    check(framer.error === undefined, `what is sent is no message: ${framer.error?.detail}`);
  }

  #tell({ type, bytes, start, end }: MessageFramer): void {
    const ending = this.machine.config.peers.length === 0;
    check(type !== MessageType.notification || ending, 'the witness gets a NOTIFICATION');
    if (type !== MessageType.update) return;
    const context = {
      fourOctetAsn: true,
      peerType: 'external',
      addPath: false,
      extendedNextHop: false,
    } as const;
    const update = readUpdate(bytes, start, end, context);
    if ('kind' in update) check(false, `the witness cannot read an UPDATE: ${update.detail}`);
    check(update.treatment === undefined, `the witness finds faults: ${update.faults}`);
    const announced = [...update.announced, ...(update.reach?.prefixes ?? [])];
    const first = update.attributes.asPath?.[0];
    check(announced.length === 0 || first?.asns[0] === LOCAL_ASN, 'our AS is not the first of the path');
    for (const text of [...update.withdrawn, ...(update.unreach?.prefixes ?? [])]) this.#told.delete(text);
    for (const text of announced) this.#told.add(text);
  }

  #checkCounters(): void {
    for (const status of this.machine.status()) {
      for (const { family, received, rejected, stale, advertised } of status.families) {
        const paths = [...this.machine.adjRibIn(status.address, family)];
        const counted = [
          paths.length,
          paths.filter(({ rejection }) => rejection !== 'none').length,
          paths.filter((path) => path.stale).length,
          [...this.machine.adjRibOut(status.address, family)].length,
        ];
        const shown = [received, rejected, stale, advertised];
        check(
          String(counted) === String(shown),
          `${status.address} has counters ${shown} and routes ${counted}`,
        );
      }
    }
  }

  #checkReports(): void {
    const routes = FAMILIES.flatMap((family) => [...this.machine.locRib(family)]);
    for (const route of routes) {
      const same = this.#reported.get(route.prefix) === reportedOf(route);
      check(same, `${route.prefix} in the Loc-RIB is not what was reported`);
      this.machine.explain(route.prefix);
    }
    check(routes.length === this.#reported.size, 'more was reported than the Loc-RIB has');
  }

  #checkWitness(): void {
    const status = this.machine.status().find((item) => item.address === WITNESS);
    check(status?.state === 'Established' && status.establishedCount === 1, 'the witness lost its session');
    const sent = FAMILIES.flatMap((family) => [...this.machine.adjRibOut(WITNESS, family)]);
    const expected = sent.map((route) => route.prefix).sort();
    const told = [...this.#told].map(toPrefix).sort();
    check(String(told) === String(expected), `the witness was told ${told}, its Adj-RIB-Out has ${expected}`);
  }
}

/** A change of `stale` alone is not reported: a restart is to be invisible. */
function reportedOf({ best }: LocRibChange): number {
  return digest({ ...best, stale: false }).hash;
}

/** `readUpdate` writes IPv6 addresses as four words. */
function toPrefix(text: string): Prefix {
  const [words = '', length] = text.split('/');
  if (!words.includes(':')) return prefix(text);
  return prefixFromBytes(new Uint8Array(Buffer.from(words.replaceAll(':', ''), 'hex')), Number(length));
}

/** Everything a speaker knows, as plain data. */
function contentsOf(machine: Speaker): unknown {
  const status = machine.status();
  const tables = status.flatMap(({ address: name }) =>
    FAMILIES.map((family) => [[...machine.adjRibIn(name, family)], [...machine.adjRibOut(name, family)]]),
  );
  return [status, tables, FAMILIES.map((family) => [...machine.locRib(family)]), machine.nextDeadline];
}
