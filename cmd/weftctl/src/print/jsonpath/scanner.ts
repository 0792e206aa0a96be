/** The text of a template, and how far it has been read. */
import { TemplateError } from './syntax.ts';

const ESCAPES: Readonly<Record<string, string>> = { n: '\n', t: '\t', r: '\r' };

/** Reads from left to right. */
export class Scanner {
  readonly #text: string;
  #at = 0;

  constructor(text: string) {
    this.#text = text;
  }

  get isAtEnd(): boolean {
    return this.#at >= this.#text.length;
  }

  /** The next character, without reading it; empty at the end. */
  get next(): string {
    return this.#text[this.#at] ?? '';
  }

  /** Reads the text if it comes next. */
  take(text: string): boolean {
    if (!this.#text.startsWith(text, this.#at)) return false;
    this.#at += text.length;
    return true;
  }

  /** Reads what the pattern (sticky) matches here. */
  match(pattern: RegExp): string | undefined {
    pattern.lastIndex = this.#at;
    const [found] = pattern.exec(this.#text) ?? [];
    this.#at += found?.length ?? 0;
    return found;
  }

  /** Reads the text or fails. */
  expect(text: string): void {
    if (!this.take(text)) throw this.error(`${JSON.stringify(text)} is missing`);
  }

  skipBlanks(): void {
    this.match(/\s*/y);
  }

  /** Reads a text in single or double quotes; a backslash takes the next character as it is, or as \n, \t, \r. */
  quoted(): string {
    const quote = this.next;
    this.expect(quote);
    let text = '';
    while (!this.take(quote)) {
      if (this.isAtEnd) throw this.error('a quote is not closed');
      const character = this.match(/\\?./sy) ?? '';
      const escaped = character[1];
      text += escaped === undefined ? character : (ESCAPES[escaped] ?? escaped);
    }
    return text;
  }

  error(message: string): TemplateError {
    return new TemplateError(message, this.#at + 1);
  }
}
