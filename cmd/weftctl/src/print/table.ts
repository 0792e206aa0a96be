/** Column tables as kubectl and calicoctl print them: upper-case headings, columns three spaces apart. */

/** How a cell stands out on a terminal. */
export type Tone = 'good' | 'bad' | 'dim';

/** A cell's text, with a tone where it deserves one. */
export type Cell = string | { readonly text: string; readonly tone: Tone };

/** Colours a text that is already padded; `plain` where there is no terminal. */
export type Paint = (tone: Tone, text: string) => string;

/** No colours. */
export const plain: Paint = (_tone, text) => text;

const GAP = '   ';

/** The table as lines, without a final line break. Rows may be shorter than the heading. */
export function printTable(
  headings: readonly string[],
  rows: readonly (readonly Cell[])[],
  paint: Paint = plain,
): string {
  const widths = widthsOf(headings, rows);
  return [printRow(headings, widths), ...rows.map((row) => printRow(row, widths, paint))].join('\n');
}

/** How wide each column must be. */
export function widthsOf(headings: readonly string[], rows: readonly (readonly Cell[])[]): number[] {
  const widths = headings.map((heading) => heading.length);
  for (const row of rows) {
    for (const [column, width] of widths.entries())
      widths[column] = Math.max(width, cellOf(row[column] ?? '').text.length);
  }
  return widths;
}

/** One line. The last column is not padded, so that lines have no trailing blanks; what is too wide pushes the rest. */
export function printRow(row: readonly Cell[], widths: readonly number[], paint: Paint = plain): string {
  const padded = widths.map((width, column) => {
    const { text, tone } = cellOf(row[column] ?? '');
    const wide = text.padEnd(width);
    return tone === undefined ? wide : paint(tone, wide);
  });
  return padded.join(GAP).trimEnd();
}

interface FullCell {
  readonly text: string;
  readonly tone: Tone | undefined;
}

function cellOf(cell: Cell): FullCell {
  const { text, tone } = typeof cell === 'string' ? { text: cell, tone: undefined } : cell;
  return { text: printable(text), tone };
}

/** Control characters would move the cursor of whoever reads the table; names and messages come from elsewhere. */
export function printable(text: string): string {
  return text.replace(UNPRINTABLE, (char) => (char === '\n' ? ' ' : escaped(char)));
}

/** The same for text of several lines: line breaks and tabs stay. */
export function printableLines(text: string): string {
  return text.replace(UNPRINTABLE, (char) => (char === '\n' || char === '\t' ? char : escaped(char)));
}

const UNPRINTABLE = /[\p{Cc}\p{Bidi_Control}]/gu;

function escaped(char: string): string {
  return `\\u${(char.codePointAt(0) ?? 0).toString(16).padStart(4, '0')}`;
}
