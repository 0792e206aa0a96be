/**
 * Keeps the speaker as `calculate` wants it: started when there is BGP to speak, told every change, tried again when an
 * address could not be listened on.
 */
import {
  type DesiredState,
  type LinkRouter,
  nextHopStates,
  type RoutingContext,
  type SessionDecision,
  type WayToPeer,
} from '@weft/calc';
import type { Address } from '@weft/ip';
import type { Logger } from '@weft/telemetry';
import type { LocRibChange, PeerStatus, StartError } from 'bgp-speaker-ts';
import type { NodeRecord } from '../recording/node-record.ts';
import { Bgp } from './bgp.ts';
import { HandingOver, type WantedSessions } from './handing-over.ts';

/** How long an address that could not be listened on is left alone, in ms. */
const LISTEN_RETRY_MS = 5_000;

/** For so long after the start of the speaker every session counts for readiness, in ms. Source: Calico's threshold. */
const SETTLING_MS = 30_000;

/** The part of the record that is about the speaker. */
export type SpeakerRecord = Pick<
  NodeRecord,
  'configured' | 'reported' | 'routesChanged' | 'speaks' | 'transport'
>;

/** Who hears what comes of it. */
export interface SpeakingOptions {
  readonly log: Logger;
  /** The kernel still forwards by the routes of an earlier weftd; asked when the speaker starts. */
  readonly restarting: () => boolean;
  /** Who writes down what is heard. */
  readonly record: SpeakerRecord;
  /** Best paths changed. */
  readonly routesChanged: (changes: readonly LocRibChange[]) => void;
  /** What is in the kernel and not wanted by now is wanted by nobody. */
  readonly initialRoutesComplete: () => void;
  /** To decide anew, which nothing else would tell: something that failed may succeed now, or the ways to peers are others. */
  readonly tryAgain: () => void;
}

/** What of the desired state is about BGP. */
export type Followed = Pick<DesiredState, 'announcements' | 'nodeAddresses' | 'sessions' | 'speaker'>;

type NoSpeaker = Extract<DesiredState['speaker'], { kind: 'no-bgp' }>;

/** BGP of one daemon, over the life of one speaker. */
export class Speaking {
  readonly #with: SpeakingOptions;
  readonly #handingOver: HandingOver;
  #bgp: Bgp | undefined;
  #noBgpReason: string | undefined;
  #isSilentByChoice = false;
  #error: StartError | undefined;
  #retry: NodeJS.Timeout | undefined;
  #startedAt: number | undefined;
  #awaitsRoutes = true;
  #nextHops: readonly Address[] = [];
  #context: RoutingContext | undefined;

  constructor(options: SpeakingOptions) {
    this.#with = options;
    this.#handingOver = new HandingOver(options.tryAgain);
  }

  /** The speaker; undefined before there was anything to speak. */
  get bgp(): Bgp | undefined {
    return this.#bgp;
  }

  /** Why there is no BGP; undefined when there is. */
  get noBgpReason(): string | undefined {
    return this.#noBgpReason;
  }

  /** There is no BGP, and nobody wants any. */
  get isSilentByChoice(): boolean {
    return this.#noBgpReason !== undefined && this.#isSilentByChoice;
  }

  /** Why the speaker could not take over what is wanted of it. */
  get error(): StartError | undefined {
    return this.#error;
  }

  /** Every possible peer with the reason why it is one or is not, those included that are kept until others take their place. */
  get sessions(): readonly SessionDecision[] {
    return this.#handingOver.decisions;
  }

  /** To the peers there are, where the routing table does not know them; the same list until they change. */
  get waysInUse(): readonly WayToPeer[] {
    return this.#handingOver.ways;
  }

