/**
 * A network of real speakers in one process, in virtual time.
 *
 *     turn of a node:  inbox ─▶ Speaker.handle … flush ─▶ actions ─▶ timeline (bytes that arrive later, the next tick)
 *
 * A node gets its turn whenever something has arrived for it, reads all of it and flushes once, as weftd does in a turn
 * of its event loop. Computing takes no virtual time: what passes is what links and timers take. The same seed and the
 * same calls in the same order give the same network, byte for byte.
 *
 * Links carry every byte, late at worst: what is sent over one that is down waits until it is up again, as TCP would
 * send it again. Whoever connects over such a link, or with another password than the peer's, is not answered.
 */
import type { Address } from '@weft/ip';
import {
  BGP_PORT,
  type ConnectionId,
  type LocalRoute,
  Speaker,
  type SpeakerAction,
  type SpeakerConfig,
  type SpeakerEvent,
} from 'bgp-speaker-ts';
import { End } from './connection.ts';
import { type Latency, Links } from './links.ts';
import { SimulatedNode } from './simulated-node.ts';
import { Timeline } from './timeline.ts';
import { countTraffic, type Traffic, withoutUpdates } from './traffic.ts';

/** How a network is made. */
export interface NetworkOptions {
  /** Of all jitter and latencies. */
  readonly seed: number;
  readonly latencyMilliseconds: Latency;
  /** Sees all that is sent, when it is sent; the time is in ms. */
  readonly onSent?: (from: string, to: string, bytes: Uint8Array, now: number) => void;
  /** Sees every event before a speaker handles it: with them and its configuration its life can be played again alone. */
  readonly onEvent?: (name: string, event: SpeakerEvent, now: number) => void;
}

/** How a node is added. */
export interface NodeOptions {
  /** Whether it hears what its peers announce; one that does not costs little and is as loud. Default true. */
  readonly readsUpdates?: boolean;
}

/** What a run came to. */
export interface RunResult extends Readonly<Traffic> {
  /** Virtual time from its beginning to the last UPDATE that arrived, or session that began or ended, in ms. */
  readonly milliseconds: number;
  /** False if it was ended by its limit. */
  readonly quiet: boolean;
}

/** When a run ends. */
export interface QuietOptions {
  /** How long nothing may happen, in ms of virtual time; longer than the timers that are waited for. Default 10,000. */
  readonly quietMilliseconds?: number;
  /** Longest virtual time of the run, in ms. Default one hour. */
  readonly limitMilliseconds?: number;
}

/** The network; see the file comment. */
export class SimulatedNetwork {
  readonly #options: NetworkOptions;
  readonly #timeline = new Timeline();
  readonly #links: Links;
  readonly #nodes = new Map<string, SimulatedNode>();
  /** By address and port, each address on which a node can be reached. */
  readonly #listeners = new Map<string, SimulatedNode>();
  /** Nodes with something in their inbox. */
  #awake: SimulatedNode[] = [];
  /** What waits for a link that is down. */
  #stalled: { readonly from: SimulatedNode; readonly to: SimulatedNode; readonly arrive: () => void }[] = [];
  readonly #traffic: Traffic = { messages: 0, updates: 0, bytes: 0 };
  #now = 0;
  #lastNews = 0;
  #added = 0;

  constructor(options: NetworkOptions) {
    this.#options = options;
    this.#links = new Links(options.seed, options.latencyMilliseconds);
  }

  /** Virtual time since the network was made, in ms. */
  get now(): number {
    return this.#now;
  }

