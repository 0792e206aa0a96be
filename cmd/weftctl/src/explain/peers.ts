/** `weftctl explain PEER`: sessions as both ends have them. */
import type { PeerExplanation } from '@weft/control';
import { explainPeer, type OtherEnd, type PeerChain } from '@weft/explain';
import type { Address } from '@weft/ip';
import type { Report } from '../failure.ts';
import { paintForStdout } from '../print/colour.ts';
import { printStructured } from '../print/structured.ts';
import { type Asked, askAll } from './ask.ts';
import type { Question } from './explain.ts';
import { printPeerChains } from './print.ts';
import { readFrom, type Target } from './target.ts';

/** Explains the sessions with a peer, of the node that is meant or of all. */
export async function explainPeers(
  question: Question,
  { node, peers }: Extract<Target, { kind: 'peer' }>,
): Promise<Report> {
  const { names, options, targets } = question;
  const chains: PeerChain[] = [];
  const reasons: string[] = [];
  for (const peer of peers) {
    const asked = await askAll(targets, (client) => client.explainPeer(peer));
    const from =
      options.from === undefined ? undefined : readFrom(options.from, names, [...asked.answered.keys()]).node;
    chains.push(...(await chainsWith(question, asked, peer, node, from)));
    for (const [name, reason] of asked.silent)
      if (name !== node && (from === undefined || name === from))
        reasons.push(`${name} was not asked: ${reason}.`);
    if (from !== undefined && !asked.answered.has(from) && !asked.silent.has(from))
      reasons.push(`${from} was not asked: its daemon cannot be asked from here.`);
  }
  const shown = withoutSilentFamilies(chains);
  const { output } = options;
  const text =
    output === 'ps'
      ? printPeerChains(shown, options.from !== undefined, paintForStdout())
      : await printStructured({ sessions: shown }, output);
  return { text, failures: [], notes: [...new Set(reasons)] };
}

async function chainsWith(
  question: Question,
  asked: Asked<PeerExplanation>,
  peer: Address,
  node: string | undefined,
  from: string | undefined,
): Promise<PeerChain[]> {
  const ends = [...asked.answered.values()]
    .filter((end) => end.node !== node && (from === undefined || end.node === from))
    .sort((left, right) => (left.node < right.node ? -1 : 1));
  return Promise.all(
    ends.map(async (here) => explainPeer(peer, here, await otherEnd(question, asked, here, peer, node))),
  );
}

/** The peer's own daemon is asked about the node that has the session. */
async function otherEnd(
  { targets }: Question,
  asked: Asked<PeerExplanation>,
  here: PeerExplanation,
  peer: Address,
  node: string | undefined,
): Promise<OtherEnd> {
  const at =
    node ??
    [...asked.answered.values()].find((end) => end.node !== here.node && end.addresses.includes(peer))?.node;
  if (at === undefined) return { kind: 'stranger' };
  const own = here.addresses.find((address) => address.includes(':') === peer.includes(':'));
  if (own === undefined) return { kind: 'stranger' };
  const { answered, silent } = await askAll(targets, (client) => client.explainPeer(own));
  const explanation = answered.get(at);
  if (explanation !== undefined) return { kind: 'answered', explanation };
  return { kind: 'not-asked', reason: silent.get(at) ?? 'its daemon cannot be asked from here' };
}

/** Two nodes of weft have one session for both families: that there is none over the other is no news. */
function withoutSilentFamilies(chains: readonly PeerChain[]): PeerChain[] {
  const isNews = (chain: PeerChain): boolean =>
    chain.verdict.stage !== 'session' ||
    !chains.some(
      (other) => other.from === chain.from && other !== chain && other.verdict.stage !== 'session',
    );
  return chains.filter(isNews);
}