  /** The peers but for workloads of this node: whether those speak says nothing of the node. */
  get networkPeers(): readonly PeerStatus[] {
    const workloads = new Set<string>(
      this.sessions.flatMap(({ kind, peer, type }) =>
        kind === 'session' && type === 'local workload' ? [peer] : [],
      ),
    );
    return (this.#bgp?.peers() ?? []).filter(({ address }) => !workloads.has(address));
  }

  /** The speaker has started a moment ago. */
  get isSettling(): boolean {
    return this.#startedAt !== undefined && performance.now() - this.#startedAt < SETTLING_MS;
  }

  /** Peers have not sent all their routes yet, and the time to wait for them is not over. */
  get awaitsRoutes(): boolean {
    return this.#awaitsRoutes;
  }

  /** Whether the session with the router of a link is up. */
  hasSessionWith(router: LinkRouter): boolean {
    const peer = this.#bgp?.config.peers.find(({ address }) => address === router.address);
    if (peer?.interface !== router.interface) return false;
    return (
      this.#bgp?.peers().some((item) => item.address === router.address && item.state === 'Established') ??
      false
    );
  }

  /** What next hops are judged by from now on. */
  resolveBy(context: RoutingContext): void {
    this.#context = context;
    this.#bgp?.setNextHops(nextHopStates(this.#nextHops, context));
  }

  /** Takes over what was calculated. */
  follow({ announcements, nodeAddresses, sessions, speaker }: Followed): void {
    if (speaker.kind === 'no-bgp') this.#fallSilent(speaker, sessions);
    else {
      this.#configure({ config: speaker.config, nodeAddresses, sessions });
      this.#noBgpReason = undefined;
      this.#bgp?.announce(announcements);
    }
  }

  /** Closes all sessions so that peers keep our routes; with a word for them, so that they do not. */
  async stop(communication?: string): Promise<void> {
    clearTimeout(this.#retry);
    this.#handingOver.reset([]);
    await this.#bgp?.stop(communication);
  }

  /** Without BGP the datastore alone says which routes there are. A speaker that runs is left without peers and routes. */
  #fallSilent({ isChosen, reason }: NoSpeaker, sessions: readonly SessionDecision[]): void {
    if (this.#noBgpReason !== reason)
      this.#with.log[isChosen ? 'info' : 'warn']('bgp-off', `no BGP: ${reason}`);
    this.#isSilentByChoice = isChosen === true;
    this.#noBgpReason = reason;
    this.#error = undefined;
    this.#handingOver.reset(sessions);
    this.#bgp?.configure({ ...this.#bgp.config, peers: [] });
    this.#bgp?.announce([]);
    this.#completeRoutes();
  }

  #configure(wanted: WantedSessions): void {
    const before = this.#error?.message;
    this.#error =
      this.#bgp === undefined ? this.#start(wanted) : this.#handingOver.configure(this.#bgp, wanted);
    if (this.#error !== undefined && this.#error.message !== before) {
      const { kind, message, object, hint } = this.#error;
      this.#with.log.error(kind === 'listen-error' ? 'bgp-listen-failed' : 'bgp-config-refused', message, {
        object,
        hint,
      });
    }
    clearTimeout(this.#retry);
    if (this.#error?.kind === 'listen-error') this.#retry = setTimeout(this.#with.tryAgain, LISTEN_RETRY_MS);
  }

  #start({ config, sessions }: WantedSessions): StartError | undefined {
    const { log, record, routesChanged } = this.#with;
    const restarting = this.#with.restarting();
    const started = Bgp.start({
      config,
      restarting,
      log,
      listener: {
        routesChanged: (changes) => {
          record.routesChanged(changes);
          routesChanged(changes);
        },
        configured: (given, options) => record.configured(given, options),
        reported: (report) => record.reported(report),
        transport: (report) => record.transport(report),
        nextHopsWanted: (addresses) => this.#resolveNextHops(addresses),
        initialRoutesComplete: () => this.#completeRoutes(),
      },
    });
    if (!(started instanceof Bgp)) return started;
    this.#bgp = started;
    this.#handingOver.reset(sessions);
    record.speaks(started, restarting);
    this.#startedAt = performance.now();
    return undefined;
  }

  #completeRoutes(): void {
    this.#awaitsRoutes = false;
    this.#with.initialRoutesComplete();
  }

  #resolveNextHops(addresses: readonly Address[]): void {
    this.#nextHops = addresses;
    if (this.#context !== undefined) this.#bgp?.setNextHops(nextHopStates(addresses, this.#context));
  }
}
