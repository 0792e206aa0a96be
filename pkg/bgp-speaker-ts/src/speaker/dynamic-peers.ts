/**
 * Dynamic neighbours: peers nobody has named, that connect from inside a configured prefix.
 *
 *     accepted ─▶ longest prefix around the address ─▶ room left? ── no ──▶ Cease / Connection Rejected (RFC 4486 §4)
 *                                                          └─ yes ─▶ a passive neighbour, as long as there is a reason
 *
 * The reasons: a connection; stale routes that wait for the neighbour to come back (RFC 4724, RFC 9494); a stop by an
 * administrator or a passed prefix limit, which would be no stop if the neighbour could come back as a new one. After
 * that the neighbour is removed with all that was known of it. So a dynamic neighbour has no damping: its next
 * connection costs what a stranger's costs.
 */

import type { Address, Prefix } from '@weft/ip';
import type { ConnectionId } from '../fsm/types.ts';
import { MAX_PEERS } from '../rib/peer-table.ts';
import { CeaseSubcode, ErrorCode } from '../wire/iana.ts';
import { encodeNotification } from '../wire/message/03-notification.ts';
import { addNeighbour, removeNeighbour } from './configure.ts';
import type { SpeakerCore } from './core.ts';
import type { Neighbour } from './neighbour.ts';
import { DEFAULT_MAX_PEERS } from './peer-book.ts';

/** Makes the neighbour for a connection of somebody without a name, or refuses the connection. */
export function admit(core: SpeakerCore, address: Address, connection: ConnectionId): Neighbour | undefined {
  const config = core.stopped ? undefined : core.book.find(address);
  if (config?.template === undefined) {
    core.emit({ kind: 'close', peer: address, connection });
    return undefined;
  }
  const { template, maxPeers = DEFAULT_MAX_PEERS } = config;
  if (!hasRoom(core, template, maxPeers)) {
    core.emit({ kind: 'send', peer: address, connection, bytes: CONNECTION_REJECTED });
    core.emit({ kind: 'close', peer: address, connection });
    core.emit({ kind: 'dynamic-peer-refused', peer: address, template });
    return undefined;
  }
  core.emit({ kind: 'dynamic-peer-added', peer: address, template });
  return addNeighbour(core, config);
}

/** Removes a dynamic neighbour for which no reason is left. */
export function dismissIfOver(core: SpeakerCore, neighbour: Neighbour): void {
  const { template } = neighbour.config;
  if (template === undefined || !isOver(core, neighbour)) return;
  removeNeighbour(core, neighbour);
  core.emit({ kind: 'dynamic-peer-removed', peer: neighbour.address, template });
}

/** An index stays taken until the paths of a removed peer are out of all tables. */
function hasRoom(core: SpeakerCore, template: Prefix, maxPeers: number): boolean {
  if (core.neighbours.size + core.retiredPeers.length >= MAX_PEERS) return false;
  return (core.dynamicCounts.get(template) ?? 0) < maxPeers;
}

/** In Active it only waits for a connection; in Idle it waits for nothing if its next start is due. */
function isOver(core: SpeakerCore, { fsm, staleDeadline, longLived }: Neighbour): boolean {
  if (staleDeadline !== undefined || longLived.size > 0) return false;
  return fsm.state === 'Active' || (fsm.state === 'Idle' && fsm.nextDeadline <= core.now);
}

const CONNECTION_REJECTED: Uint8Array = encodeNotification({
  code: ErrorCode.cease,
  subcode: CeaseSubcode.connectionRejected,
  data: new Uint8Array(0),
});
