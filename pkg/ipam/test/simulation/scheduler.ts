/**
 * Decides who goes next. Every store call waits here until it is picked, one at a time, so a run is the same sequence of
 * calls whenever its seed is the same.
 */
import { setImmediate as untilMicrotasksAreDone } from 'node:timers/promises';
import type { Random } from '../support/random.ts';

interface Waiting {
  readonly isAlive: () => boolean;
  readonly resume: () => void;
}

/** The single thread of a simulation. */
export class Scheduler {
  readonly #random: Random;
  #waiting: Waiting[] = [];

  constructor(random: Random) {
    this.#random = random;
  }

  /** Waits to be picked; never returns to a caller that died meanwhile. */
  turn(isAlive: () => boolean): Promise<void> {
    return new Promise((resume) => this.#waiting.push({ isAlive, resume }));
  }

  /** Lets one waiting call go on, and runs what follows from it. False when nobody waits. */
  async step(): Promise<boolean> {
    await untilMicrotasksAreDone();
    this.#waiting = this.#waiting.filter(({ isAlive }) => isAlive());
    if (this.#waiting.length === 0) return false;
    const [picked] = this.#waiting.splice(this.#random.below(this.#waiting.length), 1);
    picked?.resume();
    return true;
  }
}
