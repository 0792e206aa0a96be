/** `GET /v1/explain/peer`: the session with a peer, or why there is none. */
import type { PeerExplanation, PeerSession } from '@weft/control';
import { address } from '@weft/ip';
import { nodeAddresses } from '@weft/resources';
import type { PeerConfig, PeerStatus, PolicyRule } from 'bgp-speaker-ts';
import type { Bgp } from '../bgp/bgp.ts';
import { type DecidedSession, decidedSessions, toSession } from './sessions.ts';
import type { SpeakerSources } from './sources.ts';

/**
 * Explains a peer by its address. What was left out names a node or a selector where it knows no address, so the node with
 * that address counts too.
 *
 * @param noBgp why the daemon speaks no BGP at all
 */
export function explainPeer(
  sources: SpeakerSources,
  asked: string,
  noBgp: string | undefined,
): PeerExplanation {
  const wanted = address(asked);
  const nodes = sources.nodes();
  const peerNode = nodes.find((node) => nodeAddresses(node).includes(wanted))?.metadata.name;
  const bgp = sources.bgp();
  return {
    node: sources.nodeName,
    asn: bgp?.config.asn ?? 0,
    addresses: sources.addresses(),
    noBgp,
    peerNode,
    sessions: decidedSessions(sources)
      .filter(({ decision }) => {
        const node = decision.kind === 'session' ? decision.node : undefined;
        return (
          decision.peer === wanted || (peerNode !== undefined && [node, decision.peer].includes(peerNode))
        );
      })
      .map((decided) => toPeerSession(decided, bgp)),
  };
}

function toPeerSession(decided: DecidedSession, bgp: Bgp | undefined): PeerSession {
  const { config, decision, status } = decided;
  const session = { ...toSession(decided, bgp), type: decision.type };
  if (config === undefined || decision.kind === 'left-out')
    return { ...session, families: [], importRules: [], exportRules: [] };
  return {
    ...session,
    passive: decision.passive,
    asn: status?.asn ?? asnOf(config),
    localAsn: config.localAsn ?? bgp?.config.asn,
    localAddress: config.localAddress,
    password: config.password !== undefined,
    since: status === undefined ? undefined : bgp?.wallClock(status.stateSince).toISOString(),
    established: status?.establishedCount,
    bfd: bfdOf(status),
    families: (status?.families ?? []).map(({ advertised, family, received, rejected }) => ({
      family,
      received,
      rejected,
      advertised,
    })),
    importRules: names(config.importPolicy),
    exportRules: names(config.exportPolicy),
  };
}

function asnOf({ asn }: PeerConfig): number | undefined {
  return typeof asn === 'number' ? asn : undefined;
}

function bfdOf(status: PeerStatus | undefined): string | undefined {
  if (status?.bfd === undefined) return undefined;
  const { diagnostic, state } = status.bfd;
  return state === 'Up' || diagnostic === undefined ? state : `${state}: ${diagnostic}`;
}

function names(rules: readonly PolicyRule[] | undefined): string[] {
  return (rules ?? []).map(({ name }) => name);
}
