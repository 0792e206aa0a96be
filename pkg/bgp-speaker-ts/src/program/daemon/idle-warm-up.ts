/**
 * Warms the speaker up while there is nothing else to do: between two turns of the event loop, until the first session
 * is there.
 */

import { warmUp } from '../../speaker/warm-up.ts';

/** Starts warming up; gives the function that ends it, whether it is done or not. */
export function warmUpWhileIdle(): () => void {
  const work = warmUp();
  let turn: NodeJS.Immediate | undefined;
  const step = (): void => {
    turn = work.next().done === true ? undefined : setImmediate(step);
  };
  turn = setImmediate(step);
  return () => {
    clearImmediate(turn);
    turn = undefined;
  };
}
