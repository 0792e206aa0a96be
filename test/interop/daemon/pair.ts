/**
 * A speaker and a daemon that are each other's only neighbour, and what tests wait for between them.
 */
import type { Address } from '@weft/ip';
import type { LocalRoute, Negotiated, PeerConfig, PeerStatus, SpeakerConfig } from 'bgp-speaker-ts';
import { waitFor } from '../../harness/wait-for.ts';
import type { Daemon, DaemonRoute } from './daemon.ts';
import { peerAt } from './lan-speaker.ts';
import type { Network, NetworkEnd } from './network.ts';
import { Speaker } from './speaker.ts';
import type { TemplateValues } from './template.ts';

/** Longest wait for anything, in ms: enough for a machine that does much else. */
export const DEADLINE_MS = 60_000;

/** Pause between two questions, in ms: each costs a process. */
export const INTERVAL_MS = 50;

/** AS number of the second speaker. */
export const SECOND_ASN = 64514;

/** How the two are set up. */
export interface Scenario {
  /** What the session runs on; default IPv4. */
  readonly transport?: 'ipv4' | 'ipv6';
  /** Default 64512. */
  readonly speakerAsn?: number;
  /** Default 64513: eBGP. */
  readonly daemonAsn?: number;
  /** Who opens the connection; the other one waits. Default: the speaker. */
  readonly dials?: 'speaker' | 'daemon';
  /** Hold time of the daemon, in seconds; default 90. */
  readonly daemonHoldTimeSeconds?: number;
  /** More of the speaker's configuration. */
  readonly speaker?: Partial<SpeakerConfig>;
  /** More of the speaker's configuration of the daemon. */
  readonly peer?: Partial<PeerConfig>;
  /** Whose neighbour a second speaker is, which `startSecond` starts and which dials; default: there is none. */
  readonly second?: 'speaker' | 'daemon';
  /** More values for the template of the daemon's configuration. */
  readonly values?: TemplateValues;
}

/** What a driver is made from but for the text of the configuration. */
type MakeDaemon = (
  options: { readonly end: Network['daemon']; readonly asn: number; readonly neighbour: Address },
  values: TemplateValues,
) => Daemon;

/** The two, neither of them started. */
export class Pair {
  readonly daemon: Daemon;
  readonly speaker: Speaker;
  /** The speaker's configuration. */
  readonly config: SpeakerConfig;
  /** Name of the daemon among the speaker's peers. */
  readonly peer: Address;
  readonly network: Network;
  readonly #second: Speaker;
  readonly #secondConfig: SpeakerConfig;

  constructor(network: Network, scenario: Scenario, makeDaemon: MakeDaemon) {
    const {
      transport = 'ipv4',
      speakerAsn = 64512,
      daemonAsn = 64513,
      daemonHoldTimeSeconds: holdTime = 90,
    } = scenario;
    const neighbour = network.speaker[transport];
    this.peer = network.daemon[transport];
    this.network = network;
    this.config = speakerConfig(network, scenario);
    this.speaker = new Speaker(network.speaker.netns);
    this.#second = new Speaker(network.second.netns);
    this.#secondConfig = secondConfig(network, scenario);
    this.daemon = makeDaemon(
      { end: network.daemon, asn: daemonAsn, neighbour },
      {
        speaker: neighbour,
        daemon: this.peer,
        speaker4: network.speaker.ipv4,
        speaker6: network.speaker.ipv6,
        daemon4: network.daemon.ipv4,
        daemon6: network.daemon.ipv6,
        speakerAsn,
        daemonAsn,
        holdTime,
        keepaliveTime: Math.floor(holdTime / 3),
        // A line with this name makes the daemon wait for the speaker.
        passive: scenario.dials === 'daemon' ? undefined : 'passive',
        second: scenario.second === 'daemon' ? network.second[transport] : undefined,
        secondAsn: SECOND_ASN,
        ...scenario.values,
      },
    );
  }

  /** Starts both, gives the speaker its routes, and waits for the session. */
  async start(routes: readonly LocalRoute[] = []): Promise<Negotiated> {
    await Promise.all([this.daemon.start(), this.startSpeaker(routes)]);
    return this.established();
  }

  /** Starts the speaker alone. */
  async startSpeaker(
    routes: readonly LocalRoute[],
    options: { readonly restarting?: boolean } = {},
  ): Promise<void> {
    await this.speaker.start(this.config, options);
    await this.speaker.announce(routes);
  }

  /** Starts the second speaker. */
  async startSecond(routes: readonly LocalRoute[]): Promise<void> {
    await this.#second.start(this.#secondConfig);
    await this.#second.announce(routes);
  }

