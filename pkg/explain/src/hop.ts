/** One step on the way of a route, and a chain of them with its verdict. */

/** What a hop is about. */
export type Stage =
  | 'pod'
  | 'pool'
  | 'address'
  | 'block'
  | 'daemon'
  | 'endpoint'
  | 'host route'
  | 'source guard'
  | 'nat'
  | 'announced'
  | 'tunnel'
  | 'session'
  | 'export'
  | 'import'
  | 'next hop'
  | 'best path'
  | 'route'
  | 'lookup'
  // Of a session:
  | 'configured'
  | 'other end'
  | 'agreement'
  | 'state'
  | 'bfd'
  | 'prefixes'
  | 'filters';

/** `note`: worth knowing, and no obstacle. */
export type Answer = 'yes' | 'no' | 'unknown' | 'note';

/** One step: whether it is taken, where, and what decided. */
export interface Hop {
  readonly stage: Stage;
  /** The node whose doing it is; absent for what only the datastore says. */
  readonly node?: string;
  readonly answer: Answer;
  /** What is so, and to which object; without a full stop. */
  readonly says: string;
  /** The rule that decided, by the name it is configured or known by. */
  readonly rule?: string;
  /** What to do about it, as a sentence. */
  readonly next?: string;
}

/** The verdict over a list of hops. */
export interface Verdict {
  /** `no`: the first hop that says so decided. `unknown`: nothing says no, but not everybody could be asked. */
  readonly answer: 'yes' | 'no' | 'unknown';
  /** One sentence. */
  readonly sentence: string;
  /** What to do next, as a sentence; absent when there is nothing to do. */
  readonly next?: string;
  /** The rule of the hop that decided. */
  readonly rule?: string;
  /** The stage of that hop. */
  readonly stage?: Stage;
}

/** Why one node does or does not get to a destination. */
export interface Chain {
  readonly destination: string;
  /** The node it is seen from. */
  readonly from: string;
  /** The node that has the destination, if one has. */
  readonly owner?: string;
  readonly verdict: Verdict;
  readonly hops: readonly Hop[];
}

/**
 * The first `no` decides, since what comes after it follows from it; without one, the first hop that nobody could be
 * asked about.
 *
 * @param yes the sentence where every hop is taken
 */
export function verdictOf(hops: readonly Hop[], subject: string, yes: string): Verdict {
  const refused = hops.find(({ answer }) => answer === 'no');
  if (refused !== undefined) return decidedBy(refused, 'no', `${subject}: ${placed(refused)}.`);
  const unknown = hops.find(({ answer }) => answer === 'unknown');
  if (unknown === undefined) return { answer: 'yes', sentence: `${yes}.` };
  const rest = hops.some(({ answer }) => answer === 'yes')
    ? 'Nothing that was asked is against it, but '
    : '';
  return decidedBy(unknown, 'unknown', `${rest}${unknown.says}.`);
}

function decidedBy(hop: Hop, answer: 'no' | 'unknown', sentence: string): Verdict {
  const { next, rule, stage } = hop;
  return {
    answer,
    sentence,
    ...(next !== undefined && { next }),
    ...(rule !== undefined && { rule }),
    stage,
  };
}

/** Where a rule decided, its name belongs to the sentence. */
function placed({ rule, says }: Hop): string {
  return rule === undefined || says.includes(rule) ? says : `${says} (${rule})`;
}
