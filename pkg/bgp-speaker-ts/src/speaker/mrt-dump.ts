/**
 * A table dump of this speaker: its neighbours as the peers of the dump, and itself as the first of them.
 */

import type { Address } from '@weft/ip';
import type { DumpPeer } from '../mrt/peer-index-table.ts';
import { type DumpTable, dumpTables } from '../mrt/table-dump.ts';
import { LOCAL_PEER } from '../rib/peer-table.ts';
import type { SpeakerCore } from './core.ts';
import { toIdentifier } from './session-config.ts';

/** What is dumped, and when it is. */
export interface MrtDumpRequest {
  /** Every path as it was received, or the selected path of each prefix after import policy. */
  readonly table: DumpTable;
  /** Now, in ms since 1970. */
  readonly unixMs: number;
  /** Now, on the clock of the events. */
  readonly now: number;
}

/** Routes of this speaker come from a peer without an address. */
const NOBODY = '0.0.0.0' as Address;

/** Dumps the RIBs in chunks of whole records; see `mrt/table-dump.ts` for what they are consistent with. */
export function dumpMrt(core: SpeakerCore, request: MrtDumpRequest): Generator<Uint8Array, void> {
  const { config, tables, byIndex } = core;
  const neighbours = [...core.neighbours.values()];
  const positions = new Map(neighbours.map((neighbour, index) => [neighbour, index + 1]));
  const collectorIdentifier = toIdentifier(config.identifier);
  const self: DumpPeer = { address: NOBODY, asn: config.asn, identifier: collectorIdentifier };
  const peers = neighbours.map(
    ({ address, index, asn = 0 }): DumpPeer => ({
      address,
      asn,
      identifier: tables.peers.identifiers[index] as number,
    }),
  );
  return dumpTables(tables, {
    table: request.table,
    collectorIdentifier,
    peers: [self, ...peers],
    positionOf: (peer) => {
      const neighbour = byIndex[peer];
      return peer === LOCAL_PEER ? 0 : neighbour === undefined ? -1 : (positions.get(neighbour) ?? -1);
    },
    unixSeconds: Math.floor(request.unixMs / 1000),
    epochSeconds: Math.floor((request.unixMs - request.now) / 1000),
  });
}
