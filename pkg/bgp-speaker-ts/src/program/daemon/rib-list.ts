/**
 * The tables of the speaker as lines: which one, of whom, and what of it.
 */

import { type Address, type Prefix, parsePrefix } from '@weft/ip';
import type { PrefixMatch } from '../../speaker/config.ts';
import type { BgpServer } from '../../transport/bgp-server.ts';
import { FAMILIES, type Family } from '../../wire/family.ts';
import { family, oneOf } from '../config/fields.ts';
import type { Failure } from '../failure.ts';
import type { RibLine, RibTable } from '../protocol.ts';
import type { Answer } from './daemon.ts';
import { unknownPeer } from './unknown-peer.ts';

/** What to list. */
export interface RibQuery {
  readonly table: RibTable;
  /** For `in` and `out`. */
  readonly peers: readonly Address[];
  readonly families: readonly Family[];
  readonly match?: PrefixMatch | undefined;
}

const table = oneOf('in', 'loc', 'out');

/** Reads the query of a request. */
export function readRibQuery(query: URLSearchParams, peers: readonly Address[]): Answer<RibQuery> {
  const failures: Failure[] = [];
  const read = <T>(name: string, reader: (value: string) => Checked<T>): T | undefined => {
    const value = query.get(name);
    if (value === null) return undefined;
    const result = reader(value);
    if (result.ok) return result.value;
    const message = `${name} ${result.reason}`;
    failures.push({ message, object: value, hint: '"bgp-speaker rib --help" says what there is' });
    return undefined;
  };
  const wanted = read('table', table.read) ?? 'loc';
  const one = read('family', family.read);
  const prefix = read<Prefix>('prefix', parsePrefix);
  const name = query.get('peer');
  const peer = peers.find((address) => address === name);
  if (name !== null && peer === undefined) failures.push(unknownPeer(name, peers));
  if (failures.length > 0) return { ok: false, failures };
  const operator = query.get('longer') === 'true' ? 'in' : 'equal';
  return {
    ok: true,
    value: {
      table: wanted,
      peers: peer === undefined ? peers : [peer],
      families: one === undefined ? FAMILIES : [one],
      match: prefix === undefined ? undefined : { operator, prefix },
    },
  };
}

type Checked<T> = { readonly ok: true; readonly value: T } | { readonly ok: false; readonly reason: string };

/** Lists routes, a batch for each peer and family. */
export function* listRib(server: BgpServer, query: RibQuery): Generator<Iterable<RibLine | undefined>> {
  const { match, families } = query;
  if (query.table === 'loc') {
    for (const one of families) yield server.selectedRoutes(one, match);
    return;
  }
  for (const peer of query.peers) {
    for (const one of families) {
      if (query.table === 'in') yield labelled(server.receivedRoutes(peer, one, match), peer, one);
      else yield labelled(server.sentRoutes(peer, one, match), peer, one);
    }
  }
}

function* labelled<T extends object>(
  routes: Iterable<T | undefined>,
  peer: Address,
  of: Family,
): Generator<(T & { peer: string; family: Family }) | undefined> {
  for (const route of routes) yield route && { peer, family: of, ...route };
}
