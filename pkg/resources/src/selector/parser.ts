/**
 * Builds the expression of a selector: `||` binds weakest, then `&&`, then `!`.
 */
import { type Operator, place, SelectorSyntaxError, type Token, tokenize } from './tokens.ts';

/** A selector as a tree. */
export type Expression =
  | { readonly kind: 'or' | 'and'; readonly terms: readonly Expression[] }
  | { readonly kind: 'not'; readonly term: Expression }
  | { readonly kind: 'all' | 'global' }
  | { readonly kind: 'has'; readonly label: string }
  | { readonly kind: Exclude<Operator, 'in' | 'not in'>; readonly label: string; readonly value: string }
  | { readonly kind: 'in' | 'not in'; readonly label: string; readonly values: readonly string[] };

// No selector of 1024 characters, the most a field takes, can reach this; it keeps the stack small for longer texts.
const maxDepth = 512;

/** The expression of a selector; empty text selects all. Throws SelectorSyntaxError. */
export function parseExpression(selector: string): Expression {
  const tokens = new TokenStream(tokenize(selector));
  if (tokens.current.kind === 'end') return { kind: 'all' };
  const expression = parseOr(tokens, 0);
  tokens.expect('end', 'the end of the selector');
  return expression;
}

class TokenStream {
  #position = 0;
  readonly #tokens: readonly Token[];

  constructor(tokens: readonly Token[]) {
    this.#tokens = tokens;
  }

  get current(): Token {
    return this.#tokens[this.#position] as Token;
  }

  /** Takes the current token when it is of the kind. */
  take<K extends Token['kind']>(kind: K): Extract<Token, { kind: K }> | undefined {
    const token = this.current;
    if (token.kind !== kind) return undefined;
    if (kind !== 'end') this.#position += 1;
    return token as Extract<Token, { kind: K }>;
  }

  expect<K extends Token['kind']>(kind: K, what: string): Extract<Token, { kind: K }> {
    const token = this.take(kind);
    if (token === undefined) throw new SelectorSyntaxError(`${what} is expected${place(this.current.at)}`);
    return token;
  }
}

function parseOr(tokens: TokenStream, depth: number): Expression {
  const terms = [parseAnd(tokens, depth)];
  while (tokens.take('||')) terms.push(parseAnd(tokens, depth));
  return terms.length === 1 ? (terms[0] as Expression) : { kind: 'or', terms };
}

function parseAnd(tokens: TokenStream, depth: number): Expression {
  const terms = [parseNot(tokens, depth)];
  while (tokens.take('&&')) terms.push(parseNot(tokens, depth));
  return terms.length === 1 ? (terms[0] as Expression) : { kind: 'and', terms };
}

function parseNot(tokens: TokenStream, depth: number): Expression {
  let negated = false;
  while (tokens.take('!')) negated = !negated;
  const term = parseTerm(tokens, depth);
  return negated ? { kind: 'not', term } : term;
}

function parseTerm(tokens: TokenStream, depth: number): Expression {
  if (tokens.take('(')) return parseGroup(tokens, depth + 1);
  if (tokens.take('all')) return { kind: 'all' };
  if (tokens.take('global')) return { kind: 'global' };
  const has = tokens.take('has');
  if (has !== undefined) return { kind: 'has', label: has.value };
  const label = tokens.expect('label', 'a label name, has(), all(), global(), ! or (');
  return parseComparison(tokens, label.value);
}

function parseGroup(tokens: TokenStream, depth: number): Expression {
  if (depth > maxDepth) throw new SelectorSyntaxError(`parentheses are nested deeper than ${maxDepth}`);
  const expression = parseOr(tokens, depth);
  tokens.expect(')', 'a closing )');
  return expression;
}

function parseComparison(tokens: TokenStream, label: string): Expression {
  const kind = tokens.expect('operator', `an operator after ${label}`).value;
  if (kind === 'in' || kind === 'not in') return { kind, label, values: parseSet(tokens) };
  return { kind, label, value: tokens.expect('string', 'a string in quotes').value };
}

/** `{"a", "b"}`; may be empty and may end in a comma, as Calico allows. */
function parseSet(tokens: TokenStream): string[] {
  tokens.expect('{', 'a set like {"a", "b"}');
  const values: string[] = [];
  for (let item = tokens.take('string'); item !== undefined; item = tokens.take('string')) {
    values.push(item.value);
    if (!tokens.take(',')) break;
  }
  tokens.expect('}', 'a closing }');
  return values;
}
