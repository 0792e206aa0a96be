/**
 * A node without kernel, network or datastore that is told the lines of a record: the same pure code decides again, and
 * what it decides is compared with what was recorded.
 *
 *     objects ─▶ calculate ─▶ speaker configuration, announcements, local routes
 *     sessions, UPDATEs ─▶ speaker ─▶ Loc-RIB ─▶ routes of BGP
 */
import {
  type CalcInput,
  calculateReflector,
  createCalculator,
  type DesiredRoute,
  type DesiredState,
  nextHopStates,
  type ReflectorInput,
  type RoutingContext,
  remoteRoute,
  routingContext,
} from '@weft/calc';
import type { Address, Prefix } from '@weft/ip';
import {
  type BestPath,
  type HeardEvent,
  Retelling,
  type SpeakerAction,
  type SpeakerConfig,
} from 'bgp-speaker-ts';
import { decodeBase64, downReasonOf, type RecordLine, withBytes } from './line.ts';
import { inputOf, reflectorInputOf } from './objects.ts';
import { RecordedState } from './recorded-state.ts';

/**
 * Something the replay has decided in another way than the daemon had: a mistake of weft, and worth a report, where it is the
 * same weft; else it may be a change of weft.
 */
export interface Divergence {
  /** In ms since 1970. */
  readonly at: number;
  readonly what: 'best-path' | 'announcement';
  readonly name: string;
  readonly recorded?: string | undefined;
  readonly replayed?: string | undefined;
  /** Version of the weftd that recorded it. */
  readonly recordedBy: string;
}

/** What was decided of a node; of a route reflector there is no more than about BGP. */
export type Decided = Pick<DesiredState, 'announcements' | 'sessions' | 'speaker'> & Partial<DesiredState>;

/** Divergences that are kept: one mistake makes many. */
const MAX_DIVERGENCES = 1_000;

/** One node, replayed. */
export class ReplayedNode {
  /** What was recorded, up to the last line. */
  readonly recorded: RecordedState = new RecordedState();
  /** The Loc-RIB. */
  readonly best: Map<Prefix, BestPath> = new Map();
  /** The last decision; undefined before the first. */
  desired: Decided | undefined;
  /** Where the replay has decided otherwise, the first of them. */
  readonly divergences: Divergence[] = [];
  /** What could not be decided from at all: nothing after it is replayed until a segment begins anew. */
  readonly failures: string[] = [];
  readonly #calculate = createCalculator();
  #constant: Pick<CalcInput, 'nodeName' | 'nodeNameDigest'> | undefined;
  #context: RoutingContext | undefined;
  #retelling: Retelling | undefined;
  #nextHops: readonly Address[] = [];
  /** Heard and not selected from yet. */
  #isHearing = false;
  /** The snapshot of a segment that continues the one before is skipped: the replay knows it already. */
  #isSkipping = false;

  #isInSnapshot = false;
  #hasFailed = false;
  #segment = 0;
  #recordedBy = '';

  /** The name of the node; undefined before the first line. */
  get nodeName(): string | undefined {
    return this.#constant?.nodeName;
  }

  /** All routes that are wanted in the kernel, from both sources. */
  routes(): DesiredRoute[] {
    const context = this.#context;
    if (this.desired === undefined || context === undefined) return [];
    const remote = [...this.best].flatMap(([prefix, path]) => {
      const decision = remoteRoute(prefix, path, context);
      return decision.kind === 'route' ? [decision.route] : [];
    });
    return [...(this.desired.routes ?? []), ...remote];
  }

  /** Takes the next line. A segment after a start, a gap or a change of the clock begins a new life. */
  take(line: RecordLine): void {
    this.recorded.take(line);
    if (line.kind === 'begin') this.#begin(line);
    if (line.kind === 'complete') {
      this.#isSkipping = false;
      this.#isInSnapshot = false;
    }
    if (!this.#isSkipping && !this.#hasFailed) this.#replay(line);
  }

  /** The last line was taken. */
  finish(): void {
    if (!this.#hasFailed) this.#select(this.recorded.at);
  }

  /** Notes where the Loc-RIB is not as recorded. */
  #checkBest(at: number, prefixes: Iterable<Prefix>): void {
    for (const prefix of prefixes)
      this.#compare(
        at,
        'best-path',
        prefix,
        pathText(this.recorded.best.get(prefix)),
        pathText(this.best.get(prefix)),
      );
  }

