/**
 * Which next hop a route is told with. `auto` is what RFC 4271 §5.1.3 says, `self` and `keep` are what they are called:
 *
 *     route                         auto, internal    auto, external                             self     keep
 *     ────────────────────────────  ────────────────  ─────────────────────────────────────────  ───────  ─────────
 *     of this speaker               ours              ours                                       ours     ours
 *     of a peer                     unchanged         unchanged in a shared subnet, else ours    ours     unchanged
 *     of a peer behind us           ours              ours                                       ours     unchanged
 *
 * A peer behind us (a container of this host, say) and what it names as next hop is reached through this speaker alone, so
 * that next hop says nothing to others unless somebody asks to keep it.
 *
 * In a subnet that this speaker and the peer share, by configuration, the peer can send packets to the next hop itself
 * (third-party next hop). A peer is never told its own address (RFC 4271 §5.1.3): an address of a peer is passed on only
 * for routes of that peer, which never go back to it.
 *
 * An IPv6 next hop is a global address, with a link-local one behind it where speaker, peer and next hop share the
 * subnet (RFC 2545 §3). Without a global one it is of use on its own link alone, so it is not passed on, and ours stands
 * for it. IPv4 routes have an IPv6 next hop only if that was agreed on (RFC 8950 §4).
 */

import { addressFromBytes, containsAddress, type Prefix } from '@weft/ip';
import { LOCAL_PEER } from '../rib/peer-table.ts';
import type { Tables } from '../rib/tables.ts';
import type { ExportProfile } from './export-profile.ts';

/** Octets of an IPv6 address. */
const IPV6_BYTES = 16;

/** Chooses next hops under one profile; see the file comment. */
export class NextHopChoice {
  readonly #tables: Tables;
  readonly #profile: ExportProfile;
  readonly #own: Uint8Array | undefined;

  constructor(profile: ExportProfile, tables: Tables) {
    this.#tables = tables;
    this.#profile = profile;
    this.#own = profile.ownNextHop === undefined ? undefined : Uint8Array.from(profile.ownNextHop);
  }

  /**
   * Gives the octets of the next hop, 4, 16 or 32; undefined when there is none the peer can use.
   *
   * @param attributes id of the route's attributes
   * @param source index of the peer it comes from
   */
  choose(attributes: number, source: number): Uint8Array | undefined {
    const { nextHop, peerType } = this.#profile;
    if (source === LOCAL_PEER || nextHop === 'self') return this.#own;
    if (nextHop === 'auto' && this.#tables.peers.behindUs[source] === 1) return this.#own;
    const received = this.#tables.attributes.nextHop(attributes);
    if (!isPassable(received)) return this.#own;
    const direct = this.#isInSharedSubnet(received);
    if (nextHop === 'auto' && peerType === 'external') {
      if (!direct || this.#isOtherPeer(received, source)) return this.#own;
    }
    return this.#toFamily(received, direct);
  }

  #isInSharedSubnet(nextHop: Uint8Array): boolean {
    const { sharedSubnets } = this.#profile;
    if (sharedSubnets === undefined) return false;
    const address = addressFromBytes(nextHop.subarray(0, IPV6_BYTES));
    return sharedSubnets.some((subnet) => containsAddress(subnet as Prefix, address));
  }

  #isOtherPeer(nextHop: Uint8Array, source: number): boolean {
    const owner = this.#tables.peers.find(addressFromBytes(nextHop.subarray(0, IPV6_BYTES)));
    return owner !== undefined && owner !== source;
  }

  #toFamily(nextHop: Uint8Array, direct: boolean): Uint8Array | undefined {
    const { family, extendedNextHop } = this.#profile;
    if (nextHop.length === 4) return nextHop;
    if (family === 'ipv4-unicast' && !extendedNextHop) return undefined;
    return direct ? nextHop : nextHop.subarray(0, IPV6_BYTES);
  }
}

/** Whether a next hop means something off its own link: not fe80::/10, and not ::, which stands for "none". */
function isPassable(nextHop: Uint8Array): boolean {
  if (nextHop.length === 4) return true;
  const [first = 0, second = 0] = nextHop;
  if (first === 0xfe && (second & 0xc0) === 0x80) return false;
  for (let index = 0; index < IPV6_BYTES; index += 1) if (nextHop[index] !== 0) return true;
  return false;
}
