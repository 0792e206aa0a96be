/**
 * Templates in kubectl's dialect of JSONPath: text outside braces stands for itself, `{.path}` for values,
 * `{range .path}…{end}` repeats, `{"\n"}` is text with escapes.
 */
import { parsePath } from './parse-path.ts';
import { Scanner } from './scanner.ts';
import type { Path, Piece } from './syntax.ts';

/** Reads a template. Throws TemplateError. */
export function parseTemplate(text: string): readonly Piece[] {
  const scanner = new Scanner(text);
  const { pieces, isEnded } = parsePieces(scanner);
  if (isEnded) throw scanner.error('{end} has no {range} before it');
  return pieces;
}

/** Reads one path, in braces or not, with or without its first dot, as custom columns have it. Throws TemplateError. */
export function parseBarePath(text: string): Path {
  const scanner = new Scanner(text.replace(/^\{(.*)\}$/s, '$1'));
  const path = parsePath(scanner);
  if (!scanner.isAtEnd) throw scanner.error(`the path ends before ${JSON.stringify(scanner.next)}`);
  return path;
}

interface Pieces {
  readonly pieces: Piece[];
  /** True when an {end} was read. */
  readonly isEnded: boolean;
}

function parsePieces(scanner: Scanner): Pieces {
  const pieces: Piece[] = [];
  while (!scanner.isAtEnd) {
    const text = scanner.match(/[^{]+/y);
    if (text !== undefined) pieces.push({ kind: 'text', text });
    if (!scanner.take('{')) continue;
    scanner.skipBlanks();
    if (scanner.match(/end\s*\}/y) !== undefined) return { pieces, isEnded: true };
    if (scanner.match(/range\s+/y) !== undefined) pieces.push(parseRange(scanner));
    else pieces.push(...parseValues(scanner));
  }
  return { pieces, isEnded: false };
}

/** Paths and quoted texts up to the closing brace. */
function parseValues(scanner: Scanner): Piece[] {
  const pieces: Piece[] = [];
  while (!scanner.take('}')) {
    if (scanner.isAtEnd) throw scanner.error('a brace is not closed');
    const isQuoted = scanner.next === '"' || scanner.next === "'";
    pieces.push(
      isQuoted ? { kind: 'text', text: scanner.quoted() } : { kind: 'path', path: somePath(scanner) },
    );
    scanner.skipBlanks();
  }
  return pieces;
}

function parseRange(scanner: Scanner): Piece {
  const path = somePath(scanner);
  scanner.skipBlanks();
  scanner.expect('}');
  const { pieces, isEnded } = parsePieces(scanner);
  if (!isEnded) throw scanner.error('{range} has no {end}');
  return { kind: 'range', path, body: pieces };
}

function somePath(scanner: Scanner): Path {
  if (!/[$@.[\w]/.test(scanner.next)) throw scanner.error(`${JSON.stringify(scanner.next)} begins no path`);
  return parsePath(scanner);
}
