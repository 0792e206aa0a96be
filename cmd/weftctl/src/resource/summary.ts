/** What a command that changes resources reports, in calicoctl's words. */
import type { Failure, Report } from '../failure.ts';

/** What became of one object. */
export interface Outcome {
  readonly kind: string;
  readonly failure: Failure | undefined;
}

/** The verbs, with their past tense for messages. */
export const PAST_TENSE = {
  apply: 'applied',
  create: 'created',
  replace: 'replaced',
  delete: 'deleted',
} as const;

/** One line for what was done, and the failures of what was not. */
export function summarise(verb: keyof typeof PAST_TENSE, outcomes: readonly Outcome[]): Report {
  const failures = outcomes.flatMap(({ failure }) => failure ?? []);
  const done = outcomes.length - failures.length;
  const kinds = new Set(outcomes.map(({ kind }) => kind));
  const kind = kinds.size === 1 ? `'${[...kinds][0]}' ` : '';
  const past = PAST_TENSE[verb];
  if (failures.length === 0) return { text: `Successfully ${past} ${done} ${kind}resource(s)`, failures };
  if (done > 0) {
    return { text: `Partial success: ${past} ${done} out of ${outcomes.length} ${kind}resources:`, failures };
  }
  const which = outcomes.length === 1 ? `${kind}resource` : `any ${kind}resources`;
  return { text: '', failures, notes: [`Failed to ${verb} ${which}:`] };
}
