/**
 * A compiled policy: rules in order, answered with the outcome and the name of the rule that decided.
 *
 * Outcomes are objects made once per combination of rules, so that `===` (or `id`) compares them and a caller can keep
 * what it derived from one. Matches look at the route as it came; operations of all rules on the way are applied at
 * the end, in order (`applyOperations`).
 */

import type { RouteFacts } from './facts.ts';
import { compileMatch, dependsOnPrefix, type PolicyScope } from './matcher.ts';
import { type CompiledOperation, compileOperation } from './operation.ts';
import type { Condition } from './prefix-matcher.ts';
import type { PolicyRule } from './rule.ts';

/** Name of the outcome when no rule decided. */
export const DEFAULT_RULE = 'default';

/** What a policy says about a route. */
export interface PolicyOutcome {
  /** Small number, unique within the policy. */
  readonly id: number;
  readonly accepted: boolean;
  /** Name of the rule that decided, or `default`. */
  readonly rule: string;
  readonly operations: readonly CompiledOperation[];
}

interface CompiledRule {
  readonly name: string;
  readonly action: PolicyRule['action'];
  readonly conditions: readonly Condition[];
  readonly operations: readonly CompiledOperation[];
}

/** A state of evaluation: the operations collected so far, and the outcomes and states that follow, made when met. */
interface Progress {
  readonly operations: readonly CompiledOperation[];
  readonly outcomes: (PolicyOutcome | undefined)[];
  readonly following: (Progress | undefined)[];
}

/** Rules ready to be evaluated; see the file comment. */
export class Policy {
  /** The answer can differ between two prefixes with the same attributes and source. */
  readonly dependsOnPrefix: boolean;
  readonly isEmpty: boolean;

  readonly #rules: readonly CompiledRule[];
  readonly #start: Progress = createProgress([]);
  #outcomeCount = 0;

  /** Throws TypeError when a rule holds a community or the name of a function that cannot be read. */
  constructor(rules: readonly PolicyRule[], scope: PolicyScope) {
    this.#rules = rules.flatMap((rule) => compileRule(rule, scope));
    this.dependsOnPrefix = rules.some((rule) => dependsOnPrefix(rule.match ?? {}));
    this.isEmpty = rules.length === 0;
  }

  /** Evaluates the rules on a route. */
  evaluate(route: Readonly<RouteFacts>): PolicyOutcome {
    let progress = this.#start;
    const rules = this.#rules;
    for (let index = 0; index < rules.length; index += 1) {
      const rule = rules[index] as CompiledRule;
      if (!holds(rule.conditions, route)) continue;
      if (rule.action !== 'next') return this.#outcome(progress, index, rule);
      if (rule.operations.length > 0) progress = follow(progress, index, rule.operations);
    }
    return this.#outcome(progress, rules.length, ACCEPT_BY_DEFAULT);
  }

  #outcome(progress: Progress, index: number, rule: CompiledRule): PolicyOutcome {
    const known = progress.outcomes[index];
    if (known !== undefined) return known;
    const outcome: PolicyOutcome = {
      id: this.#outcomeCount,
      accepted: rule.action === 'accept',
      rule: rule.name,
      operations: [...progress.operations, ...rule.operations],
    };
    this.#outcomeCount += 1;
    progress.outcomes[index] = outcome;
    return outcome;
  }
}

const ACCEPT_BY_DEFAULT: CompiledRule = {
  name: DEFAULT_RULE,
  action: 'accept',
  conditions: [],
  operations: [],
};

function compileRule(rule: PolicyRule, scope: PolicyScope): CompiledRule[] {
  const conditions = compileMatch(rule.match ?? {}, scope);
  const operations = (rule.operations ?? []).map(compileOperation);
  return conditions === undefined ? [] : [{ name: rule.name, action: rule.action, conditions, operations }];
}

function holds(conditions: readonly Condition[], route: Readonly<RouteFacts>): boolean {
  for (const condition of conditions) if (!condition(route)) return false;
  return true;
}

function follow(progress: Progress, index: number, operations: readonly CompiledOperation[]): Progress {
  const known = progress.following[index];
  if (known !== undefined) return known;
  const next = createProgress([...progress.operations, ...operations]);
  progress.following[index] = next;
  return next;
}

function createProgress(operations: readonly CompiledOperation[]): Progress {
  return { operations, outcomes: [], following: [] };
}
