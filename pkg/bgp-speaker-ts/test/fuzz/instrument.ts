/**
 * Writes counters into TypeScript source, edge by edge.
 *
 * The text is changed in place and stays TypeScript: Node strips the types afterwards, and lines stay where they were,
 * so that stack traces are right.
 */

import { parseAst } from 'rolldown/parseAst';

/** An instrumented file. */
export interface Instrumented {
  readonly source: string;
  /** Line of each edge, in the order of their numbers. */
  readonly lines: readonly number[];
  /** How many comparisons are watched. */
  readonly comparisons: number;
  /** All whole numbers in the code: what the code compares with is worth putting into inputs. */
  readonly numbers: readonly number[];
}

/** A node of the syntax tree, with the fields of those kinds that are looked into. */
interface Node {
  readonly type: string;
  readonly start: number;
  readonly end: number;
  readonly body?: Node;
  readonly consequent?: Node;
  readonly alternate?: Node;
  readonly left?: Node;
  readonly right?: Node;
  readonly operator?: string;
  readonly callee?: Node;
  readonly name?: string;
  readonly value?: unknown;
}

interface Edit {
  readonly at: number;
  readonly text: string;
  /** Characters of the source that are left out. */
  readonly skip?: number;
}

const LOOPS: ReadonlySet<string> = new Set([
  'ForStatement',
  'ForInStatement',
  'ForOfStatement',
  'WhileStatement',
  'DoWhileStatement',
]);
const FUNCTIONS: ReadonlySet<string> = new Set([
  'FunctionDeclaration',
  'FunctionExpression',
  'ArrowFunctionExpression',
]);
/** Nodes of the type system that hold code. */
const TYPED_CODE: ReadonlySet<string> = new Set([
  'TSAsExpression',
  'TSNonNullExpression',
  'TSSatisfiesExpression',
]);
const ARRAYS: ReadonlySet<string> = new Set([
  'Array',
  'ArrayBuffer',
  'Uint8Array',
  'Uint16Array',
  'Uint32Array',
  'Int32Array',
  'Float64Array',
]);

/**
 * Instruments one file.
 *
 * @param firstEdge number of its first edge
 * @param firstComparison number of its first comparison
 * @param counters URL of `counters.ts`
 */
export function instrument(
  source: string,
  firstEdge: number,
  firstComparison: number,
  counters: string,
): Instrumented {
  const instrumenter = new Instrumenter(source, firstEdge, firstComparison);
  instrumenter.visit(parseAst(source, { lang: 'ts' }) as unknown as Node);
  const names = 'counters as $c, noteArray as $array, noteRound as $round, noteSame as $same';
  const header = `import { ${names} } from ${JSON.stringify(counters)};`;
  const { lines, comparisons, numbers } = instrumenter;
  return { source: header + instrumenter.apply(), lines, comparisons, numbers: [...numbers] };
}

class Instrumenter {
  readonly lines: number[] = [];
  readonly numbers: Set<number> = new Set();
  comparisons = 0;
  readonly #source: string;
  readonly #firstEdge: number;
  readonly #firstComparison: number;
  readonly #edits: Edit[] = [];

  constructor(source: string, firstEdge: number, firstComparison: number) {
    this.#source = source;
    this.#firstEdge = firstEdge;
    this.#firstComparison = firstComparison;
  }

  /** Walks a node: what is put in front of it is noted before, what comes behind it after its children. */
  visit(node: Node): void {
    if (node.type.startsWith('TS') && !TYPED_CODE.has(node.type)) return;
    if (node.type === 'Literal') this.#noteNumber(node);
    const leave = this.#enter(node);
    for (const child of childrenOf(node)) this.visit(child);
    for (const edit of leave) this.#edits.push(edit);
  }