  /** The names of all nodes that run. */
  get names(): readonly string[] {
    return [...this.#nodes.keys()];
  }

  /** Starts a node. The first address of a family is where its connections come from, unless its configuration says. */
  add(
    name: string,
    config: SpeakerConfig,
    addresses: readonly Address[],
    { readsUpdates = true }: NodeOptions = {},
  ): void {
    if (this.#nodes.has(name)) throw new Error(`there is a node ${name} already`);
    const index = this.#added;
    this.#added += 1;
    const seed = Math.imul(this.#options.seed, 0x9e37_79b1) + index;
    const speaker = new Speaker(config, { restarting: false, seed, now: this.#now, reportRoutes: false });
    const node = new SimulatedNode({ name, index, addresses, readsUpdates }, speaker);
    this.#nodes.set(name, node);
    this.#take(node, config);
    this.#wake(node, { kind: 'flush' });
  }

  /** Ends a node without a word: the process is killed, and its host breaks its connections. */
  remove(name: string): void {
    const node = this.#node(name);
    node.alive = false;
    this.#nodes.delete(name);
    this.#stopListening(node);
    for (const { ends } of [...node.peers.values()])
      for (const end of [...ends]) this.#close(end, 'ECONNRESET');
  }

  /**
   * Switches the host of a node off: it says and answers nothing any more, and nobody is told. It may come back by `add`,
   * and is then nobody's peer of before.
   */
  switchOff(name: string): void {
    const node = this.#node(name);
    node.alive = false;
    this.#nodes.delete(name);
    this.#links.isolate(node);
  }

  /** Gives a node another configuration. */
  configure(name: string, config: SpeakerConfig): void {
    const node = this.#node(name);
    this.#stopListening(node);
    this.#take(node, config);
    this.#wake(node, { kind: 'configure', config });
  }

  /** Replaces the routes a node originates. */
  announce(name: string, routes: readonly LocalRoute[]): void {
    this.#wake(this.#node(name), { kind: 'set-local-routes', routes });
  }

  /** Takes the link between two nodes down. */
  cut(one: string, other: string): void {
    this.#links.cut(this.#node(one), this.#node(other));
  }

  /** Takes it up again. */
  heal(one: string, other: string): void {
    this.#links.heal(this.#node(one), this.#node(other));
    this.#resume();
  }

  /** Takes all links of a node down; it runs on alone. */
  isolate(name: string): void {
    this.#links.isolate(this.#node(name));
  }

  /** Takes them up again. */
  rejoin(name: string): void {
    this.#links.rejoin(this.#node(name));
    this.#resume();
  }

  /** Divides the network into sides that cannot reach each other; nodes named in none are a side. None: it is whole. */
  partition(...sides: readonly (readonly string[])[]): void {
    this.#links.partition(sides.map((names) => names.map((name) => this.#node(name))));
    this.#resume();
  }

  /** Lets virtual time pass, in ms. */
  runFor(milliseconds: number): RunResult {
    const end = this.#now + milliseconds;
    return this.#run(() => end, true);
  }

  /** Lets virtual time pass until nothing but keepalives has happened for a while. */
  runUntilQuiet({ quietMilliseconds = 10_000, limitMilliseconds = 3_600_000 }: QuietOptions = {}): RunResult {
    const limit = this.#now + limitMilliseconds;
    return this.#run(() => Math.min(this.#lastNews + quietMilliseconds, limit), false, limit);
  }

  /** The speaker of a node, to be looked at. */
  speaker(name: string): Speaker {
    return this.#node(name).speaker;
  }

  #run(end: () => number, exact: boolean, limit = Number.POSITIVE_INFINITY): RunResult {
    const start = this.#now;
    const before = { ...this.#traffic };
    this.#lastNews = start;
    this.#turns();
    while (this.#timeline.next <= end()) {
      this.#now = this.#timeline.next;
      for (const happen of this.#timeline.take()) happen();
      this.#turns();
    }
    this.#now = end();
    const { bytes, messages, updates } = this.#traffic;
    return {
      milliseconds: this.#lastNews - start,
      messages: messages - before.messages,
      updates: updates - before.updates,
      bytes: bytes - before.bytes,
      quiet: exact || this.#now < limit,
    };
  }

  #node(name: string): SimulatedNode {
    const node = this.#nodes.get(name);
    if (node === undefined) throw new Error(`there is no node ${name}`);
    return node;
  }

  #take(node: SimulatedNode, config: SpeakerConfig): void {
    node.configure(config);
    for (const { port } of config.listen)
      for (const address of node.addresses) this.#listeners.set(`${address} ${port}`, node);
  }

  #stopListening(node: SimulatedNode): void {
    for (const { port } of node.config.listen)
      for (const address of node.addresses) this.#listeners.delete(`${address} ${port}`);
  }

  #wake(node: SimulatedNode, event: SpeakerEvent): void {
    if (!node.alive) return;
    if (node.inbox.length === 0) this.#awake.push(node);
    node.inbox.push(event);
  }

  #turns(): void {
    while (this.#awake.length > 0) {
      const awake = this.#awake;
      this.#awake = [];
      for (const node of awake) if (node.alive) this.#turn(node);
    }
  }

  #turn(node: SimulatedNode): void {
    const { inbox, speaker } = node;
    node.inbox = [];
    for (const event of inbox) this.#handle(node, event);
    while (speaker.hasWork) this.#handle(node, { kind: 'flush' });
    for (const action of speaker.takeActions()) this.#perform(node, action);
    this.#scheduleTick(node);
  }

  #handle({ name, speaker }: SimulatedNode, event: SpeakerEvent): void {
    this.#options.onEvent?.(name, event, this.#now);
    speaker.handle(event, this.#now);
  }

