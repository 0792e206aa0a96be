/**
 * Speakers in one process, joined by queues instead of sockets, on a virtual clock.
 *
 * A node is named by its address. Bytes arrive in order and, unless a node is told to read slowly, at once; a turn
 * delivers what is queued and then lets every node flush, as an event loop would.
 */

import { type Address, address, prefix } from '@weft/ip';
import type { ConnectionId } from '../../fsm/types.ts';
import type { LocRibChange, PeerConfig, SpeakerConfig } from '../config.ts';
import type { SpeakerOptions } from '../core.ts';
import type { SpeakerAction, SpeakerEvent } from '../events.ts';
import type { ReceivedRoute } from '../listing.ts';
import type { NeighbourConfig } from '../peer-book.ts';
import { Speaker } from '../speaker.ts';

interface End {
  readonly node: string;
  readonly peer: string;
  readonly connection: ConnectionId;
}

interface Link {
  readonly ends: readonly [End, End];
  open: boolean;
}

/** One speaker and what it has said. */
export interface Node {
  readonly address: string;
  speaker: Speaker;
  /** Actions that are neither `send` nor about connections, oldest first. */
  readonly told: SpeakerAction[];
  /** Loc-RIB as built from the changes it has reported: prefix to next hops. */
  readonly routes: Map<string, LocRibChange>;
  /** Bytes it has sent in all. */
  sentBytes: number;
  /** Set to let bytes to this node pile up. */
  reading: boolean;
  alive: boolean;
}

const TURN_LIMIT = 100_000;

/** A network of speakers. */
export class Network {
  now = 0;
  readonly nodes: Map<string, Node> = new Map();
  /** Pairs `a b` that cannot reach each other. */
  readonly cut: Set<string> = new Set();
  /** What an unread byte counts when its sender is told, so that little data can stand for much. */
  weight = 1;
  /** Sees every event before it is handled. */
  tap: ((node: string, event: SpeakerEvent, now: number) => void) | undefined;

  #links: Link[] = [];
  #queue: { node: string; event: SpeakerEvent; link?: Link }[] = [];
  /** Bytes that wait for a slow reader. */
  #unread: { node: string; event: SpeakerEvent; link: Link; from: End; bytes: number }[] = [];
  readonly #accepted: Map<string, number> = new Map();
  readonly #seeds: Map<string, number> = new Map();

