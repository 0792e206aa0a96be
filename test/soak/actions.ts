/**
 * What can happen to a lab in a soak, as data, and the walk through it. Pure: a walk is its seed, and a list of actions can be
 * kept, cut down and done again.
 */
import { type Random, seeded } from './random.ts';

/** One thing that happens to a lab. */
export type Action =
  | { readonly kind: 'add-pod'; readonly node: string }
  | { readonly kind: 'remove-pod'; readonly pod: string }
  | { readonly kind: 'add-node'; readonly node: string }
  | { readonly kind: 'remove-node'; readonly node: string }
  /** weftd ends, and starts again at once. */
  | { readonly kind: 'restart'; readonly node: string; readonly signal: 'SIGTERM' | 'SIGKILL' }
  /** Somebody deletes all routes of weft. */
  | { readonly kind: 'flush-routes'; readonly node: string }
  /** The network loses all packets of a host, whose own link stays up, until it is healed. */
  | { readonly kind: 'cut'; readonly node: string }
  | { readonly kind: 'heal'; readonly node: string }
  | { readonly kind: 'link'; readonly node: string; readonly state: 'up' | 'down' }
  /** Who makes the sessions; everybody has one with everybody else either way. */
  | { readonly kind: 'peerings'; readonly by: Peerings }
  /** The second IPv4 pool gives addresses, or keeps those it has given and gives no more. */
  | { readonly kind: 'spare-pool'; readonly disabled: boolean }
  /** The datastore stands still for so long, and a pod is added meanwhile. */
  | { readonly kind: 'datastore-stall'; readonly node: string; readonly seconds: number }
  /** The datastore is killed, and comes back after so long. */
  | { readonly kind: 'datastore-away'; readonly seconds: number }
  /** Nothing happens until all invariants hold. */
  | { readonly kind: 'settle' };

/** The node-to-node mesh, one BGPPeer that selects all nodes, or such a one with a BGPFilter that lets all pools through. */
export type Peerings = 'mesh' | 'selectors' | 'filtered';

/** As much of a lab as its next action depends on. */
export interface Model {
  /** Node → its pods. */
  readonly nodes: ReadonlyMap<string, readonly string[]>;
  readonly cut: ReadonlySet<string>;
  readonly linkDown: ReadonlySet<string>;
  readonly peerings: Peerings;
  readonly isSpareDisabled: boolean;
  /** Actions since the last time all invariants held. */
  readonly unsettled: number;
}

/** Never removed and its weftd never restarted: memory is measured there over the whole walk. */
export const WITNESS = 'node1';
const NODE_NAMES = ['node1', 'node2', 'node3', 'node4', 'node5', 'node6'];
const FEWEST_NODES = 4;
const MOST_PODS = 60;
const MOST_UNSETTLED = 12;

/** How a walk begins: four nodes with a pod each. */
export const BEGINNING: Model = {
  nodes: new Map(NODE_NAMES.slice(0, FEWEST_NODES).map((node) => [node, [`${node}-pod1`]])),
  cut: new Set(),
  linkDown: new Set(),
  peerings: 'mesh',
  isSpareDisabled: false,
  unsettled: 0,
};

/** The endless walk of a seed. */
export function* walk(seed: number): Generator<Action> {
  const random = seeded(seed);
  for (let model = BEGINNING; ; ) {
    const action = chooseAction(model, random);
    yield action;
    model = after(model, action);
  }
}

/** What ends a walk wherever it stands: all is healed, and all has to hold. */
export function closing({ cut, linkDown }: Model): Action[] {
  const heals = [...cut].map((node): Action => ({ kind: 'heal', node }));
  const ups = [...linkDown].map((node): Action => ({ kind: 'link', node, state: 'up' }));
  return [...heals, ...ups, { kind: 'settle' }];
}

/** How often a kind is chosen, in proportion. Of a hundred actions some seventy are pods, fifteen are faults and changes. */
const WEIGHTS: Readonly<Record<Action['kind'], number>> = {
  'add-pod': 40,
  'remove-pod': 36,
  'add-node': 2,
  'remove-node': 1.5,
  restart: 3,
  'flush-routes': 2,
  cut: 1.5,
  heal: 4,
  link: 3,
  peerings: 1,
  'spare-pool': 1,
  'datastore-stall': 0.7,
  'datastore-away': 0.7,
  settle: 12,
};

