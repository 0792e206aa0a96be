/** The figures of a simulation as Markdown. */
import type { SimulatedFigures } from './one-point.ts';

interface Column {
  readonly heading: string;
  readonly cell: (point: SimulatedFigures) => string;
}

const NAMES: Readonly<Record<string, string>> = {
  mesh: 'mesh',
  reflectors: '3 reflectors',
};

const who: readonly Column[] = [
  { heading: 'nodes', cell: ({ nodes }) => count(nodes) },
  { heading: 'topology', cell: ({ topology }) => NAMES[topology ?? ''] ?? '' },
  {
    heading: 'whole nodes',
    cell: ({ nodes, whole, topology }) =>
      whole === nodes ? 'all' : `${count(whole)}${topology === 'mesh' ? '' : ' + reflectors'}`,
  },
];

const cost: readonly Column[] = [
  { heading: 'sessions of a node', cell: ({ nodeSessions }) => count(nodeSessions) },
  { heading: 'memory of its speaker', cell: ({ nodeKibibytes }) => mebibytes(nodeKibibytes) },
  { heading: 'processor for its start', cell: ({ nodeProcessorMs }) => milliseconds(nodeProcessorMs) },
  { heading: 'sessions of a reflector', cell: ({ reflectorSessions }) => count(reflectorSessions) },
  { heading: 'memory', cell: ({ reflectorKibibytes }) => mebibytes(reflectorKibibytes) },
  { heading: 'processor', cell: ({ reflectorProcessorMs }) => milliseconds(reflectorProcessorMs) },
  {
    heading: 'sends',
    cell: ({ reflectorSentBytes: bytes }) =>
      bytes === undefined ? '–' : mebibytes(Math.round(Number(bytes) / 1024)),
  },
];

const events: readonly Column[] = [
  { heading: 'cold start', cell: ({ coldStartMs }) => milliseconds(coldStartMs) },
  { heading: 'writes of a node', cell: ({ nodeWrites }) => count(nodeWrites) },
  { heading: 'a node joins', cell: ({ joinMs }) => milliseconds(joinMs) },
  { heading: 'a host lost', cell: ({ lostSeconds }) => seconds(lostSeconds) },
  { heading: 'UPDATEs', cell: ({ lostUpdates }) => count(lostUpdates) },
  { heading: 'a reflector lost', cell: ({ reflectorLostSeconds }) => seconds(reflectorLostSeconds) },
  { heading: 'UPDATEs', cell: ({ reflectorLostUpdates }) => count(reflectorLostUpdates) },
  {
    heading: 'nodes that lacked a route',
    cell: ({ reflectorLostNodesWithGaps: gaps }) => count(gaps),
  },
];

/** Both tables, with a line that says what each is about. */
export function scaleTables(points: readonly SimulatedFigures[]): string {
  return [
    'What happens, in virtual time:',
    table([...who, ...events], points),
    'What it costs one node, and one reflector:',
    table([...who, ...cost], points),
  ].join('\n\n');
}

function table(columns: readonly Column[], points: readonly SimulatedFigures[]): string {
  const rows = [
    columns.map(({ heading }) => heading),
    ...points.map((point) => columns.map(({ cell }) => cell(point))),
  ];
  const widths = columns.map((_, at) => Math.max(...rows.map((row) => (row[at] ?? '').length)));
  const lines = rows.map((row) => `| ${row.map((cell, at) => cell.padEnd(widths[at] ?? 0)).join(' | ')} |`);
  const rule = `| ${widths.map((width) => '-'.repeat(width)).join(' | ')} |`;
  return [lines[0], rule, ...lines.slice(1)].join('\n');
}

type Value = number | string | undefined;

function count(value: Value): string {
  return value === undefined ? '–' : Number(value).toLocaleString('en');
}

function milliseconds(value: Value): string {
  if (value === undefined) return '–';
  return Number(value) < 10_000
    ? `${count(Math.round(Number(value)))} ms`
    : `${Math.round(Number(value) / 100) / 10} s`;
}

function seconds(value: Value): string {
  return value === undefined ? '–' : `${Math.round(Number(value))} s`;
}

function mebibytes(kibibytes: Value): string {
  return kibibytes === undefined ? '–' : `${count(Math.round(Number(kibibytes) / 102.4) / 10)} MiB`;
}
