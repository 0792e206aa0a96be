/**
 * Aligned tables, page by page: the widths of a page are those of its cells, and never shrink.
 */

import { print } from './output.ts';

/** Rows whose widths are measured together. */
const PAGE_ROWS = 500;

/** A table whose rows come one by one. */
export class Table {
  readonly #widths: number[];
  #rows: (readonly string[])[];

  /** @param headings of the columns; the last one is not padded */
  constructor(headings: readonly string[]) {
    this.#widths = headings.map(() => 0);
    this.#rows = [headings];
  }

  /** Says whether a page is full: time to `flush`. */
  get isFull(): boolean {
    return this.#rows.length >= PAGE_ROWS;
  }

  /** Adds a row. */
  add(...cells: readonly string[]): void {
    this.#rows.push(cells);
  }

  /** Prints what was not printed. */
  async flush(): Promise<void> {
    const rows = this.#rows;
    this.#rows = [];
    for (const row of rows) {
      for (const [column, cell] of row.entries()) {
        this.#widths[column] = Math.max(this.#widths[column] ?? 0, cell.length);
      }
    }
    const lines = rows.map((row) => `${this.#align(row)}\n`);
    await print(lines.join(''));
  }

  #align(row: readonly string[]): string {
    return row
      .map((cell, column) => cell.padEnd(this.#widths[column] ?? 0))
      .join('  ')
      .trimEnd();
  }
}

/** A cell for a value that may be absent. */
export function cell(value: string | number | undefined): string {
  return value === undefined || value === '' ? '-' : `${value}`;
}
