/** Paths: `.a.b[0]`, `..name`, `[*]`, `['a.b','c']`, `[1:3]`, `[?(@.x == "y")]`. */
import { parseJson } from '@weft/resources';
import type { Scanner } from './scanner.ts';
import type { Filter, Operand, Operator, Path, Step } from './syntax.ts';

/** Reads the path that begins here; it ends where no step follows. */
export function parsePath(scanner: Scanner): Path {
  const fromRoot = scanner.take('$');
  if (!fromRoot) scanner.take('@');
  const steps: Step[] = [];
  for (;;) {
    const found = parseStep(scanner, steps.length === 0 && !fromRoot);
    if (found === undefined) return { fromRoot, steps };
    steps.push(...found);
  }
}

function parseStep(scanner: Scanner, isFirst: boolean): Step[] | undefined {
  if (scanner.take('..')) {
    const after = scanner.next === '[' ? [] : [nameStep(scanner)];
    return [{ kind: 'descend' }, ...after];
  }
  if (scanner.take('.')) return isFirst && !canBeName(scanner) ? [] : [nameStep(scanner)];
  if (scanner.take('[')) return [parseBrackets(scanner)];
  // kubectl takes a first name without its dot, too.
  return isFirst && canBeName(scanner) ? [nameStep(scanner)] : undefined;
}

const NAME = /(?:\\.|[^\s.[\](){},'"\\?=<>!])+/sy;

function canBeName(scanner: Scanner): boolean {
  return /[^\s.[\](){},'"?=<>!]/.test(scanner.next);
}

/** A name; a backslash takes a dot as part of it: `.annotations.example\.org/x`. */
function nameStep(scanner: Scanner): Step {
  const name = scanner.match(NAME);
  if (name === undefined) throw scanner.error('a field name is missing');
  return name === '*' ? { kind: 'all' } : { kind: 'field', name: name.replace(/\\(.)/gs, '$1') };
}

function parseBrackets(scanner: Scanner): Step {
  scanner.skipBlanks();
  const steps = [parseSubscript(scanner)];
  scanner.skipBlanks();
  while (scanner.take(',')) {
    scanner.skipBlanks();
    steps.push(parseSubscript(scanner));
    scanner.skipBlanks();
  }
  scanner.expect(']');
  const [only] = steps;
  return steps.length === 1 && only !== undefined ? only : { kind: 'union', steps };
}

function parseSubscript(scanner: Scanner): Step {
  if (scanner.take('*')) return { kind: 'all' };
  if (scanner.next === "'" || scanner.next === '"') return { kind: 'field', name: scanner.quoted() };
  if (scanner.take('?(')) {
    const filter = parseFilter(scanner);
    scanner.expect(')');
    return { kind: 'filter', filter };
  }
  const [start, end, step, ...more] = (scanner.match(/-?\d*(?::-?\d*){0,2}/y) ?? '').split(':');
  if (more.length > 0 || (start === '' && end === undefined))
    throw scanner.error('a number, *, a name in quotes or ?( is expected after [');
  if (end === undefined) return { kind: 'index', index: Number(start) };
  const stride = Number(step || 1);
  if (stride < 1) throw scanner.error('the step of a slice is at least 1');
  return { kind: 'slice', start: optional(start), end: optional(end), step: stride };
}

function optional(text: string | undefined): number | undefined {
  return text ? Number(text) : undefined;
}

function parseFilter(scanner: Scanner): Filter {
  const left = parseOperand(scanner);
  const operator = scanner.match(/==|!=|<=|>=|<|>/y) as Operator | undefined;
  if (operator === undefined) return { left };
  return { left, operator, right: parseOperand(scanner) };
}

function parseOperand(scanner: Scanner): Operand {
  scanner.skipBlanks();
  const operand = readOperand(scanner);
  scanner.skipBlanks();
  return operand;
}

function readOperand(scanner: Scanner): Operand {
  if (scanner.next === '@' || scanner.next === '$' || scanner.next === '.')
    return { kind: 'path', path: parsePath(scanner) };
  if (scanner.next === "'" || scanner.next === '"') return { kind: 'literal', value: scanner.quoted() };
  const word = scanner.match(/true|false|null|-?\d+(?:\.\d+)?/y);
  if (word === undefined)
    throw scanner.error('a path, a number, true, false or a text in quotes is expected');
  return { kind: 'literal', value: parseJson(word) as number };
}
