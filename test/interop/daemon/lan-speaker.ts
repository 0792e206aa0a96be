/**
 * Configurations of speakers on a `Lan`.
 */
import { prefix } from '@weft/ip';
import type { LocalRoute, PeerConfig, SpeakerConfig } from 'bgp-speaker-ts';
import type { NetworkEnd } from './network.ts';
import type { Speaker } from './speaker.ts';

/** A speaker at an end of the switch. */
export function speakerAt({ ipv4 }: NetworkEnd, asn: number, peers: readonly PeerConfig[]): SpeakerConfig {
  return { asn, identifier: ipv4, listen: [{ address: ipv4, port: 179 }], holdTimeSeconds: 90, peers };
}

/** A neighbour of it at another end, over IPv4, both families; `more` comes before the rest. */
export function peerAt(
  own: NetworkEnd,
  other: NetworkEnd,
  asn: number,
  more: Partial<PeerConfig> = {},
): PeerConfig {
  return {
    address: other.ipv4,
    asn,
    localAddress: own.ipv4,
    passive: false,
    families: ['ipv4-unicast', 'ipv6-unicast'],
    connectRetryTimeSeconds: 1,
    nextHop: 'auto',
    nextHopAddresses: { ipv4: own.ipv4, ipv6: own.ipv6 },
    importPolicy: [],
    exportPolicy: [],
    ...more,
  };
}

/** Starts a speaker and gives it its routes. */
export async function startSpeaker(
  speaker: Speaker,
  config: SpeakerConfig,
  prefixes: readonly string[],
  attributes: Partial<LocalRoute> = {},
): Promise<void> {
  await speaker.start(config);
  await speaker.announce(prefixes.map((name) => ({ prefix: prefix(name), ...attributes })));
}