  /** The same for everything, when the daemon has ended and nothing is under way. */
  #checkAll(at: number): void {
    this.#checkBest(at, new Set([...this.recorded.best.keys(), ...this.best.keys()]));
    // Not by reasons: they are words for people, and other words are no other decision.
    const { announced, announcedLocalPref } = this.recorded;
    const replayed = new Map(this.desired?.announcements.map(({ localPref, prefix }) => [prefix, localPref]));
    for (const prefix of new Set([...announced.keys(), ...replayed.keys()])) {
      const before = announcedLocalPref.get(prefix);
      const now = before === undefined && announced.has(prefix) ? undefined : replayed.get(prefix);
      const was = announced.has(prefix) ? announcedText(before) : undefined;
      this.#compare(at, 'announcement', prefix, was, replayed.has(prefix) ? announcedText(now) : undefined);
    }
  }

  #compare(
    at: number,
    what: Divergence['what'],
    name: string,
    recorded: string | undefined,
    replayed: string | undefined,
  ): void {
    if (recorded !== replayed && this.divergences.length < MAX_DIVERGENCES)
      this.divergences.push({ at, what, name, recorded, replayed, recordedBy: this.#recordedBy });
  }

  #begin({ cause, node, nodeDigest, segment, version }: Extract<RecordLine, { kind: 'begin' }>): void {
    this.#isInSnapshot = true;
    this.#segment = segment;
    this.#recordedBy = version;
    if (cause === 'full' && this.#constant !== undefined && !this.#hasFailed) {
      this.#isSkipping = true;
      return;
    }
    this.#hasFailed = false;
    this.#constant = { nodeName: node, nodeNameDigest: fromHex(nodeDigest) };
    this.desired = undefined;
    this.#context = undefined;
    this.#retelling = undefined;
    this.#nextHops = [];
    this.best.clear();
  }

  #replay(line: RecordLine): void {
    const heard = heardOf(line);
    if (heard !== undefined) {
      this.#retelling?.tell(heard, line.at);
      this.#isHearing = true;
      // What the end of a session removes is selected before anything else happens.
      if (heard.kind === 'session-up' || heard.kind === 'session-down') this.#select(line.at);
      return;
    }
    if (line.kind === 'decide') this.#decide(line);
    else if (line.kind === 'speaker') this.#start(line);
    else if (line.kind === 'configure') this.#configure(line);
    else if (line.kind === 'best' || line.kind === 'end' || this.#isHearing) this.#select(line.at);
    if (line.kind === 'best' && !this.#isInSnapshot) this.#checkBest(line.at, line.prefixes);
    if (line.kind === 'complete' || line.kind === 'end') this.#checkAll(line.at);
  }

  #decide({ at, held, scope }: Extract<RecordLine, { kind: 'decide' }>): void {
    this.#select(at);
    if (this.#constant === undefined) return;
    const { objects } = this.recorded;
    const reflector = reflectorInputOf(objects, this.#constant);
    if (reflector !== undefined) this.#decideReflector(reflector);
    const input = inputOf(objects, this.#constant);
    if (input === undefined) return;
    const desired = this.#tried(() => this.#calculate(input));
    if (desired === undefined) return;
    const sameWays = desired.peeringWorkloads === this.desired?.peeringWorkloads;
    this.desired = held === undefined ? desired : { ...desired, announcements: held };
    if (scope === 'everything' || !sameWays || this.#context === undefined) {
      this.#context = routingContext(input, desired);
      this.#tellNextHops(at);
    }
    this.#announce(this.desired, at);
    this.#select(at);
  }

  #decideReflector(input: ReflectorInput): void {
    const decided = this.#tried(() => calculateReflector(input));
    if (decided === undefined) return;
    const { config, sessions } = decided;
    this.desired = { speaker: { kind: 'bgp', config }, sessions, announcements: [] };
  }

  /** Objects are what another weftd has written: this one may not know what to do with them. */
  #tried<Result>(decide: () => Result): Result | undefined {
    try {
      return decide();
    } catch (error) {
      this.#hasFailed = true;
      const reason = error instanceof Error ? error.message : String(error);
      this.failures.push(
        `segment ${this.#segment}, recorded by weftd ${this.#recordedBy}, cannot be decided again: ${reason}`,
      );
      return undefined;
    }
  }

  #start({ at, restarting, startedAt }: Extract<RecordLine, { kind: 'speaker' }>): void {
    if (this.desired?.speaker.kind !== 'bgp') return;
    this.#retelling = new Retelling(this.desired.speaker.config, { now: startedAt, restarting });
    this.#announce(this.desired, at);
  }

  #configure({ at, peers, withoutCease }: Extract<RecordLine, { kind: 'configure' }>): void {
    const retelling = this.#retelling;
    if (retelling === undefined) return;
    this.#select(at);
    const decided = this.desired?.speaker;
    const config = decided?.kind === 'bgp' ? decided.config : retelling.speaker.config;
    const told = peers === undefined ? config : { ...config, peers: peers as SpeakerConfig['peers'] };
    retelling.configure(told, at, { withoutCease });
    this.#select(at);
  }

  /** As the daemon does: without BGP nothing is announced. */
  #announce({ announcements, speaker }: Decided, at: number): void {
    const routes = speaker.kind === 'bgp' ? announcements : [];
    this.#retelling?.speaker.handle({ kind: 'set-local-routes', routes }, at);
  }

  #select(at: number): void {
    this.#isHearing = false;
    if (this.#retelling === undefined) return;
    this.#retelling.elapse(at);
    for (;;) {
      const actions = this.#retelling.select(at);
      for (const action of actions) this.#hear(action, at);
      if (!actions.some(({ kind }) => kind === 'next-hops-wanted')) return;
    }
  }

  #hear(action: SpeakerAction, at: number): void {
    if (action.kind === 'next-hops-wanted') {
      this.#nextHops = action.nextHops;
      this.#tellNextHops(at);
    }
    if (action.kind !== 'loc-rib-changed') return;
    for (const { best, prefix } of action.changes)
      if (best === undefined) this.best.delete(prefix);
      else this.best.set(prefix, best);
  }

  #tellNextHops(at: number): void {
    if (this.#context === undefined || this.#retelling === undefined) return;
    const nextHops = nextHopStates(this.#nextHops, this.#context);
    this.#retelling.speaker.handle({ kind: 'set-next-hops', nextHops }, at);
  }
}

