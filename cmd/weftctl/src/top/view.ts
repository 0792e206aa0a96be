/** The picture that `weftctl top` draws, from two looks at each daemon: pure text. */
import type { BgpPeer } from '@weft/control';
import { type Cell, type Paint, printTable } from '../print/table.ts';
import type { Sample, Silence } from './sample.ts';

/** What a picture is made of. */
export interface Picture {
  readonly now: Date;
  readonly looks: readonly (Sample | Silence)[];
  /** The looks before, by node; rates are dashes without them. */
  readonly before: ReadonlyMap<string, Sample>;
}

const NODE_HEADINGS = [
  'NODE',
  'READY',
  'UP',
  'SESSIONS',
  'ROUTES',
  'CONTAINERS',
  'HELD',
  'UPDATES/s',
  'ATTACH/s',
  'REPAIRS/s',
  'CPU',
  'MEMORY',
] as const;
const SESSION_HEADINGS = [
  'NODE',
  'PEER',
  'STATE',
  'FOR',
  'RECEIVED',
  'ADVERTISED',
  'UPDATES/s',
  'TIMES UP',
  'INFO',
];

/** The picture as lines. */
export function drawTop({ before, looks, now }: Picture, paint: Paint): string[] {
  const samples = looks.filter((look): look is Sample => 'totals' in look);
  const established = samples.flatMap(({ peers }) => peers).filter(isUp).length;
  const ready = samples.filter(({ readiness }) => readiness.ok).length;
  const sessions = samples.reduce((sum, { peers }) => sum + peers.length, 0);
  const rows = looks.map((look) =>
    'totals' in look
      ? nodeRow(look, before.get(look.node), now)
      : [look.node, { text: 'no answer', tone: 'bad' as const }, look.failures[0]?.what ?? ''],
  );
  const sessionRows = samples
    .flatMap((sample) => sample.peers.map((peer) => sessionOf(sample, peer, before.get(sample.node))))
    .sort(byInterest)
    .map((session) => sessionRow(session, now));
  return [
    `weft ${now.toISOString().slice(11, 19)} UTC   ${ready} of ${looks.length} nodes ready   ${established} of ${sessions} sessions up`,
    '',
    ...printTable(NODE_HEADINGS, rows, paint).split('\n'),
    '',
    ...(sessionRows.length === 0
      ? ['no BGP sessions']
      : printTable(SESSION_HEADINGS, sessionRows, paint).split('\n')),
  ];
}

function nodeRow(sample: Sample, earlier: Sample | undefined, now: Date): Cell[] {
  const { node, peers, readiness, routes, since, totals } = sample;
  const total = (name: string): number => totals.get(name) ?? 0;
  const rate = (name: string): string =>
    rateText(total(name), earlier && (earlier.totals.get(name) ?? 0), sample, earlier);
  const updates = sum(peers.map(updatesOf));
  const held = total('weft_fuse_held_routes');
  return [
    node,
    readiness.ok ? { text: 'yes', tone: 'good' } : { text: 'no', tone: 'bad' },
    ago(since, now),
    toned(peers.filter(isUp).length, peers.length),
    toned(routes.inKernel, routes.wanted),
    String(total('weft_active_local_endpoints')),
    held === 0 ? '-' : { text: String(held), tone: 'bad' },
    rateText(updates, earlier && sum(earlier.peers.map(updatesOf)), sample, earlier),
    rate('weft_endpoint_attach_seconds_count'),
    rate('weft_route_table_repairs_total'),
    cpuText(sample, earlier),
    `${Math.round(total('process_resident_memory_bytes') / 1024 / 1024)} MiB`,
  ];
}

interface Session {
  readonly node: string;
  readonly peer: BgpPeer;
  readonly rate: string;
}

function sessionOf(sample: Sample, peer: BgpPeer, earlier: Sample | undefined): Session {
  const same = earlier?.peers.find(({ address, port }) => address === peer.address && port === peer.port);
  const rate = rateText(updatesOf(peer), same && updatesOf(same), sample, earlier);
  return { node: sample.node, peer, rate };
}

/** What is wrong comes first, then what is busy. */
function byInterest(left: Session, right: Session): number {
  const trouble = Number(isUp(left.peer)) - Number(isUp(right.peer));
  return trouble || rank(right) - rank(left) || (nameOf(left) < nameOf(right) ? -1 : 1);
}

function rank({ rate }: Session): number {
  return rate === '-' ? 0 : Number(rate);
}

function nameOf({ node, peer }: Session): string {
  return `${node} ${peer.address}`;
}

function sessionRow({ node, peer, rate }: Session, now: Date): Cell[] {
  const { address, counters, info, node: peerNode, since, state } = peer;
  return [
    node,
    peerNode === undefined ? address : `${address} (${peerNode})`,
    { text: state, tone: isUp(peer) ? 'good' : 'bad' },
    ago(since, now),
    String(counters.prefixesReceived),
    String(counters.prefixesAdvertised),
    rate,
    String(counters.established),
    info,
  ];
}

function isUp({ state }: BgpPeer): boolean {
  return state === 'Established';
}

function updatesOf({ counters }: BgpPeer): number {
  return counters.updatesReceived;
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}

function toned(there: number, wanted: number): Cell {
  return { text: `${there}/${wanted}`, tone: there < wanted ? 'bad' : 'good' };
}

/** A counter that went back belongs to a daemon that has started again: no rate then. */
function rateText(
  value: number,
  earlierValue: number | undefined,
  { at }: Sample,
  earlier: Sample | undefined,
): string {
  if (earlier === undefined || earlierValue === undefined || value < earlierValue || at <= earlier.at)
    return '-';
  const rate = ((value - earlierValue) * 1000) / (at - earlier.at);
  return rate === 0 || rate >= 100 ? rate.toFixed(0) : rate.toFixed(1);
}

function cpuText(sample: Sample, earlier: Sample | undefined): string {
  const name = 'process_cpu_seconds_total';
  const used = sample.totals.get(name);
  const before = earlier?.totals.get(name);
  if (used === undefined || earlier === undefined || before === undefined || used < before) return '-';
  return `${(((used - before) * 100_000) / (sample.at - earlier.at)).toFixed(0)} %`;
}

/** How long ago, in the largest unit that fits: `42s`, `7m`, `3h`, `12d`. */
export function ago(when: string, now: Date): string {
  const seconds = Math.max(0, Math.floor((now.getTime() - Date.parse(when)) / 1000));
  if (seconds < 120) return `${seconds}s`;
  if (seconds < 2 * 3600) return `${Math.floor(seconds / 60)}m`;
  if (seconds < 2 * 86_400) return `${Math.floor(seconds / 3600)}h`;
  return `${Math.floor(seconds / 86_400)}d`;
}
