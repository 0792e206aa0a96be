/** What `ipam check --fix` would do about each problem, and why that is safe. Pure. */
import type { Inconsistency, Leak } from '@weft/ipam';
import type { Problem, Survey } from './survey.ts';

/** One problem and its repair; a step without `action` is left alone. */
export interface FixStep {
  readonly problem: Problem;
  readonly action?: string;
  /** Why the repair does no harm, or why there is none. */
  readonly why: string;
}

/** A step for each problem, in the order of the survey. */
export function planFix({ problems, unreadable }: Survey): FixStep[] {
  return problems.map((problem) => {
    const { repair } = problem;
    if (!repair) return { problem, why: whyLeftAlone(problem, unreadable) };
    return 'leak' in repair
      ? { problem, action: releaseAction(repair.leak), why: WHY_RELEASE }
      : { problem, ...repairOf(repair.findings) };
  });
}

/** The plan for people: each problem, what will be done and why it is safe. */
export function describePlan(steps: readonly FixStep[]): string {
  const lines = steps.flatMap(({ problem, action, why }, index) => [
    `${index + 1}. ${problem.message}`,
    action === undefined ? `   Left alone: ${why}` : `   Will ${action}.`,
    ...(action === undefined ? [] : [`   Safe: ${why}`]),
  ]);
  return lines.join('\n');
}

const WHY_RELEASE =
  'the workloads are read again just before, and the sequence number keeps a later holder of the address from being hit.';

function releaseAction({ address, handle, sequenceNumber }: Leak): string {
  return `release ${address} (handle ${handle ?? 'none'}, sequence number ${sequenceNumber})`;
}

function repairOf(findings: readonly Inconsistency[]): { action: string; why: string } {
  const [first] = findings;
  switch (first?.kind) {
    case 'affinity-unsettled':
      return {
        action: 'bring that claim to its end',
        why: 'it is decided anew from what the block says then, in the order of writes that a node uses itself.',
      };
    case 'affinity-stale':
      return {
        action: 'remove the affinity, or confirm it if the block is its own by then',
        why: 'only the block decides who owns it, and it is read again.',
      };
    case 'block-without-affinity':
      return {
        action: 'restore the affinity',
        why: 'the block names its owner already; its addresses stay where they are.',
      };
    case 'block-abandoned':
      return {
        action: 'remove the block',
        why: 'it is removed only if it is still empty and nobody has claimed it.',
      };
    default:
      return {
        action: 'set the handle to what the blocks hold for it',
        why: 'no address is released by it, and the count is taken from blocks written at that moment.',
      };
  }
}

function whyLeftAlone({ kind }: Problem, unreadable: number): string {
  if (kind !== 'unreadable' && unreadable > 0)
    return 'what cannot be read may be what makes this look wrong. Mend that first.';
  switch (kind) {
    case 'unreadable':
      return 'nobody can tell what it should say.';
    case 'unused':
      return 'the allocation does not say whom it is for, or its handle holds other addresses that are in use.';
    case 'block-invalid':
      return 'nobody can tell which part of the block is right.';
    default:
      return 'a running workload would have to change its address.';
  }
}
