/** The boxed table that `calicoctl node status` prints: centred upper-case headings, left-aligned cells. */
import { type Cell, type Paint, plain, printable } from './table.ts';

/** The table as lines, without a final line break. */
export function printBoxedTable(
  headings: readonly string[],
  rows: readonly (readonly Cell[])[],
  paint: Paint = plain,
): string {
  const texts = rows.map((row) => row.map((cell) => printable(typeof cell === 'string' ? cell : cell.text)));
  const widths = headings.map((heading, column) =>
    Math.max(heading.length, ...texts.map((row) => row[column]?.length ?? 0)),
  );
  const rule = `+${widths.map((width) => '-'.repeat(width + 2)).join('+')}+`;
  const head = box(headings.map((heading, column) => centre(heading.toUpperCase(), widths[column] ?? 0)));
  const body = rows.map((row, index) =>
    box(row.map((cell, column) => painted(cell, texts[index]?.[column] ?? '', widths[column] ?? 0, paint))),
  );
  return [rule, head, rule, ...body, rule].join('\n');
}

function box(cells: readonly string[]): string {
  return `| ${cells.join(' | ')} |`;
}

function painted(cell: Cell, text: string, width: number, paint: Paint): string {
  const padded = text.padEnd(width);
  return typeof cell === 'string' ? padded : paint(cell.tone, padded);
}

function centre(text: string, width: number): string {
  const left = Math.floor((width - text.length) / 2);
  return text.padStart(text.length + left).padEnd(width);
}
