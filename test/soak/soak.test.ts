/** The short form of `npm run soak`: one walk, the same every time, with every kind of action done by hand at its end. */
import { down, existingLabs, installation, up } from '@weft/lab';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { type Action, walk } from './actions.ts';
import { soak, soakTopology } from './soak.ts';

const LAB = 'soak-ci';
const SEED = 6;
const ACTIONS = 60;

/** Kinds too seldom for so short a walk. */
const SELDOM: readonly Action[] = [
  { kind: 'add-node', node: 'node5' },
  { kind: 'add-pod', node: 'node5' },
  { kind: 'peerings', by: 'filtered' },
  { kind: 'settle' },
  { kind: 'datastore-stall', node: 'node5', seconds: 2 },
  { kind: 'datastore-away', seconds: 1 },
  { kind: 'spare-pool', disabled: true },
  { kind: 'remove-node', node: 'node5' },
  { kind: 'settle' },
];

const silent = (): void => {};
let programs: Awaited<ReturnType<typeof installation>>;

beforeAll(async () => {
  if (existingLabs().includes(LAB)) await down(LAB, silent);
  programs = await installation();
  await up({ name: LAB, topology: soakTopology(), baseDirectory: '/' }, programs, silent);
}, 180_000);

afterAll(async () => {
  if (existingLabs().includes(LAB)) await down(LAB, silent);
}, 60_000);

it(`holds all invariants over ${ACTIONS + SELDOM.length} actions`, { timeout: 600_000 }, async () => {
  const actions = [...SELDOM, ...walk(SEED).take(ACTIONS)];
  const result = await soak({
    lab: LAB,
    seed: SEED,
    actions,
    installation: programs,
    isOver: () => false,
    progress: silent,
  });
  const said = JSON.stringify(result.actions);
  expect(result.violations, `after ${said}`).toEqual([]);
  expect(result.settled).toBeGreaterThan(8);
});
