/**
 * Failures that a test orders from the fake kernel.
 */
import type { Change, Refusal } from '../kernel.ts';

/** What can be made to fail: a kind of change, reading a table, opening another namespace, or whatever comes next. */
export type FakeOperation = Change['op'] | 'read' | 'open-netns' | 'any';

/** Which of the operations to come fail. */
export interface FakeFailure {
  /** How many fail; 1 when left out. */
  readonly times?: number;
  /** How many succeed before that; 0 when left out. */
  readonly after?: number;
}

/** The failures still to come. */
export class FakeFailures {
  readonly #orders: {
    readonly operation: FakeOperation;
    readonly errno: string;
    after: number;
    times: number;
  }[] = [];

  order(operation: FakeOperation, errno: string, { times = 1, after = 0 }: FakeFailure): void {
    this.#orders.push({ operation, errno, times, after });
  }

  /** The refusal due for this operation, if any; counts it. */
  due(operation: FakeOperation): Refusal | undefined {
    const order = this.#orders.find(
      (candidate) =>
        candidate.times > 0 && (candidate.operation === operation || candidate.operation === 'any'),
    );
    if (order === undefined) return undefined;
    if (order.after > 0) {
      order.after -= 1;
      return undefined;
    }
    order.times -= 1;
    return { errno: order.errno, message: 'ordered by the test' };
  }
}
