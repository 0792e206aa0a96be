/**
 * Counts what traffic loses while something goes wrong: one `ping` for each pair of pods, in the namespace of its source, a
 * probe every 5 ms, every 10 ms while none is answered. `ping -O` names each probe that has not been answered when the next one leaves, so that nothing has to
 * be concluded from silence.
 *
 * A ping sends and receives in one process: on a busy machine it probes less often, and loses nothing by it.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { waitFor } from '../harness/wait-for.ts';

/** From the namespace of a pod to an address. */
export interface Pair {
  readonly namespace: string;
  readonly address: string;
}

/** What one family lost, over all its pairs. */
export interface Loss {
  readonly sent: number;
  readonly lost: number;
  /** The longest time between two answers with a lost probe between them; 0 where none was lost. */
  readonly longestGapMs: number;
}

/** What became of the probes that left in one phase of a test. */
export interface PhaseLoss {
  readonly phase: string;
  readonly sent: number;
  readonly lost: number;
  /** From the beginning of the phase to the first answer after its last lost probe, of the slowest pair; 0 where none was lost. */
  readonly backAfterMs: number;
}

/** All that was measured. */
export interface Measurement {
  readonly ipv4: Loss;
  readonly ipv6: Loss;
  readonly phases: readonly PhaseLoss[];
}

/** Pings that run, from `start` to `stop`. */
export class LossMeter {
  readonly #probes: readonly Probe[];
  readonly #phases: { readonly name: string; readonly at: number }[];

  private constructor(pairs: readonly Pair[], phase: string) {
    this.#probes = pairs.map((pair) => new Probe(pair));
    this.#phases = [{ name: phase, at: now() }];
  }

  /** Starts the pings; resolves when each has been answered once. */
  static async start(pairs: readonly Pair[], phase: string): Promise<LossMeter> {
    const meter = new LossMeter(pairs, phase);
    await meter
      .#each('is answered for the first time', (probe) => probe.lastAnswered > 0)
      .catch((error) => {
        meter.#kill();
        throw error;
      });
    return meter;
  }

  /** How many have been lost so far. */
  get lost(): number {
    return this.#probes.reduce((total, probe) => total + probe.lost, 0);
  }

  /** Probes from now on belong to another phase. */
  phase(name: string): void {
    this.#phases.push({ name, at: now() });
  }

  /** Resolves when a probe of each pair was lost that left after this call. */
  async allLose(): Promise<void> {
    const before = this.#probes.map(({ sent }) => sent);
    await this.#each('is not answered', (probe, index) => probe.hasLostSince(before[index] ?? 0));
  }

  /** Resolves when each pair has an answer to a probe that left after this call. */
  async allAnswer(deadlineMilliseconds = 60_000): Promise<void> {
    const before = this.#probes.map(({ sent }) => sent);
    const answered = (probe: Probe, index: number): boolean => probe.lastAnswered > (before[index] ?? 0) + 1;
    await this.#each('is answered again', answered, deadlineMilliseconds);
  }

  /** Ends the pings and answers what they lost. */
  async stop(): Promise<Measurement> {
    await Promise.all(this.#probes.map((probe) => probe.end()));
    const family = (isWanted: (probe: Probe) => boolean): Loss => sum(this.#probes.filter(isWanted));
    return {
      ipv4: family(({ pair }) => !pair.address.includes(':')),
      ipv6: family(({ pair }) => pair.address.includes(':')),
      phases: this.#phases.map(({ at, name }, index) =>
        inPhase(this.#probes, name, at, this.#phases[index + 1]?.at ?? Number.POSITIVE_INFINITY),
      ),
    };
  }

  #kill(): void {
    for (const probe of this.#probes) void probe.end();
  }

  async #each(
    what: string,
    holds: (probe: Probe, index: number) => boolean,
    deadlineMilliseconds = 60_000,
  ): Promise<void> {
    const missing = (): Probe[] => this.#probes.filter((probe, index) => !holds(probe, index));
    await waitFor(`every ping ${what}`, () => missing().length === 0, deadlineMilliseconds).catch((error) => {
      const pairs = missing().map(
        ({ complaint, pair }) => `${pair.namespace} to ${pair.address} ${complaint}`,
      );
      throw new Error(`${error.message}; missing: ${pairs.join(', ')}`);
    });
  }
}

const PACE_SECONDS = '0.005';
/** The sequence number of ICMP has 16 bits. */
const WRAP = 0x1_0000;

/** When a probe was answered, or was said not to be; seconds since the epoch. */
interface Fate {
  readonly at: number;
  readonly answered: boolean;
}

/** One ping. */
class Probe {
  readonly pair: Pair;
  /** The highest sequence number of which anything is known. */
  sent = 0;
  lastAnswered = 0;
  /** The last thing it wrote to standard error. */
  complaint = '';
  readonly #fates = new Map<number, Fate>();
  readonly #process: ChildProcess;