  #scheduleTick(node: SimulatedNode): void {
    // A tick that comes too early does nothing, so timers that are moved on cost nothing here.
    const at = Math.max(Math.ceil(node.speaker.nextDeadline), this.#now + 1);
    if (at >= node.tickAt || at === Number.POSITIVE_INFINITY) return;
    node.tickAt = at;
    this.#timeline.add(at, () => {
      if (node.tickAt !== at) return;
      node.tickAt = Number.POSITIVE_INFINITY;
      this.#wake(node, { kind: 'tick' });
    });
  }

  #perform(node: SimulatedNode, action: SpeakerAction): void {
    switch (action.kind) {
      case 'connect':
        this.#connect(node, action.peer, action.connection);
        return;
      case 'close': {
        const end = node.end(action.peer, action.connection);
        if (end !== undefined) this.#close(end);
        return;
      }
      case 'send':
        this.#send(node, action.peer, action.connection, action.bytes);
        return;
      case 'peer-established':
      case 'peer-down':
        this.#lastNews = this.#now;
    }
  }

  /** A SYN, its answer, and the answer to that. */
  #connect(node: SimulatedNode, peer: Address, id: ConnectionId): void {
    const place = node.place(peer);
    const source = node.sourceFor(peer);
    const target = this.#listeners.get(`${peer} ${place.config?.port ?? BGP_PORT}`);
    const near = new End(node, peer, id);
    place.ends.push(near);
    if (target === undefined || source === undefined) {
      this.#timeline.add(this.#now + 1, () => this.#refuse(near));
      return;
    }
    const isAnswered = (): boolean =>
      this.#links.isUp(node, target) && passwordFor(node, peer) === passwordFor(target, source);
    if (!isAnswered()) return;
    const latency = this.#links.latency(node, target);
    this.#timeline.add(this.#now + 2 * latency, () => {
      if (!near.open || !isAnswered()) return;
      if (target.alive) this.#establish(near, target, source);
      else this.#refuse(near);
    });
  }

  #refuse(near: End): void {
    if (!near.open) return;
    near.node.drop(near);
    this.#wake(near.node, {
      kind: 'connect-failed',
      peer: near.peer,
      connection: near.id,
      error: 'ECONNREFUSED',
    });
  }

  #establish(near: End, target: SimulatedNode, source: Address): void {
    const place = target.place(source);
    place.accepted += 2;
    const far = new End(target, source, place.accepted);
    far.other = near;
    near.other = far;
    place.ends.push(far);
    this.#wake(near.node, {
      kind: 'connected',
      peer: near.peer,
      connection: near.id,
      localAddress: source,
    });
    this.#carry(near.node, target, () => {
      if (far.open)
        this.#wake(target, { kind: 'accepted', peer: source, connection: far.id, localAddress: near.peer });
    });
  }

  #send(node: SimulatedNode, peer: Address, id: ConnectionId, bytes: Uint8Array): void {
    const far = node.end(peer, id)?.other;
    if (far === undefined) return;
    const hasUpdate = countTraffic(this.#traffic, bytes) > 0;
    this.#options.onSent?.(node.name, far.node.name, bytes, this.#now);
    const heard = hasUpdate && !far.node.readsUpdates ? withoutUpdates(bytes) : [bytes];
    if (hasUpdate) this.#lastNews = this.#now;
    if (heard.length === 0) return;
    this.#carry(node, far.node, () => {
      if (!far.open) return;
      if (hasUpdate) this.#lastNews = this.#now;
      for (const chunk of heard)
        this.#wake(far.node, { kind: 'received', peer: far.peer, connection: far.id, bytes: chunk });
    });
  }

  /** Closes one end; the other learns of it when it can. */
  #close(end: End, error?: string): void {
    const { node, other } = end;
    node.drop(end);
    if (other === undefined) return;
    this.#carry(node, other.node, () => {
      if (!other.open) return;
      other.node.drop(other);
      this.#wake(other.node, { kind: 'closed', peer: other.peer, connection: other.id, error });
    });
  }

  #carry(from: SimulatedNode, to: SimulatedNode, arrive: () => void): void {
    if (!to.alive) return;
    if (this.#links.isUp(from, to)) this.#timeline.add(this.#now + this.#links.latency(from, to), arrive);
    else this.#stalled.push({ from, to, arrive });
  }

  #resume(): void {
    const stalled = this.#stalled;
    this.#stalled = [];
    for (const { from, to, arrive } of stalled) this.#carry(from, to, arrive);
  }
}

function passwordFor(node: SimulatedNode, peer: Address): string | undefined {
  return node.peers.get(peer)?.config?.password;
}
