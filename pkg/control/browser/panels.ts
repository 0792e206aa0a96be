/** What is beside and below the map: a node, the pools, its routes, and why one of them is as it is. */
import type { Block, Explanation, Look, Pool, Route } from './api.ts';
import { type Cell, facts, html, type Row, table } from './dom.ts';

/** How many routes a table shows; a filter finds the others. */
const MOST_ROUTES = 500;

/** A node and its sessions. */
export function nodePanel({ askedAt, bgp, name, problem, status }: Look): HTMLElement[] {
  const title = html('h2', {}, name);
  if (askedAt === undefined) return [title, html('p', { class: 'dim' }, 'It was not asked yet.')];
  if (status === undefined || bgp === undefined)
    return [title, html('p', { class: 'bad' }, problem ?? 'It does not answer.')];
  const { addresses, datastore, readiness, since, version } = status;
  return [
    title,
    facts([
      [
        'ready',
        readiness.ok
          ? html('span', { class: 'good' }, 'yes')
          : html('span', { class: 'bad' }, readiness.reasons.join('; ')),
      ],
      ['addresses', addresses.flatMap(({ address }) => address ?? []).join(', ') || 'none'],
      ['AS, BGP Identifier', `${bgp.asn}, ${bgp.bgpIdentifier}`],
      [
        'datastore',
        `${datastore.type} ${datastore.location}, ${[datastore.inSync ? 'in sync' : 'not in sync', ...(datastore.detail ? [datastore.detail] : [])].join('; ')}`,
      ],
      ['weftd', `${version}, since ${clock(since)}`],
    ]),
    table(
      ['Peer', 'Type', 'State', 'Since', 'Received', 'Advertised', ''],
      bgp.peers.map(({ address, counters, info, node, since: sessionSince, state, type }) => ({
        cells: [
          node === undefined ? address : `${node} (${address})`,
          type,
          { text: state, look: state === 'Established' ? 'good' : 'bad' },
          clock(sessionSince),
          String(counters.prefixesReceived),
          String(counters.prefixesAdvertised),
          info,
        ],
      })),
    ),
  ];
}

/** Says that a list is not whole, where it is not. */
export function restOf(rest: number): HTMLElement[] {
  return rest > 0 ? [html('p', { class: 'dim' }, `and ${rest} more: filter them`)] : [];
}

/** Each pool with its blocks. */
export function poolPanel(pools: readonly Pool[], blocks: readonly Block[]): HTMLElement[] {
  return pools.map(({ cidr, name, unusable }) => {
    const own = blocks.filter(({ pool }) => pool === name);
    const used = own.reduce((sum, block) => sum + block.used, 0);
    const says = `${used} addresses in ${own.length} ${own.length === 1 ? 'block' : 'blocks'}`;
    return html(
      'div',
      { class: 'pool' },
      html(
        'p',
        {},
        html('strong', {}, name),
        ` ${cidr} `,
        html('span', { class: 'dim' }, unusable === undefined ? says : `${says}; ${unusable}`),
      ),
      html('div', { class: 'blocks' }, ...own.map(drawBlock)),
    );
  });
}

function drawBlock({ cidr, node, size, used }: Block): HTMLElement {
  const title = `${cidr}: ${used} of ${size} addresses in use, ${node === undefined ? 'of no node' : `of ${node}`}`;
  const style = `--use: ${size === 0 ? 0 : used / size}`;
  return html('i', {
    class: node === undefined ? 'block nobody' : 'block',
    style,
    title,
    role: 'img',
    'aria-label': title,
  });
}

/** Routes that contain the text, each with its reason. */
export function routePanel(routes: readonly Route[], filter: string): HTMLElement[] {
  const shown = routes.filter((route) => textOf(route).includes(filter.toLowerCase()));
  return [
    table(['Prefix', 'Via', 'State', 'Reason'], shown.slice(0, MOST_ROUTES).map(routeRow)),
    ...restOf(shown.length - MOST_ROUTES),
  ];
}

function textOf({ detail = '', prefix, reason, via }: Route): string {
  const ways = via.map(({ gateway = '', interface: name }) => `${gateway} ${name}`);
  return `${prefix} ${ways.join(' ')} ${reason} ${detail}`.toLowerCase();
}

function routeRow({ detail, prefix, reason, state, type, via }: Route): Row {
  const ways = via.map(({ gateway, interface: name }) =>
    gateway === undefined ? name : `${gateway} ${name}`,
  );
  return {
    pick: prefix,
    cells: [
      { text: prefix, look: 'code' },
      { text: type === 'unicast' ? ways.join(', ') : type, look: 'code' },
      { text: state, look: state === 'in-kernel' ? 'good' : 'bad' },
      detail === undefined ? reason : `${detail}; ${reason}`,
    ],
  };
}

/** Why a destination is as it is on a node. */
export function explanationPanel(
  target: string,
  { affinities, announcements, node, pools, prefixes }: Explanation,
): HTMLElement[] {
  return [
    html('h2', {}, `Why ${target} is as it is on ${node}`),
    facts([
      [
        'pool',
        pools
          .map(
            ({ cidr, name, unusable }) => `${name} (${cidr})${unusable === undefined ? '' : `: ${unusable}`}`,
          )
          .join(', ') || 'none',
      ],
      [
        'block',
        affinities.map(({ block, node: owner, state }) => `${block} of ${owner}, ${state}`).join(', ') ||
          'none that this node knows of',
      ],
      [
        'announced here',
        announcements
          .map(({ announced, prefix, reason }) => `${prefix}: ${announced ? 'yes' : 'no'}, ${reason}`)
          .join('; ') || 'no',
      ],
    ]),
    ...prefixes.flatMap((known) => [
      html('h3', {}, `Paths to ${known.prefix}`),
      ...(known.noRoute === undefined
        ? []
        : [html('p', { class: 'bad' }, `no route in the kernel: ${known.noRoute}`)]),
      table(
        ['From', 'Next hop', 'Chosen', 'Decided by'],
        known.paths.map((path) => ({
          cells: [
            path.peer ?? 'this node',
            { text: path.nextHop ?? '–', look: 'code' },
            chosen(path),
            decidedBy(path),
          ],
        })),
      ),
      html('h3', {}, `Who is told of ${known.prefix}`),
      table(
        ['Peer', 'Told', 'Rule'],
        known.exports.map(({ peer, rule, told }) => ({
          cells: [peer, { text: told ? 'yes' : 'no', look: told ? 'good' : 'dim' }, rule],
        })),
      ),
    ]),
  ];
}

type Path = Explanation['prefixes'][number]['paths'][number];

function chosen({ best, multipath }: Path): Cell {
  if (best) return { text: 'best', look: 'good' };
  return multipath ? { text: 'beside the best', look: 'good' } : { text: 'no', look: 'dim' };
}

function decidedBy({ importRule, lost }: Path): string {
  if (lost === undefined) return importRule ?? '';
  if (lost.kind !== 'decision') return `${lost.kind}${lost.rule === undefined ? '' : `: ${lost.rule}`}`;
  return `${lost.step}: ${lost.value} against ${lost.againstValue}`;
}

function clock(when: string): string {
  return new Date(when).toLocaleTimeString();
}
