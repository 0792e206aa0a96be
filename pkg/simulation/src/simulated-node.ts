/**
 * One node of a simulated network: a real speaker, and what an event loop and a kernel keep for it.
 */
import { type Address, type Family, familyOf } from '@weft/ip';
import type { ConnectionId, PeerConfig, Speaker, SpeakerConfig, SpeakerEvent } from 'bgp-speaker-ts';
import type { End } from './connection.ts';

/** What a node has for one address it speaks with. */
export interface PeerPlace {
  /** Absent for a stranger and for a dynamic neighbour. */
  config?: PeerConfig;
  readonly ends: End[];
  accepted: ConnectionId;
}

/** The node. */
export class SimulatedNode {
  readonly name: string;
  /** In the order in which nodes were added. */
  readonly index: number;
  readonly speaker: Speaker;
  /** As last given; the speaker learns of it in its next turn. */
  config: SpeakerConfig;
  readonly addresses: readonly Address[];
  readonly readsUpdates: boolean;
  readonly peers: Map<Address, PeerPlace> = new Map();
  /** Events that have come since its last turn. */
  inbox: SpeakerEvent[] = [];
  /** When its next tick comes, in ms. */
  tickAt: number = Number.POSITIVE_INFINITY;
  alive = true;

  constructor(
    identity: Pick<SimulatedNode, 'name' | 'index' | 'addresses' | 'readsUpdates'>,
    speaker: Speaker,
  ) {
    this.name = identity.name;
    this.index = identity.index;
    this.addresses = identity.addresses;
    this.readsUpdates = identity.readsUpdates;
    this.speaker = speaker;
    this.config = speaker.config;
  }

  /** Takes note of whom the configuration names. */
  configure(next: SpeakerConfig): void {
    this.config = next;
    for (const place of this.peers.values()) delete place.config;
    for (const config of next.peers) this.place(config.address as Address).config = config;
  }

  /** What there is for an address, made when there is nothing yet. */
  place(peer: Address): PeerPlace {
    const known = this.peers.get(peer);
    if (known !== undefined) return known;
    const place: PeerPlace = { ends: [], accepted: 0 };
    this.peers.set(peer, place);
    return place;
  }

  /** The address its connections to a peer come from. */
  sourceFor(peer: Address): Address | undefined {
    const family: Family = familyOf(peer);
    return (
      this.peers.get(peer)?.config?.localAddress ??
      this.addresses.find((address) => familyOf(address) === family)
    );
  }

  /** Its open end of a connection. */
  end(peer: Address, id: ConnectionId): End | undefined {
    return this.peers.get(peer)?.ends.find((end) => end.id === id);
  }

  /** Forgets an end. */
  drop(end: End): void {
    end.open = false;
    const ends = this.peers.get(end.peer)?.ends;
    const at = ends?.indexOf(end) ?? -1;
    if (at >= 0) ends?.splice(at, 1);
  }
}
