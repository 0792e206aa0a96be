/**
 * Splits a selector into tokens.
 *
 * Calico's language has no reserved words: what a word means depends on where it stands. After a label name comes an
 * operator; anywhere else `has(`, `all(` and `global(` are calls and every other word is a label name.
 */

/** The operators that stand between a label name and a value. */
export type Operator = '==' | '!=' | 'in' | 'not in' | 'contains' | 'starts with' | 'ends with';

/** One token; `at` is its offset in the text. */
export type Token =
  | { readonly kind: 'label'; readonly value: string; readonly at: number }
  | { readonly kind: 'string'; readonly value: string; readonly at: number }
  | { readonly kind: 'has'; readonly value: string; readonly at: number }
  | { readonly kind: 'operator'; readonly value: Operator; readonly at: number }
  | {
      readonly kind: '(' | ')' | '{' | '}' | ',' | '!' | '&&' | '||' | 'all' | 'global' | 'end';
      readonly at: number;
    };

/** A selector that cannot be read, with the reason. Caught by `parseSelector`. */
export class SelectorSyntaxError extends Error {
  override readonly name = 'SelectorSyntaxError';
}

const maxLabelLength = 512;
const blank = /[ \t]*/y;
const symbol = /&&|\|\||==|!=|[(){},!]/y;
const text = /"([^"]*)"|'([^']*)'/y;
// "starts with", "ends with" and "not in" may be written without the space; a letter after the word makes it a name.
const operator = /(contains|starts[ \t]*with|ends[ \t]*with|not[ \t]*in|in)(?![a-zA-Z0-9_./-])/y;
const call = /(has)\([ \t]*([a-zA-Z0-9_./-]+)[ \t]*\)|(all|global)\([ \t]*\)/y;
const callStart = /(has|all|global)\(/y;
const word = /[a-zA-Z0-9_./-]+/y;

/** All tokens, closed by one of kind `end`. Throws SelectorSyntaxError. */
export function tokenize(selector: string): Token[] {
  const tokens: Token[] = [];
  let position = match(blank, selector, 0).end;
  while (position < selector.length) {
    const { token, end } = nextToken(selector, position, tokens.at(-1));
    tokens.push(token);
    position = match(blank, selector, end).end;
  }
  return [...tokens, { kind: 'end', at: selector.length }];
}

interface Match {
  readonly groups: readonly (string | undefined)[];
  readonly end: number;
}

function match(expression: RegExp, selector: string, at: number): Match {
  expression.lastIndex = at;
  const found = expression.exec(selector);
  return { groups: found ?? [], end: at + (found?.[0].length ?? 0) };
}

function nextToken(selector: string, at: number, before: Token | undefined): { token: Token; end: number } {
  const found = match(symbol, selector, at);
  if (found.end > at) return { token: symbolToken(found.groups[0] ?? '', at), end: found.end };
  const literal = match(text, selector, at);
  if (literal.end > at) {
    const value = literal.groups[1] ?? literal.groups[2] ?? '';
    return { token: { kind: 'string', value, at }, end: literal.end };
  }
  return before?.kind === 'label' ? operatorToken(selector, at, before.value) : wordToken(selector, at);
}

function symbolToken(value: string, at: number): Token {
  if (value === '==' || value === '!=') return { kind: 'operator', value, at };
  return { kind: value as '(', at };
}

function operatorToken(selector: string, at: number, label: string): { token: Token; end: number } {
  const { groups, end } = match(operator, selector, at);
  if (end === at)
    throw new SelectorSyntaxError(`an operator is expected after ${label}${seen(selector, at)}`);
  const value = (groups[1] ?? '').replace(/^(starts|ends|not)[ \t]*/, '$1 ') as Operator;
  return { token: { kind: 'operator', value, at }, end };
}

function wordToken(selector: string, at: number): { token: Token; end: number } {
  const called = match(call, selector, at);
  if (called.end > at) return { token: callToken(called, at), end: called.end };
  const started = match(callStart, selector, at).groups[1];
  if (started !== undefined)
    throw new SelectorSyntaxError(
      `${started}(${started === 'has' ? 'label' : ''}) is not complete${place(at)}`,
    );
  const { groups, end } = match(word, selector, at);
  const value = groups[0] ?? '';
  if (value === '') throw new SelectorSyntaxError(unexpected(selector, at));
  return { token: { kind: 'label', value: labelName(value), at }, end };
}

function labelName(value: string): string {
  if (value.length <= maxLabelLength) return value;
  throw new SelectorSyntaxError(
    `a label name has ${value.length} characters; at most ${maxLabelLength} are allowed`,
  );
}

function callToken({ groups }: Match, at: number): Token {
  const [, has, label = '', bare] = groups;
  if (has === undefined) return { kind: bare as 'all' | 'global', at };
  return { kind: 'has', value: labelName(label), at };
}

function unexpected(selector: string, at: number): string {
  const quote = selector[at];
  if (quote === '"' || quote === "'") return `the string that begins${place(at)} has no closing ${quote}`;
  return `${JSON.stringify(quote)} is not expected${place(at)}`;
}

function seen(selector: string, at: number): string {
  return `, not ${JSON.stringify(selector.slice(at, at + 16))}${place(at)}`;
}

/** Where something stands, for messages. */
export function place(at: number): string {
  return ` at character ${at + 1}`;
}
