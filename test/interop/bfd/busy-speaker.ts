/**
 * The parent's side of `busy-process.ts`.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import type { PeerConfig, PeerStatus, SpeakerConfig } from 'bgp-speaker-ts';
import { inNamespace, type NetworkEnd } from '../daemon/network.ts';
import type { BusyAnswer, BusyRequest } from './busy-process.ts';

/** A speaker in a process and a namespace of its own. */
export class BusySpeaker {
  readonly #child: ChildProcess;

  /** @param script `busy-process.ts`, or what was bundled of it */
  constructor(netns: string, script: string) {
    const [program, ...args] = inNamespace(netns, [process.execPath, script]);
    this.#child = spawn(program, args, { stdio: ['ignore', 'inherit', 'inherit', 'ipc'] });
  }

  async start(config: SpeakerConfig): Promise<void> {
    await this.#ask({ kind: 'start', config });
  }

  /** The only peer. */
  async peer(): Promise<PeerStatus | undefined> {
    return (await this.#ask({ kind: 'peers' }))[0];
  }

  /** Keeps the main thread busy; resolves when it is free again. */
  async block(milliseconds: number): Promise<void> {
    await this.#ask({ kind: 'block', milliseconds });
  }

  /** Lets the process end itself; its exit code, null when a signal ended it. */
  async exit(): Promise<number | null> {
    const exit = once(this.#child, 'exit');
    this.#child.send({ kind: 'exit' } satisfies BusyRequest);
    const [code] = (await exit) as [number | null];
    return code;
  }

  async kill(): Promise<void> {
    if (this.#child.exitCode !== null || this.#child.signalCode !== null) return;
    this.#child.kill('SIGKILL');
    await once(this.#child, 'exit');
  }

  async #ask(request: BusyRequest): Promise<BusyAnswer> {
    const settled = new AbortController();
    const answer = once(this.#child, 'message', { signal: settled.signal });
    const death = once(this.#child, 'exit', { signal: settled.signal }).then(() => {
      throw new Error(`${request.kind}: the speaker has ended`);
    });
    this.#child.send(request);
    try {
      const [peers] = (await Promise.race([answer, death])) as [BusyAnswer];
      return peers;
    } finally {
      for (const waiting of [answer, death]) waiting.catch(() => {});
      settled.abort();
    }
  }
}

/** A speaker at one end whose only peer is at the other, watched by BFD at 3 × 50 ms. */
export function watching(own: NetworkEnd, other: NetworkEnd, more: Partial<PeerConfig> = {}): SpeakerConfig {
  return {
    asn: 64512,
    identifier: own.ipv4,
    listen: [{ address: own.ipv4, port: 179 }],
    holdTimeSeconds: 90,
    peers: [
      {
        address: other.ipv4,
        asn: 64512,
        localAddress: own.ipv4,
        passive: false,
        families: ['ipv4-unicast'],
        connectRetryTimeSeconds: 1,
        nextHop: 'auto',
        nextHopAddresses: {},
        bfd: { minTransmitIntervalMs: 50, minReceiveIntervalMs: 50, multiplier: 3 },
        importPolicy: [],
        exportPolicy: [],
        ...more,
      },
    ],
  };
}
