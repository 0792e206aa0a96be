/**
 * The plot of docs/scale.md: memory and processor time of one node's speaker against the size of the cluster, both axes
 * logarithmic. Every mark is a measured point and lines only join them. One SVG for light and dark pages.
 */
import type { SimulatedFigures } from './one-point.ts';

const PANEL = { width: 330, height: 240, left: 64, top: 46, gap: 88 } as const;
const WIDTH = PANEL.left + 2 * PANEL.width + PANEL.gap + 24;
const HEIGHT = PANEL.top + PANEL.height + 84;

interface Series {
  readonly name: string;
  readonly style: string;
  readonly topology: string;
  readonly of: 'node' | 'reflector';
}

const SERIES: readonly Series[] = [
  { name: 'node in a mesh', style: 'mesh', topology: 'mesh', of: 'node' },
  { name: 'node behind 3 reflectors', style: 'client', topology: 'reflectors', of: 'node' },
  { name: 'one of 3 reflectors', style: 'reflector', topology: 'reflectors', of: 'reflector' },
];

interface Panel {
  readonly title: string;
  readonly figure: 'Kibibytes' | 'ProcessorMs';
  readonly ticks: readonly (readonly [value: number, label: string])[];
}

const PANELS: readonly Panel[] = [
  {
    title: 'memory of the speaker',
    figure: 'Kibibytes',
    ticks: [
      [256, '256 KiB'],
      [1_024, '1 MiB'],
      [4_096, '4 MiB'],
      [16_384, '16 MiB'],
      [65_536, '64 MiB'],
    ],
  },
  {
    title: 'processor time, cold start',
    figure: 'ProcessorMs',
    ticks: [
      [1, '1 ms'],
      [10, '10 ms'],
      [100, '100 ms'],
      [1_000, '1 s'],
      [10_000, '10 s'],
      [100_000, '100 s'],
    ],
  },
];

const SIZES = [100, 500, 1_000, 5_000];

const STYLE = `
  svg { color: #1f2328; --mesh: #b3261e; --client: #0b62c4; --reflector: #7a3db8; background: #ffffff }
  @media (prefers-color-scheme: dark) {
    svg { color: #e6edf3; --mesh: #ff8a80; --client: #79b8ff; --reflector: #d2a8ff; background: #0d1117 }
  }
  text { font: 12px system-ui, sans-serif; fill: currentColor }
  .title { font-size: 14px; font-weight: 600 }
  .grid { stroke: currentColor; stroke-opacity: 0.16 }
  .axis { stroke: currentColor; stroke-opacity: 0.6 }
  polyline { fill: none; stroke-width: 2 }
  ${SERIES.map(({ style }) => `.${style} { stroke: var(--${style}); fill: var(--${style}) } polyline.${style} { fill: none }`).join('\n  ')}
`;

/** Draws the plot. */
export function plotScale(points: readonly SimulatedFigures[]): string {
  const panels = PANELS.map((panel, at) =>
    drawPanel(panel, PANEL.left + at * (PANEL.width + PANEL.gap), points),
  );
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${HEIGHT}" role="img" aria-label="Memory and processor time of one speaker against the number of nodes">
<style>${STYLE}</style>
${panels.join('\n')}
${legend(points)}
</svg>
`;
}

function drawPanel(
  { figure, ticks, title }: Panel,
  left: number,
  points: readonly SimulatedFigures[],
): string {
  const x = scale(SIZES[0] ?? 1, SIZES.at(-1) ?? 1, left + 12, left + PANEL.width - 12);
  const y = scale(ticks[0]?.[0] ?? 1, ticks.at(-1)?.[0] ?? 1, PANEL.top + PANEL.height, PANEL.top);
  const bottom = PANEL.top + PANEL.height;
  const right = left + PANEL.width;
  return [
    `<text class="title" x="${left}" y="${PANEL.top - 20}">${title}</text>`,
    ...ticks.flatMap(([value, label]) => [
      `<line class="grid" x1="${left}" x2="${right}" y1="${y(value)}" y2="${y(value)}"/>`,
      `<text x="${left - 8}" y="${y(value) + 4}" text-anchor="end">${label}</text>`,
    ]),
    ...SIZES.map(
      (size) =>
        `<text x="${x(size)}" y="${bottom + 18}" text-anchor="middle">${size.toLocaleString('en')}</text>`,
    ),
    `<line class="axis" x1="${left}" x2="${right}" y1="${bottom}" y2="${bottom}"/>`,
    `<text x="${right}" y="${bottom + 34}" text-anchor="end">nodes</text>`,
    ...SERIES.map((series) => drawSeries(series, figure, points, x, y)),
  ].join('\n');
}

function drawSeries(
  { of, style, topology }: Series,
  figure: Panel['figure'],
  points: readonly SimulatedFigures[],
  x: (value: number) => number,
  y: (value: number) => number,
): string {
  const bySize = points.toSorted((left, right) => Number(left.nodes) - Number(right.nodes));
  const places = bySize.flatMap((point) => {
    const value = point[`${of}${figure}`];
    if (point.topology !== topology || value === undefined) return [];
    return [[x(Number(point.nodes)), y(Number(value))] as const];
  });
  const line = `<polyline class="${style}" points="${places.map((place) => place.join(',')).join(' ')}"/>`;
  return [line, ...places.map(([cx, cy]) => `<circle class="${style}" cx="${cx}" cy="${cy}" r="4"/>`)].join(
    '\n',
  );
}

/** Logarithmic, to a tenth of a pixel. */
function scale(low: number, high: number, from: number, to: number): (value: number) => number {
  const step = (to - from) / Math.log(high / low);
  return (value) => Math.round((from + step * Math.log(value / low)) * 10) / 10;
}

function legend(points: readonly SimulatedFigures[]): string {
  const width = (WIDTH - PANEL.left) / SERIES.length;
  const drawn = SERIES.filter(({ topology }) => points.some((point) => point.topology === topology));
  return drawn
    .map(({ name, style }, at) => {
      const x = PANEL.left + at * width;
      const y = HEIGHT - 16;
      return `<circle class="${style}" cx="${x}" cy="${y - 4}" r="4"/><text x="${x + 9}" y="${y}">${name}</text>`;
    })
    .join('\n');
}
