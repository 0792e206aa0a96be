/**
 * The fake kernel's announcements: like the real ones they come after the change has returned, in order, and can be
 * late or lost.
 */
import type { KernelEvent } from '../kernel.ts';

type Listener = (event: KernelEvent) => void;

/** The events of one fake namespace. */
export class FakeEvents {
  readonly #listeners = new Set<Listener>();
  #waiting: KernelEvent[] = [];
  #held = false;

  subscribe(listener: Listener): () => void {
    const own: Listener = (event) => listener(event);
    this.#listeners.add(own);
    return () => void this.#listeners.delete(own);
  }

  /** Queues an event; nobody listening, nobody hears it later. */
  emit(event: KernelEvent): void {
    if (this.#listeners.size === 0) return;
    this.#waiting.push(event);
    if (this.#waiting.length === 1) queueMicrotask(() => this.#deliver());
  }

  /** Keeps events back until `release`. */
  hold(): void {
    this.#held = true;
  }

  /** Delivers what was held, before it returns. */
  release(): void {
    this.#held = false;
    this.#deliver();
  }

  /** Delivers what waits, unless it is held. */
  read(): void {
    this.#deliver();
  }

  /** Forgets what waits and announces the loss, as ENOBUFS does. */
  lose(): void {
    this.#waiting = [];
    this.#held = false;
    this.emit({ kind: 'overrun' });
  }

  #deliver(): void {
    if (this.#held) return;
    const events = this.#waiting;
    this.#waiting = [];
    for (const event of events) for (const listener of this.#listeners) listener(event);
  }
}
