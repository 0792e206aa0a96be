/** A plan as text: what it comes to first, then the details, risks last, where the eye rests. */
import type { AddressPlan, AlikeNodes, Plan, Risk, RoutePlan, SessionOutcome, SessionPlan } from '@weft/plan';
import { paintForStdout } from '../print/colour.ts';
import { type Cell, type Paint, printTable, type Tone } from '../print/table.ts';
import type { Change } from './plan.ts';

/** Rows of one table; who wants all asks for JSON. */
const MAX_ROWS = 40;
const MAX_LISTED = 4;
/** Risks of one rule, so that what a thousand nodes have in common hides nothing else. */
const MAX_OF_RULE = 8;

const TONES: Partial<Record<SessionOutcome, Tone>> = {
  opens: 'good',
  closes: 'bad',
  breaks: 'bad',
  fails: 'bad',
};

/** The text, without a final line break. */
export function renderPlan(changes: readonly Change[], plan: Plan, paint: Paint = paintForStdout()): string {
  const { addresses, alike, assumptions, nodes, peers, risks, sessions } = plan;
  const ofNodes = alike.length === 0 ? 'of the nodes' : 'of the other nodes';
  return [
    changes
      .map(({ done, object }) => `${object} would be ${done === 'unchanged' ? 'left as it is' : done}`)
      .join('\n'),
    ...(alike.length === 0 ? [] : ['Not looked at, since others stand for them:']),
    ...table(['NODES', '', 'DO AS'], alike.map(alikeRow), paint),
    `Sessions${alike.length === 0 ? '' : ' of the other nodes'}: ${summary(sessions, plan.unchangedSessions)}`,
    ...table(['', 'NODE', 'PEER', 'WHY'], sessions.map(sessionRow), paint),
    `Routes ${ofNodes}:${nodes.length === 0 ? ' as they are' : ''}`,
    ...table(['NODE', 'BEFORE', 'AFTER', 'LOST', 'GAINED', 'OTHER WAY'], nodes.map(routeRow), paint),
    ...(peers.length === 0 ? [] : ['What peers outside are told:']),
    ...table(['PEER', 'BEFORE', 'AFTER', 'LOST', 'GAINED', 'OTHER WAY'], peers.map(routeRow), paint),
    ...(addresses.length === 0 ? [] : ['Addresses in use:']),
    ...table(['ADDRESS', 'WORKLOAD', 'NODE', 'WHAT'], addresses.map(addressRow), paint),
    risks.length === 0 ? 'No risks found.' : 'Risks:',
    ...table(['', '', ''], riskRows(risks), paint),
    `Assumed: ${assumptions.join('; ')}.`,
  ].join('\n\n');
}

function summary(sessions: readonly SessionPlan[], unchanged: number): string {
  const kinds = ['opens', 'closes', 'resets', 'changes', 'breaks', 'fails'] as const;
  const counts = kinds.map(
    (kind) => [sessions.filter((session) => session.kind === kind).length, kind] as const,
  );
  const parts = counts
    .filter(([count]) => count > 0)
    .map(([count, kind]) => `${count} ${count === 1 ? kind : kind.slice(0, -1)}`);
  return [...parts, `${unchanged} as ${unchanged === 1 ? 'it is' : 'they are'}`].join(', ');
}

function alikeRow({ lookedAt, others }: AlikeNodes): Cell[] {
  return [`${others.length}`, listed(others), lookedAt.join(', ')];
}

function sessionRow({ kind, node, peer, reason }: SessionPlan): Cell[] {
  const tone = TONES[kind];
  return [tone === undefined ? kind : { text: kind, tone }, node, peer, reason];
}

function routeRow({ after, before, gained, lost, moved, name }: RoutePlan): Cell[] {
  return [
    name,
    `${before}`,
    `${after}`,
    lost.length === 0 ? '-' : { text: listed(lost), tone: 'bad' },
    listed(gained),
    listed(moved.map(({ from, prefix, to }) => `${prefix} (${from} -> ${to})`)),
  ];
}

function riskRows(risks: readonly Risk[]): Cell[][] {
  return [...Map.groupBy(risks, ({ rule }) => rule)].flatMap(([rule, all]) => {
    const title = { text: rule, tone: 'bad' } as const;
    const more = all.length - MAX_OF_RULE;
    return [
      ...all.slice(0, MAX_OF_RULE).map(({ object, text }) => [title, object, text]),
      ...(more > 0 ? [[title, `... and ${more} more (-o json has all)`, '']] : []),
    ];
  });
}

function listed(list: readonly string[]): string {
  if (list.length === 0) return '-';
  const shown = list.slice(0, MAX_LISTED).join(', ');
  return list.length <= MAX_LISTED ? shown : `${shown} and ${list.length - MAX_LISTED} more`;
}

function addressRow({
  address,
  leavesPools,
  node,
  reachableFrom,
  unreachableFrom,
  workload,
}: AddressPlan): Cell[] {
  const what = [
    ...(leavesPools ? ['in no pool any more'] : []),
    ...(unreachableFrom.length === 0 ? [] : [`not reached from ${listed(unreachableFrom)}`]),
    ...(reachableFrom.length === 0 ? [] : [`reached from ${listed(reachableFrom)}`]),
  ];
  return [address, workload, node, what.join('; ')];
}

function table(headings: readonly string[], rows: readonly Cell[][], paint: Paint): string[] {
  if (rows.length === 0) return [];
  const [, ...lines] = printTable(headings, rows.slice(0, MAX_ROWS), paint).split('\n');
  const heading = headings.every((text) => text === '')
    ? []
    : [printTable(headings, rows.slice(0, MAX_ROWS)).split('\n')[0]];
  const more = rows.length > MAX_ROWS ? [`... and ${rows.length - MAX_ROWS} more (-o json has all)`] : [];
  return [[...heading, ...lines, ...more].map((line) => `  ${line}`).join('\n')];
}
