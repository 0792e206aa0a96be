/**
 * Label selectors in Calico's language: which nodes, namespaces or workloads an object is about.
 */
import type { Parsed } from '@weft/ip';
import { showValue } from '../issue.ts';
import { type Expression, parseExpression } from './parser.ts';
import { SelectorSyntaxError } from './tokens.ts';

/** A selector that was read: `text` as written, and its expression. */
export interface Selector {
  readonly text: string;
  readonly expression: Expression;
}

/** The labels of an object. */
export type Labels = Readonly<Record<string, string>>;

/** Reads a selector; empty text selects everything, as `all()` does. */
export function parseSelector(text: string): Parsed<Selector> {
  try {
    return { ok: true, value: { text, expression: parseExpression(text) } };
  } catch (error) {
    if (!(error instanceof SelectorSyntaxError)) throw error;
    return { ok: false, reason: `${showValue(text)} is not a selector: ${error.message}` };
  }
}

/**
 * True when the selector picks an object with these labels. A missing label equals nothing: `!=` and `not in`
 * hold for it. `global()` holds here; what it means beyond labels is the caller's to decide.
 */
export function matchesSelector(selector: Selector, labels: Labels): boolean {
  return matches(selector.expression, labels);
}

function matches(expression: Expression, labels: Labels): boolean {
  switch (expression.kind) {
    case 'or':
      return expression.terms.some((term) => matches(term, labels));
    case 'and':
      return expression.terms.every((term) => matches(term, labels));
    case 'not':
      return !matches(expression.term, labels);
    case 'all':
    case 'global':
      return true;
    default:
      return comparison(expression, label(labels, expression.label));
  }
}

type Comparison = Extract<Expression, { label: string }>;

function comparison(expression: Comparison, actual: string | undefined): boolean {
  switch (expression.kind) {
    case 'has':
      return actual !== undefined;
    case '==':
      return actual === expression.value;
    case '!=':
      return actual !== expression.value;
    case 'in':
      return actual !== undefined && expression.values.includes(actual);
    case 'not in':
      return actual === undefined || !expression.values.includes(actual);
    case 'contains':
      return actual?.includes(expression.value) ?? false;
    case 'starts with':
      return actual?.startsWith(expression.value) ?? false;
    case 'ends with':
      return actual?.endsWith(expression.value) ?? false;
  }
}

/** Labels come from JSON, so a name like "constructor" must not find what every object inherits. */
function label(labels: Labels, name: string): string | undefined {
  return Object.hasOwn(labels, name) ? labels[name] : undefined;
}
