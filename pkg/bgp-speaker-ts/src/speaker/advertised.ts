/**
 * How far a prefix has come on its way to the peers.
 */

import type { Address, Prefix } from '@weft/ip';
import type { ConnectionId } from '../fsm/types.ts';
import { NO_PATH } from '../rib/path-table.ts';
import { familyOfPrefix, findPrefix } from '../rib/tables.ts';
import type { SpeakerCore } from './core.ts';

/** A peer whose UPDATEs with the prefix have been given to its connection. */
export interface ToldPeer {
  readonly peer: Address;
  readonly connection: ConnectionId;
}

/** The peers of a prefix's family, by what they know of it; none behind us, by which nobody finds the way to us. */
export interface Advertisement {
  /** Established, and told. */
  readonly told: readonly ToldPeer[];
  /** Established, and about to be told: it catches up, or the route is not selected yet. */
  readonly pending: readonly Address[];
  /** Without a session. */
  readonly absent: readonly Address[];
}

/** Says who has been told a prefix. A peer in no list is Established and not told: policy, or it is the source. */
export function advertisement(core: SpeakerCore, prefix: Prefix): Advertisement {
  const family = familyOfPrefix(prefix);
  const rib = core.tables.ribs[family];
  const id = findPrefix(rib.prefixes, prefix);
  const isSelected = id >= 0 && rib.usableBest(id) !== NO_PATH;
  const told: ToldPeer[] = [];
  const pending: Address[] = [];
  const absent: Address[] = [];
  for (const { address: peer, config, session } of core.neighbours.values()) {
    if (config.behindUs === true || !config.families.includes(family)) continue;
    const place = session?.groups.get(family);
    if (session === undefined) absent.push(peer);
    else if (place === undefined) continue;
    else if (!isSelected || !place.group.isComplete) pending.push(peer);
    else if (!place.group.tells(place.member, id)) continue;
    else if (place.member.pending.has(id)) pending.push(peer);
    else told.push({ peer, connection: session.connection });
  }
  return { told, pending, absent };
}
