/**
 * What happened to a prefix, or to whatever holds an address, on one node.
 */
import { type Address, containsAddress, type Prefix, prefixLength } from '@weft/ip';
import type { BestPath, PathAttributes } from 'bgp-speaker-ts';
import { attributeChanges } from './attribute-changes.ts';
import { describePath, describeRoute } from './compare.ts';
import { heardPrefixes, type UpdateFormat, USUAL_FORMAT, updateFormat } from './heard-prefixes.ts';
import { decodeBase64, type RecordLine } from './line.ts';

/** One thing that happened. */
export interface HistoryEvent {
  /** In ms since 1970, on the clock of the node. */
  readonly at: number;
  readonly event: string;
  /** Absent for what concerns the session of a peer. */
  readonly prefix?: string | undefined;
  readonly peer?: string | undefined;
  /** What happened and why, for people. */
  readonly text: string;
}

/** What is asked for: exactly this prefix, or every prefix but the default routes that holds the address. */
export type HistorySubject = { readonly prefix: Prefix } | { readonly address: Address };

/** Entries that are kept; beyond, the oldest are dropped. */
export const MAX_HISTORY_EVENTS = 1_000;
/** Session events that wait to be found related. */
const MAX_SESSION_EVENTS = 10_000;

/** Collects what concerns a prefix from the lines of a record, in their order. */
export class PrefixHistory {
  readonly #subject: HistorySubject;
  readonly #since: number;
  #events: HistoryEvent[] = [];
  #sessions: HistoryEvent[] = [];
  /** Peers that have said something about it. */
  readonly #peers = new Set<string>();
  /** How each peer writes. */
  readonly #formats = new Map<string, UpdateFormat>();
  /** The best paths as they were told last: one that is chosen again as it was is no news. */
  readonly #bestTold = new Map<Prefix, ToldPath>();
  /** What a peer has said of a prefix beside its next hop, by both. A `best` line has little of it. */
  readonly #attributes = new Map<string, PathAttributes>();
  #cut = false;
  #segments = 0;
  #inSnapshot = false;

  /** @param since in ms since 1970; what was before is left out */
  constructor(subject: HistorySubject, since: number) {
    this.#subject = subject;
    this.#since = since;
  }

