/**
 * What a test of interoperability asks of a routing daemon, whichever it is.
 *
 * A driver (`bird.ts`, `frr.ts` …) runs one daemon in the foreground, as a child of the test, inside one end of a
 * `Network`. Configuration, pid files and control sockets are in a temporary directory of its own.
 */
import type { NetworkEnd } from './network.ts';

/** The daemons there are drivers for, in the order of the tables. */
export const DAEMONS = ['bird', 'frr', 'gobgp', 'openbgpd', 'exabgp'] as const;

/** A daemon, by the name of its driver. */
export type DaemonName = (typeof DAEMONS)[number];

/** A route the daemon has learned from the speaker; what it does not tell is absent. */
export interface DaemonRoute {
  readonly prefix: string;
  readonly nextHop?: string | undefined;
  readonly origin?: 'igp' | 'egp' | 'incomplete' | undefined;
  /** Nearest AS first. */
  readonly asPath?: readonly number[] | undefined;
  /** Each `aa:nn`. */
  readonly communities?: readonly string[] | undefined;
  /** Each `aa:nn:mm`. */
  readonly largeCommunities?: readonly string[] | undefined;
  readonly localPref?: number | undefined;
  readonly med?: number | undefined;
  /** Who brought the route into the AS (RFC 4456). */
  readonly originatorId?: string | undefined;
  /** Clusters it has passed, the nearest first (RFC 4456). */
  readonly clusterList?: readonly string[] | undefined;
  /** Kept for a speaker that is away (RFC 4724). */
  readonly stale?: boolean | undefined;
  /** The speaker's path identifier (RFC 7911). */
  readonly pathId?: number | undefined;
}

/** What a daemon is made from. */
export interface DaemonOptions {
  /** Where it runs. */
  readonly end: NetworkEnd;
  /** Its configuration, everything filled in. File names in it are relative to its directory, the working directory. */
  readonly config: string;
  readonly asn: number;
  /** Address of the speaker on this session. */
  readonly neighbour: string;
}

/** One daemon with one neighbour, the speaker. */
export interface Daemon {
  readonly name: DaemonName;
  /** Waits until it answers its control socket. `restarting`: as after a restart (RFC 4724), where it must be told. */
  start(options?: { readonly restarting?: boolean }): Promise<void>;
  /** What it has learned from the speaker, both families; rejects when it does not run. */
  routes(): Promise<DaemonRoute[]>;
  /**
   * Originates prefixes of either family, beside those of its configuration. While it does not run, it remembers them
   * for the next start; it also comes back from a restart with them.
   */
  announce(prefixes: readonly string[]): Promise<void>;
  /** Takes back what `announce` was given. */
  withdraw(prefixes: readonly string[]): Promise<void>;
  /** Asks the speaker for its routes again, all families (RFC 2918). */
  requestRefresh(): Promise<void>;
  /** State of the session by its RFC 4271 name, such as `Established`. */
  sessionState(): Promise<string>;
  /** Sends its control program a command; its answer. For what one daemon alone can do. */
  ask(...command: string[]): Promise<string>;
  /** Signals the daemon, by pid, and waits for its end. */
  kill(signal: NodeJS.Signals): Promise<void>;
  /** Ends everything, leaves nothing. */
  remove(): Promise<void>;
  /** Its last words, shown when a test fails. */
  logTail(): string;
}
