/**
 * Sessions on real sockets: the shell around `SessionTable`, made to run in a thread of its own.
 *
 *     commands ──▶ sessions and their sockets          receivers ──datagrams──▶ SessionTable ──▶ senders
 *                                                                        └──▶ news, when a status changes
 *
 * The thread sleeps in `turn`. Whatever wakes it, all that has arrived is read before any timer is looked at: a thread
 * that was not given the processor for a while must not take packets it has not read for silence.
 */

import { performance } from 'node:perf_hooks';
import { type Address, familyOf } from '@weft/ip';
import { SessionTable } from '../../bfd/session-table.ts';
import type { BfdSessionConfig } from '../../bfd/types.ts';
import { createRandom, type Random } from '../../fsm/random.ts';
import { socketAddress } from '../socket-address.ts';
import { close, interfaceIndex, sendTo } from '../syscalls.ts';
import { DatagramReader } from './datagram-reader.ts';
import type { BfdCommand, BfdNews } from './messages.ts';
import type { PollSet } from './poll-set.ts';
import { destinationPort, openReceiver, openSender, receivingAddress } from './sockets.ts';

/** Wait before sockets that could not be opened are tried again. */
const RETRY_MS = 1000;
/** Longest sleep: a thread that is to be ended from outside ends when it wakes. */
const LONGEST_SLEEP_MS = 1000;
/** Most datagrams read from a socket before timers get their turn. */
const READ_LIMIT = 1024;

/** A session that has its sockets. */
interface Running {
  readonly config: BfdSessionConfig;
  readonly sender: number;
  readonly receiver: Receiver;
  readonly destination: Uint8Array;
}

/** A receiving socket and how many sessions need it. */
interface Receiver {
  readonly key: string;
  readonly fd: number;
  /** Family and port: sockets of one slot let each other in. */
  readonly slot: string;
  users: number;
}

/** A session that waits for its sockets. */
interface Waiting {
  readonly command: Extract<BfdCommand, { kind: 'open' }>;
  readonly reason: string;
}

type Opened =
  | { readonly ok: true; readonly running: Running; readonly interfaceIndex: number }
  | { readonly ok: false; readonly step: 'interface' | 'receive' | 'send'; readonly errno: string };

/** Runs sessions until it is stopped. */
export class BfdRunner {
  readonly #tell: (news: BfdNews) => void;
  readonly #random: Random;
  readonly #table: SessionTable;
  readonly #reader: DatagramReader = new DatagramReader();
  readonly #running: Map<Address, Running> = new Map();
  readonly #waiting: Map<Address, Waiting> = new Map();
  readonly #receivers: Map<string, Receiver> = new Map();
  readonly #polled: PollSet;
  /** When sessions that wait for their sockets are tried again. */
  #retryAt: number = Number.POSITIVE_INFINITY;

