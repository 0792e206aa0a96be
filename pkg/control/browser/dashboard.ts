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
import { explanationPanel, nodePanel, poolPanel, restOf, routePanel } from './panels.ts';
import { Rounds } from './rounds.ts';
import { ageOf, countsOf, inView } from './view.ts';

/** Between two rounds of questions, in ms; none are asked while nobody looks. */
const PAUSE_MS = 2_000;

/** What the user has chosen. */
interface Choice {
  readonly node?: string;
  readonly target?: string;
}

const rounds = new Rounds(lookAt);
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

/** The node that is shown: the chosen one, or the first that answers. It is asked in each round. */
function shownNode(): Look | undefined {
  const { looks } = rounds;
  const { node } = choice();
  return (
    looks.find(({ name }) => name === node) ?? looks.find(({ status }) => status !== undefined) ?? looks[0]
  );
}

async function ask(): Promise<void> {
  await rounds.round(await readNodes(), shownNode()?.name ?? choice().node);
  drawNodes();
  await askRoutes();
  await askPools();
}

function drawNodes(): void {
  const { looks } = rounds;
  byId('summary').textContent = countsOf(looks);
  drawAge();
  const shown = shownNode();
  const { drawn, rest } = inView(looks, shown, textIn('node-filter'));
  const names = new Set(looks.map(({ name }) => name));
  show(byId('map'), drawMap(drawn, names, shown?.name), ...restOf(rest));
  if (rest > 0) byId('node-filter').hidden = false;
  show(byId('node'), ...(shown === undefined ? [] : nodePanel(shown)));
}

function drawAge(): void {
  byId('age').textContent = ageOf(rounds.looks, performance.now());
}

/** All nodes know of all blocks: where the one that is shown does not answer, another does. */
async function askPools(): Promise<void> {
  const place = [shownNode(), ...rounds.looks].find((look) => look?.status !== undefined);
  if (place === undefined) return;
  const [pools, blocks] = await Promise.all([
    readAll<Pool>(`${place.base}v1/pools`),
    readAll<Block>(`${place.base}v1/blocks`),
  ]);
  show(byId('pool-list'), ...poolPanel(pools, blocks));
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
  show(byId('route-list'), ...routePanel(routes, textIn('filter')));
}

function textIn(id: string): string {
  return (byId(id) as HTMLInputElement).value;
}

/** A question that failed is said, and asked again; what was drawn stays, and grows old. */
async function tell(question: () => Promise<void>): Promise<void> {
  try {
    await question();
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    show(byId('summary'), html('span', { class: 'bad' }, `no answer: ${reason}`));
  }
  drawAge();
}

async function goOn(): Promise<never> {
  for (;;) {
    if (!document.hidden) await tell(ask);
    await new Promise((resolve) => setTimeout(resolve, PAUSE_MS));
  }
}

onPick(byId('map'), (node) => choose({ node }));
onPick(byId('route-list'), (target) => {
  choose({ node: shownNode()?.name ?? '', target });
  scrollsToExplanation = true;
});
byId('filter').addEventListener('input', drawRoutes);
byId('node-filter').addEventListener('input', drawNodes);
document.addEventListener('visibilitychange', drawAge);
addEventListener('hashchange', () => {
  drawNodes();
  void tell(askRoutes);
});
void goOn();
