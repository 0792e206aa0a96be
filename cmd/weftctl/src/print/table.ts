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
  const shown = rows.map((row) => headings.map((_, column) => cellOf(row[column] ?? '')));
  const widths = headings.map((heading, column) =>
    Math.max(heading.length, ...shown.map((row) => row[column]?.text.length ?? 0)),
  );
  const lines = shown.map((row) => line(row, widths, paint));
  return [line(headings.map(cellOf), widths, plain), ...lines].join('\n');
}

interface FullCell {
  readonly text: string;
  readonly tone: Tone | undefined;
}

function cellOf(cell: Cell): FullCell {
  const { text, tone } = typeof cell === 'string' ? { text: cell, tone: undefined } : cell;
  return { text: printable(text), tone };
}

/** The last column is not padded, so that lines have no trailing blanks. */
function line(cells: readonly FullCell[], widths: readonly number[], paint: Paint): string {
  const padded = cells.map(({ text, tone }, column) => {
    const wide = text.padEnd(widths[column] ?? 0);
    return tone === undefined ? wide : paint(tone, wide);
  });
  return padded.join(GAP).trimEnd();
}

/** Control characters would move the cursor of whoever reads the table; names and messages come from elsewhere. */
export function printable(text: string): string {
  return text.replace(/[\p{Cc}\p{Bidi_Control}]/gu, (char) => {
    const code = char.codePointAt(0) ?? 0;
    return char === '\n' ? ' ' : `\\u${code.toString(16).padStart(4, '0')}`;
  });
}
