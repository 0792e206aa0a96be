/**
 * Hands the kernel's events to listeners, and keeps doing so when events get lost.
 *
 * The socket exists while somebody listens. When the kernel had more to say than the receive buffer holds, the socket
 * fails with ENOBUFS: a new one is opened first and `overrun` announced after, so that a picture read on `overrun`
 * misses nothing.
 */
import type { KernelEvent } from './kernel.ts';
import { decodeEvents } from './netlink/event.ts';
import { type EventSink, type EventSource, openEventSource } from './netlink/event-source.ts';

type Listener = (event: KernelEvent) => void;

const reopenMilliseconds = 100;

/** The events of one network namespace. */
export class EventMonitor {
  readonly #openFd: () => number;
  readonly #openSource: typeof openEventSource;
  readonly #listeners = new Set<Listener>();
  #source: EventSource | undefined;
  #reopenTimer: NodeJS.Timeout | undefined;

  /** @param openFd opens a netlink socket bound to the event groups, in the namespace to watch; throws KernelError */
  constructor(openFd: () => number, openSource: typeof openEventSource = openEventSource) {
    this.#openFd = openFd;
    this.#openSource = openSource;
  }

  /** Adds a listener. Throws KernelError when no socket can be opened. */
  subscribe(listener: Listener): () => void {
    // A listener given twice is two subscriptions.
    const own: Listener = (event) => listener(event);
    if (this.#source === undefined && this.#reopenTimer === undefined) this.#open();
    this.#listeners.add(own);
    return () => {
      this.#listeners.delete(own);
      if (this.#listeners.size === 0) this.close();
    };
  }

  /** Hands out events that wait now; true when there may be more. */
  read(): boolean {
    return this.#source?.read() ?? false;
  }

  /** Forgets all listeners and closes the socket. */
  close(): void {
    this.#listeners.clear();
    clearTimeout(this.#reopenTimer);
    this.#reopenTimer = undefined;
    this.#source?.close();
    this.#source = undefined;
  }

  #open(): void {
    const sink: EventSink = {
      datagram: (datagram) => {
        for (const event of decodeEvents(datagram)) this.#emit(event);
      },
      failed: () => this.#reopen(),
    };
    this.#source = this.#openSource(this.#openFd(), sink);
  }

  #reopen(): void {
    this.#source = undefined;
    this.#reopenTimer = undefined;
    if (this.#listeners.size === 0) return;
    try {
      this.#open();
    } catch {
      // Out of descriptors or memory. Nothing is known until a socket is there, so there is nothing to announce.
      this.#reopenTimer = setTimeout(() => this.#reopen(), reopenMilliseconds);
      return;
    }
    this.#emit({ kind: 'overrun' });
  }

  #emit(event: KernelEvent): void {
    for (const listener of this.#listeners) listener(event);
  }
}