  constructor(pair: Pair) {
    this.pair = pair;
    const ping = ['ping', '-n', '-D', '-O', '-i', PACE_SECONDS, pair.address];
    const enter = ['--pdeathsig', 'KILL', 'nsenter', `--net=/run/netns/${pair.namespace}`];
    this.#process = spawn('setpriv', [...enter, ...ping], { stdio: ['ignore', 'pipe', 'pipe'] });
    const { stderr, stdout } = this.#process;
    if (stdout) createInterface(stdout).on('line', (line) => this.#hear(line));
    stderr?.on('data', (text) => {
      this.complaint = `(${String(text).trim().split('\n').at(-1)})`;
    });
  }

  get fates(): ReadonlyMap<number, Fate> {
    return this.#fates;
  }

  get lost(): number {
    return [...this.#fates.values()].filter(({ answered }) => !answered).length;
  }

  hasLostSince(before: number): boolean {
    return [...this.#fates].some(([sequence, { answered }]) => sequence > before && !answered);
  }

  /** SIGINT, as a user does: what is in its buffer is written. */
  async end(): Promise<void> {
    const { exitCode, signalCode } = this.#process;
    if (exitCode !== null || signalCode !== null) return;
    const closed = once(this.#process, 'close');
    this.#process.kill('SIGINT');
    await closed;
  }

  #hear(line: string): void {
    const found = /^\[([\d.]+)\] (?:\d+ bytes (from) .*|no answer yet for )icmp_seq=(\d+)/.exec(line);
    if (found === null) return;
    const [, time, from, number] = found;
    const sequence = this.#unwrapped(Number(number));
    const answered = from !== undefined;
    this.sent = Math.max(this.sent, sequence);
    // An answer that comes late is one; a second one changes nothing.
    if (this.#fates.get(sequence)?.answered) return;
    this.#fates.set(sequence, { at: Number(time), answered });
    if (answered) this.lastAnswered = Math.max(this.lastAnswered, sequence);
  }

  #unwrapped(number: number): number {
    const rounds = Math.round((this.sent - number) / WRAP);
    return number + rounds * WRAP;
  }
}

function sum(probes: readonly Probe[]): Loss {
  const losses = probes.map(lossOf);
  return {
    sent: losses.reduce((total, { sent }) => total + sent, 0),
    lost: losses.reduce((total, { lost }) => total + lost, 0),
    longestGapMs: Math.max(0, ...losses.map(({ longestGapMs }) => longestGapMs)),
  };
}

function lossOf(probe: Probe): Loss {
  const fates = inOrder(probe);
  let lastAnswerAt = fates[0]?.at ?? 0;
  let lost = 0;
  let longest = 0;
  let isBroken = false;
  for (const { at, answered } of fates) {
    if (!answered) lost++;
    if (!answered || isBroken) longest = Math.max(longest, at - lastAnswerAt);
    if (answered) lastAnswerAt = at;
    isBroken = !answered;
  }
  return { sent: fates.length, lost, longestGapMs: Math.round(longest * 1000) };
}

function inPhase(probes: readonly Probe[], phase: string, from: number, to: number): PhaseLoss {
  let sent = 0;
  let lost = 0;
  let backAfter = 0;
  for (const probe of probes) {
    const fates = inOrder(probe);
    const own = fates.filter(({ at }) => at >= from && at < to);
    sent += own.length;
    lost += own.filter(({ answered }) => !answered).length;
    const lastLost = own.findLast(({ answered }) => !answered);
    if (lastLost === undefined) continue;
    const back = fates.find(({ answered, at }) => answered && at >= lastLost.at);
    backAfter = Math.max(backAfter, (back?.at ?? lastLost.at) - from);
  }
  return { phase, sent, lost, backAfterMs: Math.round(backAfter * 1000) };
}

/** Every probe's fate in the order in which they left. */
function inOrder({ fates }: Probe): Fate[] {
  return [...fates].sort(([a], [b]) => a - b).map(([, fate]) => fate);
}

function now(): number {
  return Date.now() / 1000;
}