/** What a line tells the speaker, if anything. */
function heardOf(line: RecordLine): HeardEvent | undefined {
  switch (line.kind) {
    case 'session-up': {
      const opens = { sent: decodeBase64(line.sent), received: decodeBase64(line.received) };
      const { localAddress, localPort, peer, remotePort } = line;
      return { kind: 'session-up', peer, opens, localAddress, localPort, remotePort };
    }
    case 'updates':
      return { kind: 'updates', peer: line.peer, bytes: decodeBase64(line.bytes) };
    case 'refresh-mark':
      return line;
    case 'bfd-changed':
      return withBytes<HeardEvent>(line);
    case 'session-down':
      return { kind: 'session-down', peer: line.peer, reason: downReasonOf(line) };
    default:
      return undefined;
  }
}

function announcedText(localPref: number | undefined): string {
  return localPref === undefined ? 'announced' : `announced, LOCAL_PREF ${localPref}`;
}

/** Equal text for equal paths; the order of equally good next hops depends on the seed of the speaker. */
function pathText(path: BestPath | undefined): string | undefined {
  if (path === undefined) return undefined;
  const { localPref, med, nextHops, peer, source, stale } = path;
  const [first, ...others] = nextHops.map(({ address }) => address);
  const via = [first, ...others.sort()].join(', ');
  return `${source} ${peer ?? '-'} via ${via}, LOCAL_PREF ${localPref}, MED ${med ?? '-'}${stale ? ', stale' : ''}`;
}

function fromHex(text: string): Uint8Array {
  return Uint8Array.from(text.match(/../g) ?? [], (octet) => Number.parseInt(octet, 16));
}
