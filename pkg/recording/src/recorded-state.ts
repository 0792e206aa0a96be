/**
 * How things were at a time, put together from lines: each line sets or removes something, and what was set last is so.
 */
import type { Address, Prefix } from '@weft/ip';
import type { BestPath } from 'bgp-speaker-ts';
import type { KernelLine, RecordLine } from './line.ts';

/** A kernel route, as it was written last. */
export type RecordedRoute = Pick<KernelLine, 'detail' | 'route'> & { readonly state: 'in-kernel' | 'failed' };

/** The state of a node as its record has it. */
export class RecordedState {
  /** When the last line was written, in ms. */
  at = 0;
  readonly objects: Map<string, unknown> = new Map();
  /** Sessions that are Established, with the time since when. */
  readonly sessions: Map<Address, number> = new Map();
  readonly best: Map<Prefix, BestPath> = new Map();
  /** By destination and metric. */
  readonly kernel: Map<string, RecordedRoute> = new Map();
  /** The reason, by prefix. */
  readonly announced: Map<Prefix, string> = new Map();
  /** The LOCAL_PREF of what is announced, where it was recorded. */
  readonly announcedLocalPref: Map<Prefix, number> = new Map();

  /** Takes the next line. A segment says everything anew. */
  take(line: RecordLine): void {
    this.at = line.at;
    switch (line.kind) {
      case 'begin':
        for (const table of [this.objects, this.sessions, this.best, this.kernel]) table.clear();
        for (const table of [this.announced, this.announcedLocalPref]) table.clear();
        return;
      case 'put':
        this.objects.set(line.object, line.value);
        return;
      case 'delete':
        this.objects.delete(line.object);
        return;
      case 'session-up':
        this.sessions.set(line.peer, line.at);
        return;
      case 'session-down':
        this.sessions.delete(line.peer);
        return;
      case 'best':
        for (const prefix of line.prefixes)
          if (line.path === undefined) this.best.delete(prefix);
          else this.best.set(prefix, line.path);
        return;
      case 'kernel':
        this.#takeKernel(line);
        return;
      case 'announced':
        this.announced.set(line.prefix, line.reason);
        if (line.localPref === undefined) this.announcedLocalPref.delete(line.prefix);
        else this.announcedLocalPref.set(line.prefix, line.localPref);
        return;
      case 'unannounced':
        this.announced.delete(line.prefix);
        this.announcedLocalPref.delete(line.prefix);
        return;
      case 'end':
        this.sessions.clear();
    }
  }

  #takeKernel({ change, detail, metric, prefixes, route }: KernelLine): void {
    for (const prefix of prefixes) {
      const key = `${prefix} metric ${metric}`;
      if (change === 'removed') this.kernel.delete(key);
      else this.kernel.set(key, { state: change === 'failed' ? 'failed' : 'in-kernel', route, detail });
    }
  }
}