  /** The source with all edits made; those at one place in the order in which they were noted. */
  apply(): string {
    let result = '';
    let from = 0;
    for (const { at, text, skip = 0 } of this.#edits.toSorted((left, right) => left.at - right.at)) {
      result += this.#source.slice(from, at) + text;
      from = at + skip;
    }
    return result + this.#source.slice(from);
  }

  /** Counts the edges that lead to parts of a node; gives the edits that close what was opened. */
  #enter(node: Node): Edit[] {
    const { type } = node;
    if (FUNCTIONS.has(type)) return this.#countBody(node);
    if (LOOPS.has(type)) return this.#countStatement(node.body as Node, (edge) => `$round(${edge});`);
    if (type === 'IfStatement') return this.#countIf(node);
    if (type === 'SwitchCase') return this.#countCase(node);
    if (type === 'LogicalExpression' || type === 'AssignmentPattern')
      return this.#countExpression(node.right as Node);
    if (type === 'ConditionalExpression') {
      const parts = [node.consequent as Node, node.alternate as Node];
      return parts.flatMap((part) => this.#countExpression(part));
    }
    if (type === 'BinaryExpression' && (node.operator === '===' || node.operator === '!=='))
      return this.#watchComparison(node);
    if (type === 'NewExpression' && ARRAYS.has(String(node.callee?.name))) {
      this.#edits.push({ at: node.start, text: '$array(' });
      return [{ at: node.end, text: ')' }];
    }
    return [];
  }

  /** `a === b` becomes a call with `a, b`; the operator is cut out. */
  #watchComparison(node: Node): Edit[] {
    const { left, right, operator } = node as Required<Node>;
    const number = this.#firstComparison + this.comparisons;
    this.comparisons += 1;
    const middle = this.#source.slice(left.end, right.start);
    const at = left.end + middle.indexOf(operator);
    this.#edits.push({ at: node.start, text: `${operator === '!==' ? '!' : ''}$same(${number},` });
    this.#edits.push({ at, text: ',', skip: operator.length });
    return [{ at: node.end, text: ')' }];
  }

  #countBody(node: Node): Edit[] {
    const { body } = node;
    if (body == null) return [];
    return body.type === 'BlockStatement' ? this.#countStatement(body) : this.#countExpression(body);
  }

  #countIf(node: Node): Edit[] {
    const consequent = this.#countStatement(node.consequent as Node);
    const { alternate } = node;
    if (alternate != null) return [...consequent, ...this.#countStatement(alternate)];
    return [...consequent, { at: node.end, text: ` else {${count(this.#edge(node.end))};}` }];
  }

  #countCase(node: Node): Edit[] {
    const [first] = node.consequent as unknown as readonly Node[];
    if (first !== undefined)
      this.#edits.push({ at: first.start, text: `${count(this.#edge(first.start))};` });
    return [];
  }

  #countStatement(node: Node, write: (edge: number) => string = (edge) => `${count(edge)};`): Edit[] {
    const text = write(this.#edge(node.start));
    if (node.type === 'BlockStatement') {
      this.#edits.push({ at: node.start + 1, text });
      return [];
    }
    this.#edits.push({ at: node.start, text: `{${text}` });
    return [{ at: node.end, text: '}' }];
  }

  #countExpression(node: Node): Edit[] {
    this.#edits.push({ at: node.start, text: `(${count(this.#edge(node.start))},` });
    return [{ at: node.end, text: ')' }];
  }

  #edge(at: number): number {
    this.lines.push(this.#source.slice(0, at).split('\n').length);
    return this.#firstEdge + this.lines.length - 1;
  }

  #noteNumber({ value }: Node): void {
    if (typeof value === 'number' && Number.isInteger(value) && value <= 0xffffffff) this.numbers.add(value);
  }
}

function count(edge: number): string {
  return `$c[${edge}]++`;
}

function childrenOf(node: Node): Node[] {
  return Object.values(node)
    .flat()
    .filter((child): child is Node => typeof child === 'object' && child !== null && 'type' in child);
}
