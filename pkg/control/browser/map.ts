/** Nodes on a circle, what is outside on one around it, and a line for each session. */
import type { Look, Peer } from './api.ts';
import { svg } from './dom.ts';
import { stateOf } from './view.ts';

const WIDTH = 640;
const HEIGHT = 380;
const CENTRE = { x: WIDTH / 2, y: HEIGHT / 2 };

interface Place {
  readonly x: number;
  readonly y: number;
}

/** Draws the map of some of all `nodes`; `chosen` is the one that is shown beside it. */
export function drawMap(
  looks: readonly Look[],
  nodes: ReadonlySet<string>,
  chosen: string | undefined,
): SVGElement {
  const outside = strangers(looks, nodes);
  const places = new Map<string, Place>([
    ...around(
      looks.map(({ name }) => name),
      outside.length === 0 ? 0.84 : 0.6,
    ),
    ...around(outside, 0.92),
  ]);
  return svg(
    'svg',
    {
      viewBox: `0 0 ${WIDTH} ${HEIGHT}`,
      role: 'img',
      'aria-label': 'nodes and the BGP sessions between them',
    },
    ...drawSessions(looks, places),
    ...looks.map((look) => drawNode(look, places.get(look.name) ?? CENTRE, look.name === chosen)),
    ...outside.map((name) => drawStranger(name, places.get(name) ?? CENTRE)),
  );
}

/** Peers that are none of the nodes. */
function strangers(looks: readonly Look[], nodes: ReadonlySet<string>): string[] {
  const peers = looks.flatMap(({ bgp }) => bgp?.peers ?? []).map(nameOf);
  return [...new Set(peers)].filter((name) => !nodes.has(name)).sort();
}

function nameOf({ address, node }: Peer): string {
  return node ?? address;
}

function around(names: readonly string[], part: number): [string, Place][] {
  return names.map((name, index) => {
    const angle = (2 * Math.PI * index) / names.length - Math.PI / 2;
    const x = CENTRE.x + Math.cos(angle) * CENTRE.x * part * 0.9;
    return [name, { x, y: CENTRE.y + Math.sin(angle) * (CENTRE.y - 30) * part }];
  });
}

/** One line for a pair: it is up when both ends that were asked say so. */
function drawSessions(looks: readonly Look[], places: ReadonlyMap<string, Place>): SVGElement[] {
  const pairs = new Map<string, { readonly ends: readonly [string, string]; up: boolean; text: string }>();
  for (const { bgp, name } of looks)
    for (const peer of bgp?.peers ?? []) {
      const ends = [name, nameOf(peer)].sort() as [string, string];
      const up = peer.state === 'Established';
      const text = `${name} – ${nameOf(peer)}: ${peer.state} ${peer.info}`.trim();
      const known = pairs.get(ends.join(' '));
      if (known === undefined) pairs.set(ends.join(' '), { ends, up, text });
      else if (!up) Object.assign(known, { up, text });
    }
  return [...pairs.values()].flatMap(({ ends: [left, right], text, up }) => {
    const [from, to] = [places.get(left), places.get(right)];
    if (from === undefined || to === undefined) return [];
    const line = { x1: from.x, y1: from.y, x2: to.x, y2: to.y, class: up ? 'up' : 'down' };
    return [svg('line', line, svg('title', {}, text))];
  });
}

function drawNode(look: Look, { x, y }: Place, isChosen: boolean): SVGElement {
  const { name, problem, status } = look;
  const state = stateOf(look);
  const reasons = problem ?? status?.readiness.reasons.join('; ') ?? '';
  return svg(
    'g',
    { class: `node ${state}${isChosen ? ' chosen' : ''}`, tabindex: 0, role: 'button', 'data-pick': name },
    svg('circle', { cx: x, cy: y, r: 13 }),
    svg('text', { x, y: y + 28 }, name),
    svg('title', {}, reasons === '' ? `${name}: ${state}` : `${name}: ${reasons}`),
  );
}

function drawStranger(name: string, { x, y }: Place): SVGElement {
  return svg(
    'g',
    { class: 'node outside' },
    svg('rect', { x: x - 11, y: y - 9, width: 22, height: 18, rx: 3 }),
    svg('text', { x, y: y + 24 }, name),
  );
}