function chooseAction(model: Model, random: Random): Action {
  if (model.unsettled >= MOST_UNSETTLED) return { kind: 'settle' };
  const possible = possibleActions(model, random);
  const total = possible.reduce((sum, { kind }) => sum + WEIGHTS[kind], 0);
  let left = random.below(total);
  for (const action of possible) {
    left -= WEIGHTS[action.kind];
    if (left < 0) return action;
  }
  return { kind: 'settle' };
}

/** At most one action of each kind. */
function possibleActions(model: Model, random: Random): Action[] {
  const { nodes, cut, linkDown } = model;
  const names = [...nodes.keys()];
  const pods = [...nodes.values()].flat();
  const away = new Set([...cut, ...linkDown]);
  const node = random.pick(names);
  const other = random.pick(names.filter((name) => name !== WITNESS));
  const possible: Action[] = [{ kind: 'flush-routes', node }];
  possible.push(restartOf(other, random));
  if (model.unsettled > 0) possible.push({ kind: 'settle' });
  if (pods.length < MOST_PODS) {
    possible.push({ kind: 'add-pod', node }, { kind: 'datastore-stall', node, seconds: 2 });
  }
  if (pods.length > 0) possible.push({ kind: 'remove-pod', pod: random.pick(pods) });
  const absent = NODE_NAMES.filter((name) => !nodes.has(name));
  // A node that joins is waited for, and with another one away it would be for long.
  if (absent.length > 0 && away.size === 0) possible.push({ kind: 'add-node', node: random.pick(absent) });
  if (names.length > FEWEST_NODES) possible.push({ kind: 'remove-node', node: other });
  possible.push(...networkActions(model, node, random));
  const others = (['mesh', 'selectors', 'filtered'] as const).filter((by) => by !== model.peerings);
  possible.push({ kind: 'peerings', by: random.pick(others) });
  possible.push({ kind: 'spare-pool', disabled: !model.isSpareDisabled });
  possible.push({ kind: 'datastore-away', seconds: 3 });
  return possible;
}

function restartOf(node: string, random: Random): Action {
  return { kind: 'restart', node, signal: random.pick(['SIGTERM', 'SIGKILL'] as const) };
}

/** Two hosts are away at most, and one and the same is not away twice. */
function networkActions({ cut, linkDown }: Model, node: string, random: Random): Action[] {
  const possible: Action[] = [];
  const isFree = cut.size + linkDown.size < 2 && !cut.has(node) && !linkDown.has(node);
  if (isFree) possible.push({ kind: 'cut', node });
  if (cut.size > 0) possible.push({ kind: 'heal', node: random.pick([...cut]) });
  if (linkDown.size > 0) possible.push({ kind: 'link', node: random.pick([...linkDown]), state: 'up' });
  else if (isFree) possible.push({ kind: 'link', node, state: 'down' });
  return possible;
}

/** The lab after an action. */
export function after(model: Model, action: Action): Model {
  return {
    ...model,
    ...changeBy(model, action),
    unsettled: action.kind === 'settle' ? 0 : model.unsettled + 1,
  };
}

function changeBy(model: Model, action: Action): Partial<Model> {
  switch (action.kind) {
    case 'add-pod':
    case 'datastore-stall':
      return { nodes: withPod(model.nodes, action.node) };
    case 'remove-pod':
      return { nodes: new Map([...model.nodes].map(([node, pods]) => [node, without(pods, action.pod)])) };
    case 'add-node':
      return { nodes: new Map([...model.nodes, [action.node, []]]) };
    case 'remove-node':
      return {
        nodes: new Map([...model.nodes].filter(([node]) => node !== action.node)),
        cut: new Set(without([...model.cut], action.node)),
        linkDown: new Set(without([...model.linkDown], action.node)),
      };
    case 'cut':
      return { cut: new Set([...model.cut, action.node]) };
    case 'heal':
      return { cut: new Set(without([...model.cut], action.node)) };
    case 'link':
      return {
        linkDown: new Set([
          ...without([...model.linkDown], action.node),
          ...(action.state === 'down' ? [action.node] : []),
        ]),
      };
    case 'peerings':
      return { peerings: action.by };
    case 'spare-pool':
      return { isSpareDisabled: action.disabled };
    default:
      return {};
  }
}

/** Named as a lab names it: the first number that is free. */
function withPod(nodes: Model['nodes'], node: string): Model['nodes'] {
  const pods = nodes.get(node) ?? [];
  let ordinal = 1;
  while (pods.includes(`${node}-pod${ordinal}`)) ordinal++;
  return new Map([...nodes, [node, [...pods, `${node}-pod${ordinal}`]]]);
}

function without<T>(all: readonly T[], one: T): T[] {
  return all.filter((each) => each !== one);
}
