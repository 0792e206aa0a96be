/** Chains as text: the verdict and what to do first, then every step. Pure. */
import type { Answer, Chain, Hop, PeerChain, Verdict } from '@weft/explain';
import { type Cell, type Paint, plain, printRow, printTable, type Tone, widthsOf } from '../print/table.ts';

/** Told apart without colours, too. */
const MARKS: Readonly<Record<Answer, { readonly text: string; readonly tone: Tone }>> = {
  yes: { text: 'yes', tone: 'good' },
  no: { text: 'NO', tone: 'bad' },
  unknown: { text: '?', tone: 'bad' },
  note: { text: '-', tone: 'dim' },
};

interface Explained {
  readonly from: string;
  readonly verdict: Verdict;
  readonly hops: readonly Hop[];
}

/** Routes: in full from where somebody asked, else all in short and those that differ in full. */
export function printChains(chains: readonly Chain[], isFull: boolean, paint: Paint = plain): string {
  const byDestination = Map.groupBy(chains, ({ destination }) => destination);
  return [...byDestination.values()].map((group) => printGroup(group, isFull, paint)).join('\n\n');
}

/** Sessions with a peer, likewise. */
export function printPeerChains(chains: readonly PeerChain[], isFull: boolean, paint: Paint = plain): string {
  const byPeer = Map.groupBy(chains, ({ peer }) => peer);
  return [...byPeer.values()].map((group) => printGroup(group, isFull, paint)).join('\n\n');
}

function printGroup(chains: readonly Explained[], isFull: boolean, paint: Paint): string {
  const [first, ...others] = chains;
  if (first === undefined) return '';
  if (isFull || others.length === 0) return chains.map((chain) => printChain(chain, paint)).join('\n\n');
  const rows = chains.map(({ from, verdict }): Cell[] => [from, MARKS[verdict.answer], verdict.sentence]);
  const table = printTable(['FROM', '', 'VERDICT'], rows, paint);
  return [table, ...distinct(chains).map((chain) => printChain(chain, paint))].join('\n\n');
}

/** One of each kind of trouble; where there is none, the last, since a node's own route says least. */
function distinct(chains: readonly Explained[]): readonly Explained[] {
  const troubled = chains.filter(({ verdict }) => verdict.answer !== 'yes');
  if (troubled.length === 0)
    return chains.toSorted((left, right) => right.hops.length - left.hops.length).slice(0, 1);
  const kind = ({ verdict }: Explained): string => `${verdict.answer} ${verdict.stage} ${verdict.rule}`;
  return [...new Map(troubled.map((chain) => [kind(chain), chain])).values()];
}

function printChain({ hops, verdict }: Explained, paint: Paint): string {
  const { text, tone } = MARKS[verdict.answer];
  const lines = [`${paint(tone, text)}: ${verdict.sentence}`];
  if (verdict.next !== undefined) lines.push(`  ${verdict.next}`);
  const rows = hops.map((hop): Cell[] => [MARKS[hop.answer], hop.node ?? '', hop.stage, saysOf(hop)]);
  const widths = widthsOf(['', '', '', ''], rows);
  return [...lines, ...rows.map((row) => `  ${printRow(row, widths, paint)}`)].join('\n');
}

/** A rule that the sentence names already is not repeated. */
function saysOf({ rule, says }: Hop): string {
  return rule === undefined || says.includes(rule) ? says : `${says} [${rule}]`;
}
