/**
 * Which configuration an address belongs to: that of the peer with this address, or else that of the longest prefix
 * around it whose neighbours are dynamic.
 */

import { type Address, type Prefix, PrefixTrie } from '@weft/ip';
import type { PeerConfig } from './config.ts';

/** Most dynamic neighbours of one prefix, unless configured. */
export const DEFAULT_MAX_PEERS = 100;

/** The configuration of one neighbour: its own, or that of its prefix with its address in place of it. */
export interface NeighbourConfig extends PeerConfig {
  readonly address: Address;
  /** The prefix a dynamic neighbour was taken by. */
  readonly template?: Prefix | undefined;
}

/** Says whether a peer stands for all who connect from inside a prefix. */
export function isTemplate(peer: PeerConfig): peer is PeerConfig & { readonly address: Prefix } {
  return peer.address.includes('/');
}

/** The peers of a configuration by address. */
export class PeerBook {
  readonly #exact: ReadonlyMap<Address, NeighbourConfig>;
  readonly #templates: PrefixTrie<PeerConfig> = new PrefixTrie();

  constructor(peers: readonly PeerConfig[]) {
    this.#exact = new Map(peers.filter(isExact).map((peer) => [peer.address, peer]));
    for (const peer of peers) if (isTemplate(peer)) this.#templates.set(peer.address, peer);
  }

  /** Peers with an address of their own, in the order of the configuration. */
  get exact(): Iterable<NeighbourConfig> {
    return this.#exact.values();
  }

  /** Whether there may be neighbours nobody can name before they connect. */
  get isOpen(): boolean {
    return this.#templates.size > 0;
  }

  /** Gives the configuration for an address; dynamic neighbours are passive. */
  find(address: Address): NeighbourConfig | undefined {
    const exact = this.#exact.get(address);
    if (exact !== undefined) return exact;
    const entry = this.#templates.longestMatch(address);
    return entry === undefined
      ? undefined
      : { ...entry.value, address, passive: true, template: entry.prefix };
  }
}

function isExact(peer: PeerConfig): peer is NeighbourConfig {
  return !isTemplate(peer);
}
