/**
 * Our side of a session: a speaker in a process and a namespace of its own, so that it can be killed like any daemon.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import type { Address, Prefix } from '@weft/ip';
import type {
  Explanation,
  LocalRoute,
  LocRibChange,
  PeerCommand,
  PeerStatus,
  ReceivedRoute,
  SentRoute,
  SpeakerConfig,
  SpeakerReport,
  StopOptions,
} from 'bgp-speaker-ts';
import { inNamespace } from './network.ts';
import type { Message, Method, Request } from './speaker-process.ts';

/** Where compiled code of the speaker is kept from one start to the next. */
const COMPILE_CACHE = join(import.meta.dirname, '../../../node_modules/.cache/interop');

/** A speaker that can be killed and started again. */
export class Speaker {
  /** Everything it has reported, through all its lives. */
  readonly reports: SpeakerReport[] = [];
  readonly #netns: string;
  readonly #pending: Map<number, { resolve(value: unknown): void; reject(error: Error): void }> = new Map();
  #requests = 0;
  #child: ChildProcess | undefined;
  #errors = '';

  constructor(netns: string) {
    this.#netns = netns;
  }

  /** Starts the process and the speaker in it. `restarting`: the kernel went on forwarding meanwhile (RFC 4724). */
  async start(
    config: SpeakerConfig,
    { restarting = false }: { readonly restarting?: boolean } = {},
  ): Promise<void> {
    const script = join(import.meta.dirname, 'speaker-process.ts');
    const [program, ...args] = inNamespace(this.#netns, [process.execPath, script]);
    const child = spawn(program, args, {
      stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
      serialization: 'advanced',
      env: { ...process.env, NODE_COMPILE_CACHE: COMPILE_CACHE },
    });
    this.#child = child;
    this.#errors = '';
    child.stderr?.setEncoding('utf8').on('data', (text: string) => {
      this.#errors += text;
    });
    child.on('message', (message) => this.#take(message as Message));
    child.on('exit', (code, signal) =>
      this.#failAll(`the speaker ended (${signal ?? code}): ${this.#errors}`),
    );
    await this.#ask('start', { config, restarting });
  }

  /** Says which routes it originates, all of them. */
  async announce(routes: readonly LocalRoute[]): Promise<void> {
    await this.#ask('setLocalRoutes', routes);
  }

  /** Takes a new configuration. */
  async configure(config: SpeakerConfig): Promise<void> {
    const error = (await this.#ask('configure', config)) as { readonly message: string } | undefined;
    if (error !== undefined) throw new Error(error.message);
  }

  /** Starts, stops, resets or refreshes a peer. */
  async command(command: PeerCommand): Promise<void> {
    await this.#ask('command', command);
  }

  /** All peers as they are now. */
  async peers(): Promise<PeerStatus[]> {
    return (await this.#ask('peers')) as PeerStatus[];
  }

  /** All selected routes. */
  async locRib(): Promise<LocRibChange[]> {
    return (await this.#ask('locRib')) as LocRibChange[];
  }

  /** All paths a peer has sent. */
  async adjRibIn(peer: Address): Promise<ReceivedRoute[]> {
    return (await this.#ask('adjRibIn', peer)) as ReceivedRoute[];
  }

  /** All routes a peer has been told. */
  async adjRibOut(peer: Address): Promise<SentRoute[]> {
    return (await this.#ask('adjRibOut', peer)) as SentRoute[];
  }

  /** Why the route of a prefix is what it is. */
  async explain(prefix: Prefix): Promise<Explanation> {
    return (await this.#ask('explain', prefix)) as Explanation;
  }

  /** Ends all sessions as told, then the process. */
  async stop(options: StopOptions): Promise<void> {
    await this.#ask('stop', options);
    await this.kill('SIGKILL');
  }

  /** Signals the process and waits until it is gone. */
  async kill(signal: NodeJS.Signals): Promise<void> {
    const child = this.#child;
    this.#child = undefined;
    if (child === undefined || child.exitCode !== null || child.signalCode !== null) return;
    const gone = once(child, 'exit');
    child.kill(signal);
    await gone;
  }

  async #ask(method: Method, ...args: readonly unknown[]): Promise<unknown> {
    const child = this.#child;
    if (child === undefined) throw new Error(`${method}: the speaker does not run`);
    this.#requests += 1;
    const request: Request = { id: this.#requests, method, args };
    return new Promise((resolve, reject) => {
      this.#pending.set(request.id, { resolve, reject });
      child.send(request, (error) => {
        if (error !== null) reject(error);
      });
    });
  }

  #take(message: Message): void {
    if (message.kind === 'report') {
      this.reports.push(message.report);
      return;
    }
    const pending = this.#pending.get(message.id);
    this.#pending.delete(message.id);
    if (message.kind === 'answer') pending?.resolve(message.value);
    else pending?.reject(new Error(message.message));
  }

  #failAll(why: string): void {
    for (const { reject } of this.#pending.values()) reject(new Error(why));
    this.#pending.clear();
  }
}
