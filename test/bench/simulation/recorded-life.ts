/** What one node of a simulation went through, to be played again without the network around it. */
import { Speaker, type SpeakerConfig, type SpeakerEvent } from 'bgp-speaker-ts';

/** What a speaker alone needs for the life that was recorded. */
export interface LifeCost {
  /** Heap and typed arrays, its configuration included. */
  readonly kibibytes: number;
  readonly processorMs: number;
}

/** How many events are played in all: the least of what is measured must show over the noise of the heap. */
const EVENTS = 20_000;
const COPIES = { least: 2, most: 10 } as const;

/** The record. */
export class RecordedLife {
  readonly #events: { readonly event: SpeakerEvent; readonly now: number }[] = [];
  #config: SpeakerConfig | undefined;
  /** Messages it has sent, and the bytes of them. */
  writes = 0;
  sentBytes = 0;

  heard(event: SpeakerEvent, now: number): void {
    if (this.#config === undefined) this.#events.push({ event, now });
  }

  sent(bytes: Uint8Array): void {
    if (this.#config !== undefined) return;
    this.writes += 1;
    this.sentBytes += bytes.length;
  }

  /** Ends the record; what comes later is no part of it. */
  end(config: SpeakerConfig): this {
    this.#config = structuredClone(config);
    return this;
  }

  /** Plays it several times and says what one costs. */
  replay(): LifeCost {
    const before = usedKibibytes();
    const start = process.cpuUsage();
    const speakers = Array.from({ length: this.#copies() }, (_, copy) => this.#play(copy));
    const { user, system } = process.cpuUsage(start);
    const after = usedKibibytes();
    return {
      kibibytes: Math.round((after - before) / speakers.length),
      processorMs: Math.round((user + system) / 100 / speakers.length) / 10,
    };
  }

  #copies(): number {
    return Math.min(COPIES.most, Math.max(COPIES.least, Math.round(EVENTS / this.#events.length)));
  }

  #play(seed: number): Speaker {
    if (this.#config === undefined) throw new Error('the record has not ended');
    const config = structuredClone(this.#config);
    const now = this.#events[0]?.now ?? 0;
    const speaker = new Speaker(config, { restarting: false, seed, now, reportRoutes: false });
    for (const item of this.#events) {
      speaker.handle(item.event, item.now);
      speaker.takeActions();
    }
    return speaker;
  }
}

function usedKibibytes(): number {
  if (globalThis.gc === undefined) throw new Error('needs node --expose-gc');
  globalThis.gc();
  globalThis.gc();
  const { arrayBuffers, heapUsed } = process.memoryUsage();
  return (arrayBuffers + heapUsed) / 1024;
}
