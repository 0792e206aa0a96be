/** A terminal that a picture fills, and that is as it was when the picture ends. */
import type { ReadStream, WriteStream } from 'node:tty';

const ALTERNATE_BUFFER = '\u001b[?1049h\u001b[?25l';
const AS_BEFORE = '\u001b[?25h\u001b[?1049l';
const HOME = '\u001b[H';
const CLEAR_LINE = '\u001b[K';
const CLEAR_BELOW = '\u001b[J';
const CONTROL_C = '\u0003';

/** The screen of one terminal. */
export class Screen {
  readonly #output: WriteStream;
  readonly #input: ReadStream;
  readonly #end = new AbortController();
  readonly #hearKey = (key: Buffer): void => {
    const text = key.toString();
    if (text === 'q' || text.includes(CONTROL_C)) this.#end.abort();
  };
  readonly #hearSignal = (): void => this.#end.abort();

  constructor(output: WriteStream, input: ReadStream) {
    this.#output = output;
    this.#input = input;
  }

  /** Aborts when the user has seen enough. */
  get ended(): AbortSignal {
    return this.#end.signal;
  }

  /** Takes the terminal over. */
  open(): void {
    if (this.#input.isTTY) {
      this.#input.setRawMode(true);
      this.#input.on('data', this.#hearKey);
    }
    process.once('SIGINT', this.#hearSignal);
    process.once('SIGTERM', this.#hearSignal);
    this.#output.write(ALTERNATE_BUFFER);
  }

  /** Draws as many lines as fit, each as far as it fits. `width` counts what a terminal shows of a line. */
  draw(lines: readonly string[]): void {
    // A terminal that does not know its size says 0.
    const { columns, rows } = this.#output;
    const shown = lines.slice(0, (rows || 24) - 1);
    const text = shown.map((line) => `${cut(line, columns || 80)}${CLEAR_LINE}`).join('\r\n');
    this.#output.write(`${HOME}${text}${CLEAR_BELOW}`);
  }

  /** Gives the terminal back. */
  close(): void {
    this.#output.write(AS_BEFORE);
    process.off('SIGINT', this.#hearSignal);
    process.off('SIGTERM', this.#hearSignal);
    if (!this.#input.isTTY) return;
    this.#input.off('data', this.#hearKey);
    this.#input.setRawMode(false);
    this.#input.pause();
  }
}

// biome-ignore lint/suspicious/noControlCharactersInRegex: colours are escape sequences
const PIECES = /\u001b\[[0-9;]*m|./gsu;

/** The first so many characters; colours take no place. */
export function cut(line: string, columns: number): string {
  let room = columns;
  let text = '';
  for (const [piece] of line.matchAll(PIECES)) {
    if (!piece.startsWith('\u001b')) room -= 1;
    if (room >= 0 || piece.startsWith('\u001b')) text += piece;
  }
  return text;
}
