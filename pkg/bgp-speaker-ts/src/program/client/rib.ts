/**
 * The command `rib`.
 */

import { type Invocation, usageError } from '../command-line.ts';
import type { InLine, LocLine, OutLine, RibTable } from '../protocol.ts';
import { askBytes, askLines, wantsJson } from './connection.ts';
import { print } from './output.ts';
import { cell, Table } from './table.ts';

type Row = (line: string) => readonly string[];

/** Columns and rows of each table. */
const VIEWS: Readonly<Record<RibTable, { readonly headings: readonly string[]; readonly row: Row }>> = {
  loc: {
    headings: ['PREFIX', 'NEXT HOP', 'FROM', 'LOCAL PREF', 'MED', 'AS PATH', ''],
    row: (line) => {
      const { prefix, best, attributes } = JSON.parse(line) as LocLine;
      const hops = best?.nextHops.map(({ address }) => address).join(' ');
      const from = best?.peer ?? best?.source;
      const stale = best?.stale === true ? 'stale' : '';
      return [
        prefix,
        cell(hops),
        cell(from),
        cell(best?.localPref),
        cell(best?.med),
        cell(attributes.asPath),
        stale,
      ];
    },
  },
  in: {
    headings: ['PEER', 'PREFIX', 'NEXT HOP', 'LOCAL PREF', 'MED', 'AS PATH', ''],
    row: (line) => {
      const { peer, attributes, rejection, stale, best, ...route } = JSON.parse(line) as InLine;
      const marks = [
        ...(best ? ['best'] : []),
        ...(rejection === 'none' ? [] : [`rejected: ${rejection}`]),
        ...(stale ? ['stale'] : []),
      ];
      return [peer, named(route), ...shown(attributes), marks.join(', ')];
    },
  },
  out: {
    headings: ['PEER', 'PREFIX', 'NEXT HOP', 'LOCAL PREF', 'MED', 'AS PATH', 'COMMUNITIES'],
    row: (line) => {
      const { peer, attributes, ...route } = JSON.parse(line) as OutLine;
      const communities = [...(attributes.communities ?? []), ...(attributes.largeCommunities ?? [])].join(
        ' ',
      );
      return [peer, named(route), ...shown(attributes), cell(communities)];
    },
  },
};

/** Lists a table. */
export async function rib(invocation: Invocation): Promise<void> {
  const json = wantsJson(invocation);
  const { table, peer } = readOperands(invocation);
  const query = new URLSearchParams({ table, ...(peer === undefined ? {} : { peer }) });
  for (const name of ['family', 'prefix']) {
    const value = invocation.option(name);
    if (value !== undefined) query.set(name, value);
  }
  if (invocation.has('longer')) {
    if (!query.has('prefix')) throw usageError({ name: 'rib' }, '--longer needs --prefix');
    query.set('longer', 'true');
  }
  const path = `/v1/rib?${query}`;
  if (json) {
    for await (const bytes of askBytes(invocation, path)) await print(bytes);
    return;
  }
  const { headings, row } = VIEWS[table];
  const printed = new Table(headings);
  for await (const line of askLines(invocation, path)) {
    printed.add(...row(line));
    if (printed.isFull) await printed.flush();
  }
  await printed.flush();
}

function readOperands({ operands }: Invocation): { table: RibTable; peer: string | undefined } {
  const [table = 'loc', peer] = operands;
  if (table !== 'in' && table !== 'loc' && table !== 'out') {
    throw usageError({ name: 'rib' }, `TABLE is in, loc or out, and not "${table}"`);
  }
  if (table === 'loc' && peer !== undefined)
    throw usageError({ name: 'rib' }, 'loc is one table for all peers');
  return { table, peer };
}

function named({ prefix, pathId }: { prefix: string; pathId: number }): string {
  return pathId === 0 ? prefix : `${prefix} path ${pathId}`;
}

function shown({ nextHop, localPref, med, asPath }: InLine['attributes']): string[] {
  return [cell(nextHop), cell(localPref), cell(med), cell(asPath)];
}
