/**
 * Plays all peers of a daemon: `node player.ts SCENARIO PID[,PID…]`, in the namespace that has the sessions' addresses.
 *
 * Connects all sessions at once, announces, waits until every session has been told all it must be told, withdraws, and
 * prints one JSON line. Times are from the first UPDATE sent; CPU is the daemon's over the same time.
 */
import { performance } from 'node:perf_hooks';
import { quantile, round } from '../statistics.ts';
import { Ledger } from './ledger.ts';
import { announcements, flapDown, flapUp, withdrawals } from './messages.ts';
import { cpuSeconds, memory } from './process-usage.ts';
import { DAEMON_ADDRESS, findScenario, type Scenario, sessionAddress, sessionAsn } from './scenario.ts';
import { PlayedSession } from './session.ts';

/** Longest time for anything, in ms. */
const LIMIT_MS = 180_000;
const IDLE_MS = 5000;

/** The sessions of one scenario, and what is waited for. */
class Player {
  readonly #scenario: Scenario;
  readonly #pids: readonly number[];
  readonly #ledger: Ledger;
  readonly #sessions: readonly PlayedSession[];
  #isOver: () => boolean = () => false;
  #over: () => void = () => {};

  constructor(scenario: Scenario, pids: readonly number[]) {
    this.#scenario = scenario;
    this.#pids = pids;
    this.#ledger = new Ledger(scenario);
    this.#sessions = Array.from({ length: scenario.sessions }, (_, index) => this.#createSession(index));
  }

  async play(): Promise<Record<string, number>> {
    const { feeders, flaps } = this.#scenario;
    const all = Array.from({ length: feeders }, (_, index) => ({
      announce: announcements(this.#scenario, index),
      withdraw: withdrawals(this.#scenario, index),
    }));
    const ledger = this.#ledger;
    const establish = await this.#time(() => {
      void Promise.all(this.#sessions.map((session) => session.open())).then(() => this.#over());
    });
    const isThere = (): boolean => ledger.right === ledger.expected;
    const converge = await this.#time(() => {
      for (const [index, { announce }] of all.entries()) this.#sessions[index]?.send(announce);
    }, isThere);
    const { rssMiB } = memory(this.#pids);
    const later = flaps === undefined ? {} : { ...(await this.#flap(flaps)), ...(await this.#rest()) };
    const withdraw = await this.#time(
      () => {
        for (const [index, feed] of all.entries()) this.#sessions[index]?.send(feed.withdraw);
      },
      () => ledger.held === 0,
    );
    return {
      establishMs: establish.ms,
      convergeMs: converge.ms,
      convergeCpuMs: converge.cpuMs,
      ...later,
      withdrawMs: withdraw.ms,
      withdrawCpuMs: withdraw.cpuMs,
      rssMiB: round(rssMiB),
      peakRssMiB: round(memory(this.#pids).peakMiB),
    };
  }

  close(): void {
    for (const session of this.#sessions) session.close();
  }

  #createSession(index: number): PlayedSession {
    const options = {
      address: sessionAddress(index),
      asn: sessionAsn(this.#scenario, index),
      daemon: DAEMON_ADDRESS,
      identifier: 0x0a000001 + index,
    };
    return new PlayedSession(options, {
      update: (bytes, start, end) => {
        const mistake = this.#ledger.read(index, bytes, start, end);
        if (mistake !== undefined) stop(`session ${index}: ${mistake}`);
        if (this.#isOver()) this.#over();
      },
      failed: (reason) => stop(`session ${index}: ${reason}`),
    });
  }

  /** Does something and waits until it is over, as `isOver` or somebody else says. */
  async #time(begin: () => void, isOver = (): boolean => false): Promise<{ ms: number; cpuMs: number }> {
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#isOver = isOver;
    this.#over = resolve;
    const { right, expected, held } = this.#ledger;
    const timer = setTimeout(() => stop(`not over: ${right} of ${expected} right, ${held} held`), LIMIT_MS);
    const cpu = cpuSeconds(this.#pids);
    const start = performance.now();
    begin();
    await promise;
    const ms = round(performance.now() - start);
    clearTimeout(timer);
    return { ms, cpuMs: round((cpuSeconds(this.#pids) - cpu) * 1000) };
  }

  async #flap(count: number): Promise<Record<string, number>> {
    const others = this.#scenario.sessions - 1;
    const [up, down] = [flapUp(this.#scenario), flapDown(this.#scenario)];
    const announced: number[] = [];
    for (let index = 0; index < count; index += 1) {
      const { ms } = await this.#time(
        () => this.#sessions[0]?.send(up),
        () => this.#ledger.flapped === others,
      );
      announced.push(ms);
      await this.#time(
        () => this.#sessions[0]?.send(down),
        () => this.#ledger.flapped === 0,
      );
    }
    return { flapP50Ms: quantile(announced, 0.5), flapP99Ms: quantile(announced, 0.99) };
  }

  async #rest(): Promise<Record<string, number>> {
    const cpu = cpuSeconds(this.#pids);
    await new Promise((resolve) => setTimeout(resolve, IDLE_MS));
    const seconds = cpuSeconds(this.#pids) - cpu;
    return { idleCpuPercent: round((seconds / (IDLE_MS / 1000)) * 100) };
  }
}

function stop(reason: string): never {
  console.error(reason);
  process.exit(1);
}

const [name = '', pids = ''] = process.argv.slice(2);
const scenario = findScenario(name) ?? stop(`no scenario ${name}`);
const player = new Player(scenario, pids.split(',').map(Number));
console.log(JSON.stringify(await player.play()));
player.close();