  /** Takes the next line. */
  take(line: RecordLine): void {
    if (line.kind === 'begin') {
      this.#segments += 1;
      this.#inSnapshot = true;
      // Between the segments there may have been another.
      if (line.cause !== 'full') this.#bestTold.clear();
    }
    if (line.kind === 'complete') this.#inSnapshot = false;
    if (line.kind === 'session-up')
      this.#formats.set(line.peer, updateFormat(decodeBase64(line.sent), decodeBase64(line.received)));
    // A snapshot repeats what is known, but for that of the first segment.
    if (this.#inSnapshot && this.#segments > 1 && line.kind !== 'begin') {
      this.#notePeer(line);
      return;
    }
    for (const event of this.#eventsOf(line)) this.#add(line.at, event);
    if (line.kind === 'best') this.#rememberTold(line);
  }

  /** What was found, oldest first; `cut` when there was more. */
  result(): { readonly events: readonly HistoryEvent[]; readonly cut: boolean } {
    if (this.#events.length === 0) return { events: [], cut: false };
    const related = this.#sessions.filter(({ peer }) => peer === undefined || this.#peers.has(peer));
    const events = [...this.#events, ...related].sort((left, right) => left.at - right.at);
    return {
      events: events.slice(-MAX_HISTORY_EVENTS),
      cut: this.#cut || events.length > MAX_HISTORY_EVENTS,
    };
  }

  #add(at: number, event: Omit<HistoryEvent, 'at'>): void {
    if (event.peer !== undefined && event.prefix !== undefined) this.#peers.add(event.peer);
    if (at < this.#since) return;
    const dated = { at, ...event };
    if (event.prefix !== undefined)
      this.#events = this.#bounded([...this.#events, dated], MAX_HISTORY_EVENTS);
    else this.#sessions = this.#bounded([...this.#sessions, dated], MAX_SESSION_EVENTS);
  }

  #bounded(events: HistoryEvent[], most: number): HistoryEvent[] {
    if (events.length <= most) return events;
    if (most === MAX_HISTORY_EVENTS) this.#cut = true;
    return events.slice(-most);
  }

  #notePeer(line: RecordLine): void {
    for (const { peer, prefix } of this.#eventsOf(line))
      if (peer !== undefined && prefix !== undefined) this.#peers.add(peer);
  }

  #concerns(prefix: Prefix): boolean {
    if ('prefix' in this.#subject) return this.#subject.prefix === prefix;
    return prefixLength(prefix) > 0 && containsAddress(prefix, this.#subject.address);
  }

  #eventsOf(line: RecordLine): Omit<HistoryEvent, 'at'>[] {
    switch (line.kind) {
      case 'begin':
        return line.cause === 'full'
          ? []
          : [{ event: 'record-begins', text: BEGINNINGS[line.cause] ?? line.cause }];
      case 'end':
        return [
          { event: 'daemon-stopped', text: 'weftd has stopped; peers keep its routes for the restart time' },
        ];
      case 'updates':
        return this.#heard(line.peer, line.bytes);
      case 'session-up':
        return [{ event: 'session-up', peer: line.peer, text: `the session with ${line.peer} is up` }];
      case 'session-down':
        return [
          {
            event: 'session-down',
            peer: line.peer,
            text: `the session with ${line.peer} ended: ${line.text}`,
          },
        ];
      case 'best':
        return this.#best(line);
      case 'kernel':
        return line.prefixes
          .filter((prefix) => this.#concerns(prefix))
          .map((prefix) => kernelEvent(line, prefix));
      case 'announced':
        return this.#concerns(line.prefix)
          ? [{ event: 'announced', prefix: line.prefix, text: `this node announces it: ${line.reason}` }]
          : [];
      case 'unannounced':
        return this.#concerns(line.prefix)
          ? [{ event: 'unannounced', prefix: line.prefix, text: 'this node announces it no longer' }]
          : [];
      case 'refused':
        return line.peer === undefined ? [] : [{ event: line.event, peer: line.peer, text: line.text }];
      default:
        return [];
    }
  }

  #heard(peer: string, bytes: string): Omit<HistoryEvent, 'at'>[] {
    const format = this.#formats.get(peer) ?? USUAL_FORMAT;
    // A snapshot has AS numbers of four octets whatever the session has.
    const written = this.#inSnapshot ? { ...format, fourOctetAsn: true } : format;
    const heard = [...heardPrefixes(decodeBase64(bytes), written)].filter(({ prefix }) =>
      this.#concerns(prefix),
    );
    for (const { attributes, prefix } of heard)
      if (attributes !== undefined) this.#attributes.set(`${peer} ${prefix}`, attributes);
    return heard.map(({ announced, nextHop, prefix }) => ({
      event: announced ? 'received' : 'withdrawn',
      prefix,
      peer,
      text: announced
        ? `${peer} announces it${nextHop === undefined ? '' : `, next hop ${nextHop}`}`
        : `${peer} withdraws it`,
    }));
  }

  #best({ path, prefixes, steps }: BestLine): Omit<HistoryEvent, 'at'>[] {
    return prefixes
      .filter((prefix) => this.#concerns(prefix))
      .flatMap((prefix) => {
        const told = this.#bestTold.get(prefix);
        const now = this.#toTell(prefix, path);
        const changes = changesOf(told, now);
        if (told?.text === now.text && changes.length === 0) return [];
        if (path === undefined) return [{ event: 'no-path', prefix, text: now.text }];
        const why = steps?.[prefix] === undefined ? '' : `; decided by: ${steps[prefix]}`;
        const news = changes.length === 0 ? '' : `; changed: ${changes.join(', ')}`;
        return [{ event: 'best-path', prefix, peer: path.peer, text: `${now.text}${why}${news}` }];
      });
  }

  #rememberTold({ path, prefixes }: BestLine): void {
    for (const prefix of prefixes)
      if (this.#concerns(prefix)) this.#bestTold.set(prefix, this.#toTell(prefix, path));
  }

  #toTell(prefix: Prefix, path: BestPath | undefined): ToldPath {
    if (path === undefined) return { text: 'no path is left' };
    const { peer } = path;
    const attributes = this.#attributes.get(`${peer} ${prefix}`);
    return { text: `best path: ${describePath(path)}`, peer, attributes };
  }
}

type BestLine = Extract<RecordLine, { kind: 'best' }>;

interface ToldPath {
  readonly text: string;
  readonly peer?: Address | undefined;
  readonly attributes?: PathAttributes | undefined;
}

/** What the same peer says of it now and has not said before. */
function changesOf(before: ToldPath | undefined, now: ToldPath): string[] {
  if (before?.attributes === undefined || now.attributes === undefined) return [];
  return before.peer === now.peer ? attributeChanges(before.attributes, now.attributes) : [];
}

const BEGINNINGS: Readonly<Record<string, string>> = {
  start: 'weftd has started',
  gap: 'lines are missing before this: the disk took none, or too many came at once',
  clock: 'the clock of this node was set',
};

const KERNEL_TEXT = {
  written: 'in the kernel',
  removed: 'removed from the kernel',
  repaired: 'back in the kernel after somebody had removed or changed it',
  failed: 'the kernel does not take it',
} as const;

function kernelEvent(
  { change, detail, route }: Extract<RecordLine, { kind: 'kernel' }>,
  prefix: Prefix,
): Omit<HistoryEvent, 'at'> {
  const what =
    route === undefined ? '' : `: ${describeRoute({ state: 'in-kernel', route, detail: undefined })}`;
  const why = detail ?? route?.reason;
  return {
    event: `kernel-${change}`,
    prefix,
    text: `${KERNEL_TEXT[change]}${what}${why === undefined ? '' : ` (${why})`}`,
  };
}
