/**
 * What is dumped and monitored: a speaker at 127.0.0.2 with two peers on loopback that announce routes of both families.
 *
 * LEFT is internal and sends path identifiers; RIGHT is external, of a four-octet AS.
 */
import { type Address, address, prefix } from '@weft/ip';
import {
  BgpServer,
  type LocalRoute,
  type PeerConfig,
  type ReceivedRoute,
  type SpeakerConfig,
} from 'bgp-speaker-ts';
import { freePort } from '../../harness/free-port.ts';
import { waitFor } from '../../harness/wait-for.ts';

export const OURS: Address = address('127.0.0.2');
export const LEFT: Address = address('127.0.0.3');
export const RIGHT: Address = address('127.0.0.4');
export const RIGHT_ASN = 4_200_000_001;
const ASN = 64512;

const LEFT_ROUTES: readonly LocalRoute[] = [
  { prefix: prefix('10.1.0.0/16'), communities: ['64512:7', '64512:8'], largeCommunities: ['64512:1:2'] },
  { prefix: prefix('2001:db8:1::/48'), communities: ['64512:9'] },
  { prefix: prefix('10.3.0.0/23'), localPref: 200 },
];
const RIGHT_ROUTES: readonly LocalRoute[] = [
  { prefix: prefix('10.1.0.0/16'), med: 5 },
  { prefix: prefix('0.0.0.0/0'), communities: ['1:1'] },
  { prefix: prefix('2001:db8:2::1/128'), largeCommunities: ['4200000001:7:8'], origin: 2 },
  { prefix: prefix('2001:db8:1::/48'), med: 9 },
];

/** Three servers in this process. */
export class Speakers {
  readonly ours: BgpServer;
  readonly left: BgpServer;
  readonly right: BgpServer;

  private constructor(ours: BgpServer, left: BgpServer, right: BgpServer) {
    this.ours = ours;
    this.left = left;
    this.right = right;
  }

  /** Starts all; `more` is added to the configuration of ours. */
  static async start(more: Partial<SpeakerConfig> = {}): Promise<Speakers> {
    const port = await freePort(OURS);
    const peers = [peer(LEFT, ASN, 'receive'), peer(RIGHT, RIGHT_ASN)].map((item) => ({
      ...item,
      passive: true,
    }));
    return new Speakers(
      serve({ ...speaker(OURS, ASN, port, peers), ...more }, [{ prefix: prefix('10.9.0.0/24') }]),
      serve(speaker(LEFT, ASN, await freePort(LEFT), [peer(OURS, ASN, 'send', port)]), LEFT_ROUTES),
      serve(
        speaker(RIGHT, RIGHT_ASN, await freePort(RIGHT), [peer(OURS, ASN, undefined, port)]),
        RIGHT_ROUTES,
      ),
    );
  }

  /** Waits until ours has all routes of both. */
  async inStep(): Promise<void> {
    await waitFor(
      'all routes here',
      () => this.received(LEFT).length === 3 && this.received(RIGHT).length === 4,
    );
  }

  /** What ours has from a peer. */
  received(from: Address): ReceivedRoute[] {
    return this.ours.adjRibIn(from);
  }

  async stop(): Promise<void> {
    await Promise.all([this.ours, this.left, this.right].map((server) => server.stop({ graceful: false })));
  }
}

function serve(config: SpeakerConfig, routes: readonly LocalRoute[]): BgpServer {
  const started = BgpServer.start({ config, restarting: false });
  if (started.kind !== 'started') throw new Error(JSON.stringify(started));
  started.server.setLocalRoutes(routes);
  return started.server;
}

function speaker(at: Address, asn: number, port: number, peers: readonly PeerConfig[]): SpeakerConfig {
  const own = address(`2001:db8::${at.at(-1)}`);
  return {
    asn,
    identifier: at,
    listen: [{ address: at, port }],
    holdTimeSeconds: 90,
    peers: peers.map((item) => ({ ...item, localAddress: at, nextHopAddresses: { ipv6: own } })),
  };
}

function peer(at: Address, asn: number, addPath?: PeerConfig['addPath'], port?: number): PeerConfig {
  return {
    address: at,
    asn,
    port,
    addPath,
    passive: false,
    families: ['ipv4-unicast', 'ipv6-unicast'],
    connectRetryTimeSeconds: 1,
    nextHop: 'auto',
    nextHopAddresses: {},
    multihop: asn === ASN ? undefined : 2,
    importPolicy: [],
    exportPolicy: [],
  };
}