  /** Adds a node and starts it. */
  add(config: SpeakerConfig, options: Partial<SpeakerOptions> = {}, make?: MakeSpeaker): Node {
    const name = config.listen[0]?.address ?? config.identifier;
    const seed = this.#seeds.size + 1;
    this.#seeds.set(name, seed);
    const node: Node = {
      address: name,
      speaker: create(config, this.#options(seed, options), make),
      told: [],
      routes: new Map(),
      sentBytes: 0,
      reading: true,
      alive: true,
    };
    this.nodes.set(name, node);
    this.#perform(node);
    return node;
  }

  /** Gives a node by its address. */
  node(name: string): Node {
    const node = this.nodes.get(name);
    if (node === undefined) throw new Error(`no node ${name}`);
    return node;
  }

  /** Hands an event to a node; it takes effect in the next `run`. */
  send(name: string, event: SpeakerEvent): void {
    this.#queue.push({ node: name, event });
  }

  /** Ends a node at once: its connections break, as when the process is killed. */
  kill(name: string): void {
    this.node(name).alive = false;
    for (const link of this.#links) if (link.ends.some((end) => end.node === name)) this.#break(link, name);
  }

  /** Starts a killed node anew. */
  restart(name: string, config: SpeakerConfig, options: Partial<SpeakerOptions> = {}): Node {
    const node = this.node(name);
    node.alive = true;
    node.routes.clear();
    node.told.length = 0;
    node.speaker = new Speaker(config, this.#options((this.#seeds.get(name) ?? 0) + 100, options));
    for (const key of [...this.#accepted.keys()]) if (key.startsWith(`${name} `)) this.#accepted.delete(key);
    this.#perform(node);
    return node;
  }

  /** Stops a node in its tracks: its connections stay, but nothing comes from it any more. */
  freeze(name: string): void {
    this.node(name).alive = false;
  }

  /** Gives the number a node has for its connection to another. */
  connectionOf(name: string, other: string): ConnectionId {
    const ends = this.#links.flatMap((link) => link.ends);
    return ends.find((end) => end.node === name && end.peer === other)?.connection ?? 0;
  }

  /** Breaks all connections between two nodes, once. */
  disconnect(one: string, other: string): void {
    for (const link of this.#links) {
      const names = link.ends.map((end) => end.node);
      if (names.includes(one) && names.includes(other)) this.#break(link);
    }
  }

  /** Delivers and flushes until nothing is left to do at this time. */
  run(): void {
    for (let turn = 0; this.#turn(); turn += 1) {
      if (turn > TURN_LIMIT) throw new Error('the network does not come to rest');
    }
  }

  /** Lets time pass, with all timers that become due on the way. */
  advance(milliseconds: number): void {
    const end = this.now + milliseconds;
    this.run();
    for (let next = this.#nextDeadline(); next <= end; next = this.#nextDeadline()) {
      this.now = Math.max(this.now, next);
      for (const node of this.#living()) {
        if (node.speaker.nextDeadline <= this.now) this.send(node.address, { kind: 'tick' });
      }
      this.run();
    }
    this.now = end;
  }

  /** Lets a slow reader read what has piled up. */
  resume(name: string): void {
    this.node(name).reading = true;
    const arrived = this.#unread.filter((item) => item.node === name);
    this.#unread = this.#unread.filter((item) => item.node !== name);
    for (const { node, event, link, from } of arrived) {
      this.#queue.push({ node, event, link });
      this.#queue.push({
        node: from.node,
        event: { kind: 'outstanding', peer: address(from.peer), connection: from.connection, bytes: 0 },
        link,
      });
    }
  }

  #turn(): boolean {
    const queue = this.#queue;
    this.#queue = [];
    for (const { node, event, link } of queue) {
      if (link?.open === false && event.kind !== 'closed') continue;
      const target = this.node(node);
      if (target.alive) this.#handle(target, event);
    }
    let worked = queue.length > 0;
    for (const node of this.#living()) {
      if (queue.length === 0 && !node.speaker.hasWork) continue;
      this.#handle(node, { kind: 'flush' });
      worked = true;
    }
    return worked;
  }

  #handle(node: Node, event: SpeakerEvent): void {
    this.tap?.(node.address, event, this.now);
    node.speaker.handle(event, this.now);
    this.#perform(node);
  }

  #perform(node: Node): void {
    for (const action of node.speaker.takeActions()) {
      switch (action.kind) {
        case 'connect':
          this.#connect(node, action.peer, action.connection);
          break;
        case 'close':
          this.#close(node.address, action.peer, action.connection);
          break;
        case 'send':
          this.#transmit(node, action.peer, action.connection, action.bytes);
          break;
        default:
          note(node, action);
      }
    }
  }

  #connect(node: Node, peer: Address, connection: ConnectionId): void {
    const target = this.nodes.get(peer);
    const blocked = this.cut.has(`${node.address} ${peer}`) || this.cut.has(`${peer} ${node.address}`);
    if (target?.alive !== true || blocked) {
      this.send(node.address, { kind: 'connect-failed', peer, connection, error: 'ECONNREFUSED' });
      return;
    }
    const key = `${target.address} ${node.address}`;
    const accepted = (this.#accepted.get(key) ?? 0) + 2;
    this.#accepted.set(key, accepted);
    const near: End = { node: node.address, peer, connection };
    const far: End = { node: peer, peer: node.address, connection: accepted };
    const link: Link = { ends: [near, far], open: true };
    this.#links.push(link);
    for (const [end, kind] of [
      [near, 'connected'],
      [far, 'accepted'],
    ] as const) {
      const localAddress = address(end.node);
      const event = { kind, peer: address(end.peer), connection: end.connection, localAddress };
      this.#queue.push({ node: end.node, event, link });
    }
  }

