/** `weftctl routes` and `weftctl rib`: lists that every daemon answers in pages, as one table over all nodes. */
import type { ControlClient, Page, PageQuery, RibRoute, RouteStatus } from '@weft/control';
import type { Report } from '../failure.ts';
import type { OutputFormat, WhereOptions } from '../options.ts';
import { paintForStdout } from '../print/colour.ts';
import { printStructured } from '../print/structured.ts';
import { type Cell, printTable } from '../print/table.ts';
import { askNodes, type NodeAnswer } from './ask.ts';

/** Options of both commands. */
export interface ListOptions extends WhereOptions {
  readonly output: OutputFormat;
  /** Items of one node that are shown at most. */
  readonly limit: number;
}

interface Shown<Item> {
  readonly items: readonly Item[];
  readonly total: number;
}

/** How a list becomes a table. */
interface View<Item> {
  readonly name: string;
  readonly headings: readonly string[];
  readonly wideHeadings: readonly string[];
  cells(item: Item, wide: boolean): Cell[];
}

/** Desired routes against the kernel's. */
export function routes(node: string | undefined, options: ListOptions): Promise<Report> {
  return showList(node, options, ROUTES, (client, query) => client.routes(query));
}

/** The Loc-RIB. */
export function rib(node: string | undefined, options: ListOptions): Promise<Report> {
  return showList(node, options, RIB, (client, query) => client.rib(query));
}

/** Columns of `routes`. */
export const ROUTES: View<RouteStatus> = {
  name: 'routes',
  headings: ['PREFIX', 'VIA', 'DEV', 'STATE', 'REASON'],
  wideHeadings: ['PREFIX', 'VIA', 'DEV', 'METRIC', 'CLASS', 'STATE', 'REASON', 'DETAIL'],
  cells: (route, wide) => {
    const state: Cell = { text: route.state, tone: route.state === 'in-kernel' ? 'good' : 'bad' };
    const start = [route.prefix, via(route), device(route)];
    if (!wide) return [...start, state, route.detail ?? route.reason];
    const { metric, class: routeClass = '-', reason, detail = '-' } = route;
    return [...start, String(metric), routeClass, state, reason, detail];
  },
};

/** Columns of `rib`. */
export const RIB: View<RibRoute> = {
  name: 'routes',
  headings: ['PREFIX', 'NEXTHOP', 'FROM', 'LOCALPREF', 'ASPATH', 'PATHS', 'REASON'],
  wideHeadings: [
    'PREFIX',
    'NEXTHOP',
    'FROM',
    'LOCALPREF',
    'MED',
    'ASPATH',
    'ORIGIN',
    'COMMUNITIES',
    'PATHS',
    'REASON',
  ],
  cells: ({ prefix, best, paths, reason }, wide) => {
    const preference = String(best.localPreference ?? '-');
    const from = `${best.peer ?? 'local'}${best.stale ? ' (stale)' : ''}`;
    const start = [prefix, best.nextHop ?? '-', from, preference];
    const end = [String(paths), reason];
    if (!wide) return [...start, best.asPath || '-', ...end];
    const more = [
      String(best.med ?? '-'),
      best.asPath || '-',
      best.origin,
      best.communities.join(',') || '-',
    ];
    return [...start, ...more, ...end];
  },
};

async function showList<Item>(
  node: string | undefined,
  options: ListOptions,
  view: View<Item>,
  fetchPage: (client: ControlClient, query: Partial<PageQuery>) => Promise<Page<Item>>,
): Promise<Report> {
  const { answers, failures } = await askNodes(options, node, (client) =>
    readUpTo(options.limit, (query) => fetchPage(client, query)),
  );
  const { output } = options;
  const text =
    output === 'json' || output === 'yaml'
      ? await printStructured({ nodes: answers.map(({ node, value }) => ({ node, ...value })) }, output)
      : listTable(answers, view, output === 'wide');
  return { text, failures, notes: answers.flatMap(cutNote) };
}

/** At most `limit` items, page after page, and how many there are. */
export async function readUpTo<Item>(
  limit: number,
  fetchPage: (query: Partial<PageQuery>) => Promise<Page<Item>>,
): Promise<Shown<Item>> {
  const { everyItem } = await import('@weft/control');
  let total = 0;
  const items: Item[] = [];
  const counted = async (query: Partial<PageQuery>): Promise<Page<Item>> => {
    const page = await fetchPage({ ...query, limit: Math.min(limit - items.length, query.limit ?? limit) });
    total = page.total;
    return page;
  };
  for await (const item of everyItem(counted)) {
    items.push(item);
    if (items.length >= limit) break;
  }
  return { items, total };
}

/** One table; the first column names the node when there are several. */
export function listTable<Item>(
  answers: readonly NodeAnswer<Shown<Item>>[],
  view: View<Item>,
  wide: boolean,
): string {
  if (answers.length === 0) return '';
  const several = answers.length > 1;
  const headings = wide ? view.wideHeadings : view.headings;
  const rows = answers.flatMap(({ node, value }) =>
    value.items.map((item) => [...(several ? [node] : []), ...view.cells(item, wide)]),
  );
  return printTable(several ? ['NODE', ...headings] : headings, rows, paintForStdout());
}

function cutNote({ node, value }: NodeAnswer<Shown<unknown>>): string[] {
  if (value.items.length >= value.total) return [];
  return [`${value.items.length} of ${value.total} on ${node}; --limit shows more.`];
}

function via({ type, via: hops }: RouteStatus): string {
  if (type !== 'unicast') return type;
  return hops.map(({ gateway }) => gateway ?? '-').join(',') || '-';
}

function device({ via: hops }: RouteStatus): string {
  return hops.map((hop) => hop.interface).join(',') || '-';
}
