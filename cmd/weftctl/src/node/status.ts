/** `weftctl node status`: the daemon, its readiness, and its BGP sessions in calicoctl's tables. */
import type { BgpPeer, BgpPeers, DaemonStatus, NodeAddress } from '@weft/control';
import type { Report } from '../failure.ts';
import type { OutputFormat, WhereOptions } from '../options.ts';
import { printBoxedTable } from '../print/boxed-table.ts';
import { paintForStdout } from '../print/colour.ts';
import { printStructured } from '../print/structured.ts';
import { type Cell, type Paint, plain } from '../print/table.ts';
import { askNodes } from './ask.ts';
import { clockTime, since } from './time.ts';

/** What one daemon says about itself and its peers. */
export interface NodeStatus {
  readonly status: DaemonStatus;
  readonly bgp: BgpPeers;
}

/** Asks the daemons and prints. */
export async function nodeStatus(
  node: string | undefined,
  options: WhereOptions & { readonly output: OutputFormat },
): Promise<Report> {
  const { answers, failures } = await askNodes(options, node, async (client) => ({
    status: await client.status(),
    bgp: await client.bgpPeers(),
  }));
  const values = answers.map(({ value }) => value);
  const { output } = options;
  const text =
    output === 'json' || output === 'yaml'
      ? await printStructured({ nodes: values }, output)
      : values
          .map((value) => printNodeStatus(value, output === 'wide', new Date(), paintForStdout()))
          .join('\n\n');
  return { text, failures };
}

/** One node's status as text. */
export function printNodeStatus(
  { status, bgp }: NodeStatus,
  wide: boolean,
  now: Date,
  paint: Paint = plain,
): string {
  const tables = (['IPv4', 'IPv6'] as const).map((family) => {
    const peers = bgp.peers.filter((peer) => peer.address.includes(':') === (family === 'IPv6'));
    const table = peers.length === 0 ? `No ${family} peers found.` : printPeers(peers, wide, now, paint);
    return `${family} BGP status\n${table}`;
  });
  return [...describeDaemon(status, bgp, paint), '', tables.join('\n\n')].join('\n');
}

function describeDaemon(status: DaemonStatus, bgp: BgpPeers, paint: Paint): string[] {
  const { datastore, readiness } = status;
  const sync = `${datastore.inSync ? '' : 'not '}in sync${datastore.detail ? `: ${datastore.detail}` : ''}`;
  return [
    `weftd is running on ${status.node}: version ${status.version}, pid ${status.pid}, since ${clockTime(status.since)}.`,
    `AS ${bgp.asn}, BGP identifier ${bgp.bgpIdentifier}. Datastore ${datastore.type} ${datastore.location}, ${sync}.`,
    ...status.addresses.map(describeAddress),
    readiness.ok ? paint('good', 'Ready.') : paint('bad', `Not ready: ${readiness.reasons.join(' ')}`),
  ];
}

function describeAddress({ address, family, reason }: NodeAddress): string {
  return `IPv${family} address ${address ?? 'none'}: ${reason}.`;
}

function printPeers(peers: readonly BgpPeer[], wide: boolean, now: Date, paint: Paint): string {
  const headings = ['Peer address', 'Peer type', 'State', 'Since', 'Info'];
  const more = ['Node', 'ASN', 'Families', 'Received', 'Advertised', 'Times up', 'BFD'];
  const rows = peers.map((peer) => [...shortRow(peer, now), ...(wide ? wideCells(peer) : [])]);
  return printBoxedTable(wide ? [...headings, ...more] : headings, rows, paint);
}

/** STATE is BIRD's word, as calicoctl shows it; INFO begins with the state of RFC 4271. */
function shortRow(peer: BgpPeer, now: Date): Cell[] {
  const up = peer.state === 'Established';
  return [
    peer.address,
    peer.type,
    up ? { text: 'up', tone: 'good' } : { text: 'start', tone: 'bad' },
    since(peer.since, now),
    peer.info === '' ? peer.state : `${peer.state} ${peer.info}`,
  ];
}

function wideCells(peer: BgpPeer): Cell[] {
  return [
    peer.node ?? '-',
    String(peer.asn),
    peer.families.join(',') || '-',
    String(peer.counters.prefixesReceived),
    String(peer.counters.prefixesAdvertised),
    String(peer.counters.established),
    bfdCell(peer),
  ];
}

/** The state and how fast it would be another, or why it is not Up. */
function bfdCell({ bfd }: BgpPeer): Cell {
  if (bfd === undefined) return '-';
  const { detectionTimeMs, diagnostic, state } = bfd;
  if (state === 'Up') return { text: `Up ${Math.round(detectionTimeMs ?? 0)}ms`, tone: 'good' };
  return { text: [state, diagnostic].filter(Boolean).join(' '), tone: 'bad' };
}