  /** Waits until the session stands on both sides; what was agreed. */
  async established(): Promise<Negotiated> {
    await waitFor(
      'the speaker is Established',
      async () => (await this.status()).state === 'Established',
      DEADLINE_MS,
      INTERVAL_MS,
    );
    await waitFor(
      'the daemon is Established',
      async () => (await this.daemon.sessionState()) === 'Established',
      DEADLINE_MS,
      INTERVAL_MS,
    );
    const report = this.speaker.reports.findLast(({ kind }) => kind === 'peer-established');
    if (report?.kind !== 'peer-established') throw new Error('the speaker has not reported the session');
    return report.negotiated;
  }

  /** The daemon as the speaker sees it. */
  async status(): Promise<PeerStatus> {
    const status = (await this.speaker.peers()).find(({ address }) => address === this.peer);
    if (status === undefined) throw new Error(`${this.peer} is no peer`);
    return status;
  }

  /** Prefixes the speaker has accepted from the daemon, sorted, stale ones marked. */
  async learned(): Promise<string[]> {
    const routes = await this.speaker.adjRibIn(this.peer);
    // FRR sends external routes back to where they came from; they are rejected for our own AS number in their path.
    const accepted = routes.filter(({ rejection }) => rejection === 'none');
    return accepted.map(({ prefix, stale }) => (stale ? `${prefix} stale` : prefix)).toSorted();
  }

  /** Waits until the speaker has just these prefixes from the daemon; `… stale` for stale ones. */
  async speakerHas(...prefixes: readonly string[]): Promise<void> {
    await waitForList('the speaker', prefixes, () => this.learned());
  }

  /** Waits until the daemon has just these prefixes from the speaker; its routes. */
  async daemonHas(...prefixes: readonly string[]): Promise<DaemonRoute[]> {
    let routes: DaemonRoute[] = [];
    await waitForList('the daemon', prefixes, async () => {
      routes = await this.daemon.routes();
      return routes.map(({ prefix }) => prefix).toSorted();
    });
    return routes;
  }

  /** Waits until the speaker has heard End-of-RIB of both families. */
  async heardEndOfRib(): Promise<void> {
    await waitFor(
      'End-of-RIB of both families',
      async () => (await this.status()).families.every(({ endOfRibReceived }) => endOfRibReceived),
      DEADLINE_MS,
    );
  }

  /** Ends both and leaves nothing. */
  async remove(): Promise<void> {
    await Promise.all([this.speaker.kill('SIGKILL'), this.#second.kill('SIGKILL'), this.daemon.remove()]);
  }
}

async function waitForList(
  who: string,
  wanted: readonly string[],
  ask: () => Promise<string[]>,
): Promise<void> {
  const text = wanted.toSorted().join(', ');
  let last = '';
  const hasThem = async (): Promise<boolean> => {
    last = (await ask()).join(', ');
    return last === text;
  };
  await waitFor(`${who} has ${text || 'nothing'}`, hasThem, DEADLINE_MS, INTERVAL_MS).catch(
    (error: Error) => {
      throw new Error(`${error.message}; it has ${last || 'nothing'}`);
    },
  );
}

function speakerConfig(network: Network, scenario: Scenario): SpeakerConfig {
  const { transport = 'ipv4', speakerAsn = 64512, daemonAsn = 64513, dials = 'speaker' } = scenario;
  const daemon = {
    ...peerConfig(network.speaker, transport, network.daemon, daemonAsn),
    passive: dials === 'daemon',
    ...scenario.peer,
  };
  const second = {
    ...peerConfig(network.speaker, transport, network.second, SECOND_ASN),
    passive: true,
  };
  return {
    ...commonConfig(network.speaker, transport, speakerAsn),
    peers: scenario.second === 'speaker' ? [daemon, second] : [daemon],
    ...scenario.speaker,
  };
}

function secondConfig(network: Network, scenario: Scenario): SpeakerConfig {
  const { transport = 'ipv4', speakerAsn = 64512, daemonAsn = 64513, second } = scenario;
  const peer =
    second === 'daemon'
      ? peerConfig(network.second, transport, network.daemon, daemonAsn)
      : peerConfig(network.second, transport, network.speaker, speakerAsn);
  return { ...commonConfig(network.second, transport, SECOND_ASN), peers: [peer] };
}

function commonConfig(
  own: NetworkEnd,
  transport: 'ipv4' | 'ipv6',
  asn: number,
): Omit<SpeakerConfig, 'peers'> {
  return { asn, identifier: own.ipv4, listen: [{ address: own[transport], port: 179 }], holdTimeSeconds: 90 };
}

function peerConfig(own: NetworkEnd, transport: 'ipv4' | 'ipv6', other: NetworkEnd, asn: number): PeerConfig {
  return peerAt(own, other, asn, { address: other[transport], localAddress: own[transport] });
}
