/** The page: asks the daemons again and again, and draws what they say. What is chosen stands in the address, as a link. */
import {
  type Block,
  type Explanation,
  type Look,
  lookAt,
  type Pool,
  type Route,
  read,
  readAll,
  readNodes,
} from './api.ts';
import { byId, html, onPick, show } from './dom.ts';
import { drawMap } from './map.ts';
import { explanationPanel, nodePanel, poolPanel, routePanel } from './panels.ts';

/** Between two rounds of questions, in ms; none are asked while nobody looks. */
const PAUSE_MS = 2_000;

/** What the user has chosen. */
interface Choice {
  readonly node?: string;
  readonly target?: string;
}

let looks: readonly Look[] = [];
let routes: readonly Route[] = [];
/** The user has just asked why, and is to see the answer. */
let scrollsToExplanation = false;

function choice(): Choice {
  const { node, target } = Object.fromEntries(new URLSearchParams(location.hash.slice(1)));
  return { ...(node && { node }), ...(target && { target }) };
}

function choose(wanted: Choice): void {
  location.hash = new URLSearchParams({ ...wanted }).toString();
}

/** The node that is shown: the chosen one, or the first that answers. */
function shownNode(): Look | undefined {
  const { node } = choice();
  return (
    looks.find(({ name }) => name === node) ?? looks.find(({ status }) => status !== undefined) ?? looks[0]
  );
}

async function ask(): Promise<void> {
  looks = await Promise.all((await readNodes()).map(lookAt));
  drawNodes();
  const place = looks.find(({ status }) => status !== undefined);
  if (place === undefined) return;
  const [pools, blocks] = await Promise.all([
    readAll<Pool>(`${place.base}v1/pools`),
    readAll<Block>(`${place.base}v1/blocks`),
  ]);
  show(byId('pool-list'), ...poolPanel(pools, blocks));
  await askRoutes();
}

function drawNodes(): void {
  const ready = looks.filter(({ status }) => status?.readiness.ok).length;
  const peers = looks.flatMap(({ bgp }) => bgp?.peers ?? []);
  const up = peers.filter(({ state }) => state === 'Established').length;
  byId('summary').textContent =
    `${ready} of ${looks.length} nodes ready, ${up} of ${peers.length} sessions up`;
  const shown = shownNode();
  show(byId('map'), drawMap(looks, shown?.name));
  show(byId('node'), ...(shown === undefined ? [] : nodePanel(shown)));
}

async function askRoutes(): Promise<void> {
  const shown = shownNode();
  if (shown?.status === undefined) routes = [];
  else routes = await readAll<Route>(`${shown.base}v1/routes`);
  byId('routes-title').textContent = `Routes of ${shown?.name ?? 'no node'}`;
  drawRoutes();
  const { target } = choice();
  const place = byId('explanation');
  place.hidden = shown?.status === undefined || target === undefined;
  if (shown?.status === undefined || target === undefined) return;
  const query = new URLSearchParams({ prefix: target });
  show(place, ...explanationPanel(target, await read<Explanation>(`${shown.base}v1/explain?${query}`)));
  if (scrollsToExplanation) place.scrollIntoView({ behavior: 'smooth' });
  scrollsToExplanation = false;
}

function drawRoutes(): void {
  const filter = (byId('filter') as HTMLInputElement).value;
  show(byId('route-list'), ...routePanel(routes, filter));
}

/** A question that failed is said, and asked again; what was drawn stays. */
async function round(): Promise<void> {
  try {
    await ask();
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    show(byId('summary'), html('span', { class: 'bad' }, `no answer: ${reason}`));
  }
}

async function goOn(): Promise<never> {
  for (;;) {
    if (!document.hidden) await round();
    await new Promise((resolve) => setTimeout(resolve, PAUSE_MS));
  }
}

onPick(byId('map'), (node) => choose({ node }));
onPick(byId('route-list'), (target) => {
  choose({ node: shownNode()?.name ?? '', target });
  scrollsToExplanation = true;
});
byId('filter').addEventListener('input', drawRoutes);
addEventListener('hashchange', () => void round());
void goOn();