  #close(node: string, peer: string, connection: ConnectionId): void {
    const link = this.#findLink(node, peer, connection);
    if (link !== undefined) this.#break(link, node);
  }

  #transmit(node: Node, peer: string, connection: ConnectionId, bytes: Uint8Array): void {
    node.sentBytes += bytes.length;
    const link = this.#findLink(node.address, peer, connection);
    if (link === undefined) return;
    const [from, to] = link.ends[0].node === node.address ? link.ends : [link.ends[1], link.ends[0]];
    const event: SpeakerEvent = {
      kind: 'received',
      peer: address(to.peer),
      connection: to.connection,
      bytes,
    };
    if (this.node(to.node).reading) this.#queue.push({ node: to.node, event, link });
    else this.#holdBack(to.node, event, link, from, bytes.length);
  }

  #holdBack(node: string, event: SpeakerEvent, link: Link, from: End, bytes: number): void {
    this.#unread.push({ node, event, link, from, bytes });
    const waiting = this.#unread
      .filter((item) => item.link === link)
      .reduce((sum, item) => sum + item.bytes, 0);
    this.#queue.push({
      node: from.node,
      event: {
        kind: 'outstanding',
        peer: address(from.peer),
        connection: from.connection,
        bytes: waiting * this.weight,
      },
      link,
    });
  }

  /** Ends a link; the side that ended it is not told. */
  #break(link: Link, by?: string): void {
    if (!link.open) return;
    link.open = false;
    this.#links = this.#links.filter((other) => other !== link);
    this.#unread = this.#unread.filter((item) => item.link !== link);
    const pending = this.#queue.filter((item) => item.link === link && item.event.kind === 'received');
    for (const item of pending) delete item.link;
    for (const end of link.ends) {
      if (end.node === by) continue;
      const event: SpeakerEvent = {
        kind: 'closed',
        peer: address(end.peer),
        connection: end.connection,
        error: 'ECONNRESET',
      };
      this.#queue.push({ node: end.node, event, link });
    }
  }

  #findLink(node: string, peer: string, connection: ConnectionId): Link | undefined {
    return this.#links.find(({ ends }) =>
      ends.some((end) => end.node === node && end.peer === peer && end.connection === connection),
    );
  }

  #living(): Node[] {
    return [...this.nodes.values()].filter((node) => node.alive);
  }

  #nextDeadline(): number {
    return Math.min(...this.#living().map((node) => node.speaker.nextDeadline));
  }

  #options(seed: number, options: Partial<SpeakerOptions>): SpeakerOptions {
    return { restarting: false, seed, now: this.now, reportRoutes: true, ...options };
  }
}

/** Makes another kind of speaker than the ordinary one. */
export type MakeSpeaker = (config: SpeakerConfig, options: SpeakerOptions) => Speaker;

function create(config: SpeakerConfig, options: SpeakerOptions, make?: MakeSpeaker): Speaker {
  return make === undefined ? new Speaker(config, options) : make(config, options);
}

function note(node: Node, action: SpeakerAction): void {
  node.told.push(action);
  if (action.kind !== 'loc-rib-changed') return;
  for (const change of action.changes) {
    if (change.best === undefined) node.routes.delete(change.prefix);
    else node.routes.set(change.prefix, change);
  }
}

/** A speaker with the defaults of the tests; its address is its identifier. */
export function speaker(
  name: string,
  asn: number,
  peers: readonly PeerConfig[],
  more: Partial<SpeakerConfig> = {},
): SpeakerConfig {
  return {
    asn,
    identifier: address(name),
    listen: [{ address: address(name), port: 179 }],
    holdTimeSeconds: 90,
    gracefulRestart: { restartTimeSeconds: 120 },
    peers,
    ...more,
  };
}

/** A peer with the defaults of the tests. */
export function peer(
  name: string,
  asn: number,
  more: Partial<Omit<PeerConfig, 'address'>> = {},
): NeighbourConfig {
  return {
    address: address(name),
    asn,
    passive: false,
    families: ['ipv4-unicast', 'ipv6-unicast'],
    nextHop: 'auto',
    nextHopAddresses: {},
    importPolicy: [],
    exportPolicy: [],
    ...more,
  };
}

/** Replaces the local routes of a node. */
export function originate(network: Network, name: string, ...prefixes: string[]): void {
  const routes = prefixes.map((text) => ({ prefix: prefix(text) }));
  network.send(name, { kind: 'set-local-routes', routes });
}

/** What a node routes, as it has reported: prefix to next hops, local routes to `local`. */
export function routesOf(network: Network, name: string): Record<string, string> {
  const routes = [...network.node(name).routes.values()].map(({ prefix: text, best }) => {
    const hops = best?.nextHops.map((hop) => hop.address).join(' ') ?? '';
    return [text, hops === '' ? 'local' : hops] as const;
  });
  return Object.fromEntries(routes.sort(([left], [right]) => (left < right ? -1 : 1)));
}

/** The Adj-RIB-In of a node from one peer, by prefix. */
export function receivedBy(network: Network, name: string, from: string): Map<string, ReceivedRoute> {
  const { speaker: machine } = network.node(name);
  const families = ['ipv4-unicast', 'ipv6-unicast'] as const;
  const routes = families.flatMap((family) => [...machine.adjRibIn(address(from), family)]);
  return new Map(
    routes.map((route) => [route.pathId === 0 ? route.prefix : `${route.prefix} ${route.pathId}`, route]),
  );
}

/** Actions of one kind a node has reported. */
export function toldBy<K extends SpeakerAction['kind']>(
  network: Network,
  name: string,
  kind: K,
): Extract<SpeakerAction, { kind: K }>[] {
  const { told } = network.node(name);
  return told.filter((action): action is Extract<SpeakerAction, { kind: K }> => action.kind === kind);
}