  /** @param polled what the thread waits for beside the sockets of sessions */
  constructor(seed: number, polled: PollSet, tell: (news: BfdNews) => void) {
    this.#polled = polled;
    this.#tell = tell;
    this.#random = createRandom(seed);
    this.#table = new SessionTable({
      random: this.#random,
      send: (peer, bytes) => this.#send(peer, bytes),
      changed: (peer, status) => this.#tell({ kind: 'changed', peer, status }),
      ended: (peer) => this.#closeSockets(peer),
    });
  }

  /** Does what the main thread asks for. */
  handle(command: BfdCommand): void {
    switch (command.kind) {
      case 'open':
        this.#open(command);
        return;
      case 'close':
        this.#waiting.delete(command.peer);
        this.#table.close(command.peer, performance.now());
        return;
      case 'stop':
        this.#stop();
    }
  }

  /** Sleeps until something arrives or is due, and does it. */
  turn(): void {
    const due = Math.min(this.#table.nextDeadline, this.#retryAt) - performance.now();
    this.#polled.wait(Math.min(Math.max(0, Math.ceil(due)), LONGEST_SLEEP_MS));
    const now = performance.now();
    if (this.#retryAt <= now) this.#tryAgain();
    this.#table.handleTimers(now);
  }

  #open(command: Extract<BfdCommand, { kind: 'open' }>): void {
    const { session, counters } = command;
    const { peer } = session;
    const before = this.#running.get(peer);
    if (before !== undefined && isSamePath(before.config, session) && this.#table.isOpen(peer)) {
      this.#running.set(peer, { ...before, config: session });
      this.#table.configure(session, performance.now());
      return;
    }
    this.#closeSockets(peer);
    const opened = this.#openSockets(session);
    if (!opened.ok) {
      this.#wait(command, opened.step, opened.errno);
      return;
    }
    this.#waiting.delete(peer);
    this.#running.set(peer, opened.running);
    this.#table.open(session, opened.interfaceIndex, counters, performance.now());
  }

  #openSockets(config: BfdSessionConfig): Opened {
    const { interface: name, peer } = config;
    const index = name === undefined ? 0 : interfaceIndex(name);
    if (name !== undefined && index === 0) return { ok: false, step: 'interface', errno: 'ENODEV' };
    const receiver = this.#takeReceiver(config, index);
    if (typeof receiver === 'string') return { ok: false, step: 'receive', errno: receiver };
    const sender = openSender(config, index, this.#random);
    if (!sender.ok) {
      this.#releaseReceiver(receiver);
      return { ok: false, step: 'send', errno: sender.errno };
    }
    const destination = socketAddress(peer, destinationPort(config), index);
    const running = { config, sender: sender.value, receiver, destination };
    return { ok: true, running, interfaceIndex: index };
  }

  /** Gives the socket a session receives by, or the errno. */
  #takeReceiver(config: BfdSessionConfig, index: number): Receiver | string {
    const { multihop } = config;
    const at = receivingAddress(config);
    const port = destinationPort(config);
    const key = `${at} ${index} ${port}`;
    const known = this.#receivers.get(key);
    if (known !== undefined) {
      known.users += 1;
      return known;
    }
    const slot = `${familyOf(at)} ${port}`;
    const shared = [...this.#receivers.values()].some((other) => other.slot === slot);
    const opened = openReceiver(at, port, index, shared);
    if (!opened.ok) return opened.errno;
    const fd = opened.value;
    this.#polled.add(fd, () => this.#read(fd, multihop));
    const receiver = { key, fd, slot, users: 1 };
    this.#receivers.set(key, receiver);
    return receiver;
  }

  #releaseReceiver(receiver: Receiver): void {
    receiver.users -= 1;
    if (receiver.users > 0) return;
    this.#receivers.delete(receiver.key);
    this.#polled.remove(receiver.fd);
    close(receiver.fd);
  }

  #closeSockets(peer: Address): void {
    const running = this.#running.get(peer);
    if (running === undefined) return;
    this.#running.delete(peer);
    close(running.sender);
    this.#releaseReceiver(running.receiver);
  }

  #wait(command: Waiting['command'], step: 'interface' | 'receive' | 'send', errno: string): void {
    const { peer } = command.session;
    const reason = `${step} ${errno}`;
    if (this.#waiting.get(peer)?.reason !== reason) this.#tell({ kind: 'failed', peer, step, errno });
    this.#waiting.set(peer, { command, reason });
    this.#retryAt = Math.min(this.#retryAt, performance.now() + RETRY_MS);
  }

  #tryAgain(): void {
    this.#retryAt = Number.POSITIVE_INFINITY;
    for (const { command } of [...this.#waiting.values()]) this.#open(command);
  }

  /** What cannot be sent now (ENETUNREACH, ENOBUFS …) is lost like any packet on its way; the next one follows. */
  #send(peer: Address, bytes: Uint8Array): void {
    const running = this.#running.get(peer);
    if (running !== undefined) sendTo(running.sender, bytes, running.destination);
  }

  #read(fd: number, multihop: boolean): void {
    for (let count = 0; count < READ_LIMIT; count += 1) {
      const datagram = this.#reader.read(fd);
      if (datagram === undefined) return;
      this.#table.receive({ ...datagram, multihop }, performance.now());
    }
  }

  /** RFC 5882 §3.2: a peer that hears AdminDown leaves the sessions of its protocols alone. */
  #stop(): void {
    this.#waiting.clear();
    for (const peer of [...this.#running.keys()]) {
      this.#table.close(peer, performance.now());
      this.#closeSockets(peer);
    }
  }
}

/** Whether a session can go on with the sockets it has. */
function isSamePath(left: BfdSessionConfig, right: BfdSessionConfig): boolean {
  return (['localAddress', 'interface', 'multihop', 'minTtl'] as const).every(
    (key) => left[key] === right[key],
  );
}
