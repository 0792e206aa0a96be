/**
 * Cuts the lines of a YAML file into parts that can be parsed alone, so that a file of any length takes the memory of
 * its largest object only. Pure: lines in, parts out.
 *
 * A line that begins with "---" or "..." ends a document wherever it stands, also inside quotes (YAML 1.2.2 §9.1.2), so
 * the cut needs no parser. A document that grows large is one list, as `get -o yaml` prints it: its items are cut out
 * one by one, and what is left of it is the list without items. Small lists stay whole, since anchors may reach from one
 * item to another.
 */

import { splitJsonList } from './json-list.ts';

/** A part of a file. `document` and `line` say where it begins, from 1. */
export interface Part {
  readonly text: string;
  readonly document: number;
  readonly line: number;
}

/** A document of more characters than this is taken apart, if it is a list. */
const LARGE = 1024 * 1024;

/** Takes lines one by one. */
export class DocumentSplitter {
  #document = 1;
  #line = 0;
  /** The document, or the item, so far. */
  #lines: string[] = [];
  #start = 1;
  #size = 0;
  /** Set while a large document is taken apart. */
  #list: OpenList | undefined;
  readonly #large: number;

  constructor(large: number = LARGE) {
    this.#large = large;
  }

  /** The parts that this line completes. */
  push(line: string): Part[] {
    this.#line += 1;
    const begins = /^---(?=\s|$)/.test(line);
    const done = begins && !this.#isPreamble() ? this.#finish() : [];
    done.push(...this.#add(line));
    if (/^\.\.\.(?=\s|$)/.test(line)) done.push(...this.#finish());
    return done;
  }

  /** What is left at the end of the file. */
  end(): Part[] {
    return this.#isPreamble() ? [] : this.#finish();
  }

  /** Comments and directives before the first document belong to it. */
  #isPreamble(): boolean {
    return this.#list === undefined && this.#lines.every((line) => /^\s*(#|$)|^%/.test(line));
  }

  #add(line: string): Part[] {
    if (this.#list !== undefined) return this.#addToList(this.#list, line);
    this.#lines.push(line);
    this.#size += line.length;
    return this.#size > this.#large ? this.#takeApart() : [];
  }

  /** Gives the lines that came so far to an open list, if the document is one. */
  #takeApart(): Part[] {
    const list = openList(this.#lines);
    if (list === undefined) {
      // Look again when it has grown by as much: each look goes over all lines.
      this.#size -= this.#large;
      return [];
    }
    const lines = this.#lines;
    const start = this.#start;
    this.#lines = [];
    this.#list = list;
    list.wrapping = { lines: lines.slice(0, list.firstItem), start };
    const end = this.#line;
    const parts = lines.slice(list.firstItem).flatMap((line, index) => {
      this.#line = start + list.firstItem + index;
      return this.#addToList(list, line);
    });
    this.#line = end;
    return parts;
  }

  #addToList(list: OpenList, line: string): Part[] {
    const isItem = line.startsWith(list.dash) && /^[ \r\n]/.test(line.slice(list.dash.length));
    const isOutside = !isItem && !/^[\s#]/.test(line);
    if (!isItem && !isOutside && this.#lines.length > 0) {
      this.#lines.push(line);
      list.wrapping.lines.push('\n');
      return [];
    }
    const done = this.#item();
    if (isItem) {
      this.#start = this.#line;
      this.#lines = [line.replace('-', ' ')];
    }
    // The wrapping keeps the line numbers of what follows the items.
    list.wrapping.lines.push(isItem ? '\n' : line);
    return done;
  }

  #item(): Part[] {
    if (this.#lines.length === 0) return [];
    const part = { text: this.#lines.join(''), document: this.#document, line: this.#start };
    this.#lines = [];
    return [part];
  }

  #finish(): Part[] {
    const items = this.#list === undefined ? [] : this.#item();
    const { lines, start } = this.#list?.wrapping ?? { lines: this.#lines, start: this.#start };
    const rest: Part = { text: lines.join(''), document: this.#document, line: start };
    const parts = this.#list === undefined && rest.text.length > this.#large ? ofJson(rest) : [rest];
    this.#document += 1;
    this.#lines = [];
    this.#size = 0;
    this.#list = undefined;
    this.#start = this.#line + (this.#endsHere(lines) ? 1 : 0);
    return [...items, ...parts];
  }

  /** True after "...", which belongs to what it ends; "---" belongs to what it begins. */
  #endsHere(lines: readonly string[]): boolean {
    return /^\.\.\.(?=\s|$)/.test(lines.at(-1) ?? '');
  }
}

/** JSON is taken apart at its end: it has no lines to cut it at. */
function ofJson(whole: Part): Part[] {
  const list = splitJsonList(whole.text);
  if (list === undefined) return [whole];
  const { document, line } = whole;
  const items = list.items.map(({ text, linesBefore }) => ({ text, document, line: line + linesBefore }));
  return [...items, { text: list.rest, document, line }];
}

interface OpenList {
  /** Index of the line of the first item. */
  readonly firstItem: number;
  /** How the line of an item begins: "- " after the indentation of the first one. */
  readonly dash: string;
  wrapping: { lines: string[]; readonly start: number };
}

/** A document whose `items:` stand in block style, or that is a sequence itself. */
function openList(lines: readonly string[]): OpenList | undefined {
  const key = lines.findIndex((line) => /^items:\s*(#.*)?$/.test(line.trimEnd()));
  const from = key + 1;
  const firstItem = lines.findIndex((line, index) => index >= from && !/^\s*(#|$)|^---|^%/.test(line));
  const [dash] = /^ *-(?=[ \r\n])/.exec(lines[firstItem] ?? '') ?? [];
  if (dash === undefined || (key < 0 && dash !== '-')) return undefined;
  return { firstItem, dash, wrapping: { lines: [], start: 1 } };
}
