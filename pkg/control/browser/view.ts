/** What is said of all nodes, and which of them are drawn. */
import type { Look } from './api.ts';

/** How many nodes the map has room for; a filter finds the others. */
const MOST_NODES = 30;

/** How a node is, as far as one knows. */
export type NodeState = 'unasked' | 'silent' | 'unready' | 'ready';

/** The nodes that are drawn, and how many there was no room for. */
export interface View {
  readonly drawn: readonly Look[];
  readonly rest: number;
}

/** How a node is, or was when it was asked last. */
export function stateOf({ askedAt, status }: Look): NodeState {
  if (askedAt === undefined) return 'unasked';
  if (status === undefined) return 'silent';
  return status.readiness.ok ? 'ready' : 'unready';
}

/** Of the nodes whose names have the text those one has to see, in the order of all: the chosen one, those that are not well, its peers. */
export function inView(looks: readonly Look[], chosen: Look | undefined, text: string): View {
  const peers = new Set(chosen?.bgp?.peers.map(({ node }) => node));
  const rank = (look: Look): number => {
    if (look.name === chosen?.name) return 0;
    const state = stateOf(look);
    if (state === 'silent' || state === 'unready') return 1;
    return peers.has(look.name) ? 2 : 3;
  };
  const found = looks.filter(({ name }) => name.toLowerCase().includes(text.toLowerCase()));
  const first = new Set(found.toSorted((left, right) => rank(left) - rank(right)).slice(0, MOST_NODES));
  return { drawn: found.filter((look) => first.has(look)), rest: found.length - first.size };
}

/** How many nodes and sessions are well, of those that were asked. */
export function countsOf(looks: readonly Look[]): string {
  const asked = looks.filter((look) => stateOf(look) !== 'unasked');
  const ready = asked.filter((look) => stateOf(look) === 'ready').length;
  const peers = asked.flatMap(({ bgp }) => bgp?.peers ?? []);
  const up = peers.filter(({ state }) => state === 'Established').length;
  return `${ready} of ${asked.length} nodes ready, ${up} of ${peers.length} sessions up`;
}

/** How old what is known is at `now`, and of how many nodes nothing is. */
export function ageOf(looks: readonly Look[], now: number): string {
  const times = looks.flatMap(({ askedAt }) => askedAt ?? []);
  if (times.length === 0) return '';
  const age = `asked within the last ${inWords(now - Math.min(...times))}`;
  const unasked = looks.length - times.length;
  return unasked === 0 ? age : `${age}; ${unasked} more not asked yet`;
}

/** In steps, so that it does not change with every look at it. */
function inWords(milliseconds: number): string {
  const seconds = Math.max(5, Math.ceil(milliseconds / 5_000) * 5);
  return seconds <= 120 ? `${seconds} s` : `${Math.ceil(seconds / 60)} min`;
}
