/**
 * Traffic of containers through iptables' FORWARD chain, whose policy dockerd sets to DROP when it switches forwarding on.
 *
 * The rules stand at the end of the chain: what dockerd decides about its own networks and what an administrator wrote
 * (DOCKER-USER) comes first, and only what the policy would have dropped gets here. dockerd leaves them where they are when it
 * restarts; a firewall that is loaded anew may not, so they are looked at again and again. A rule that turns everything away and
 * stands before them is an administrator's word, too: it stays where it is, and is complained about.
 */
import type { Logger } from '@weft/telemetry';
import { execa } from 'execa';

/** How often the rules are looked at, in ms. */
const CHECK_MS = 30_000;

const PROGRAMS = ['iptables', 'ip6tables'] as const;
type Program = (typeof PROGRAMS)[number];

const COMMENT = 'weft: containers are routed';
/** As `--list-rules` prints a rule that no packet passes, whatever its comment. */
const CLOSING = /^-A FORWARD (?:-m comment --comment (?:"(?:[^"\\]|\\.)*"|\S+) )?-j (?:DROP|REJECT)\b/;

/** The rules of one prefix of interface names: into the containers and out of them. */
function rulesFor(prefix: string): string[][] {
  return ['--out-interface', '--in-interface'].map((direction) => [
    'FORWARD',
    direction,
    `${prefix}+`,
    '--match',
    'comment',
    '--comment',
    COMMENT,
    '--jump',
    'ACCEPT',
  ]);
}

/** What it needs. */
export interface ForwardingOptions {
  readonly log: Logger;
  /** What the names of containers' interfaces on the host begin with. Throws when weftd is away. */
  readonly interfacePrefixes: () => Promise<readonly string[]>;
  /** Runs iptables; its exit code and what it said. */
  readonly run?: (program: Program, args: readonly string[]) => Promise<RunResult>;
}

/** How a program ended; no code: it could not be started. */
export interface RunResult {
  readonly exitCode: number | undefined;
  readonly stdout: string;
  readonly stderr: string;
}

/** Keeps the rules in place. */
export class Forwarding {
  readonly #options: ForwardingOptions;
  #timer: NodeJS.Timeout | undefined;
  /** The last complaint of each program, which is not said twice. */
  readonly #complaints = new Map<Program, string>();

  constructor(options: ForwardingOptions) {
    this.#options = options;
  }

  /** Looks at the rules now and from time to time. */
  start(): void {
    void this.ensure();
    this.#timer = setInterval(() => void this.ensure(), CHECK_MS).unref();
  }

  close(): void {
    clearInterval(this.#timer);
  }

  /** Adds the rules that are missing. Never throws: a host without iptables has no such policy either. */
  async ensure(): Promise<void> {
    const prefixes = await this.#options.interfacePrefixes().catch(() => []);
    await Promise.all(PROGRAMS.map((program) => this.#ensureFor(program, prefixes)));
  }

  async #ensureFor(program: Program, prefixes: readonly string[]): Promise<void> {
    const run = this.#options.run ?? runIptables;
    for (const rule of prefixes.flatMap(rulesFor)) {
      if ((await run(program, ['--wait', '--check', ...rule])).exitCode === 0) continue;
      const { exitCode, stderr } = await run(program, ['--wait', '--append', ...rule]);
      if (exitCode !== 0) return this.#complain(program, `${program} could not be told: ${stderr}`, HINT);
      this.#options.log.info('forwarding-allowed', 'The firewall lets traffic of containers through.', {
        program,
        rule: rule.join(' '),
      });
    }
    const closing = closingRule((await run(program, ['--wait', '--list-rules', 'FORWARD'])).stdout);
    if (closing === undefined) this.#complaints.delete(program);
    else
      this.#complain(program, `a rule of ${program} turns away what weft lets through: ${closing}`, CLOSED);
  }

  #complain(program: Program, reason: string, hint: string): void {
    if (this.#complaints.get(program) === reason) return;
    this.#complaints.set(program, reason);
    this.#options.log.warn('forwarding-not-allowed', reason, { program, hint });
  }
}

const HINT = 'If its FORWARD policy is DROP, containers cannot be reached: let interfaces cali+ through.';
const CLOSED =
  'Containers cannot be reached: put that rule behind those of weft, or let interfaces cali+ through before it.';

/** The rule before which ours should stand and do not. */
function closingRule(listed: string): string | undefined {
  const rules = listed.split('\n');
  const own = rules.findIndex((rule) => rule.includes(COMMENT));
  return rules.slice(0, Math.max(own, 0)).find((rule) => CLOSING.test(rule));
}

async function runIptables(program: Program, args: readonly string[]): Promise<RunResult> {
  const result = await execa(program, args, { reject: false });
  const { exitCode, originalMessage = '', stderr, stdout } = result;
  return { exitCode, stdout: stdout ?? '', stderr: stderr || originalMessage };
}
