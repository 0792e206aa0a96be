/**
 * Whatever happens to a cluster, and however old the pictures are that the controller looks at: no Pod that lives loses its
 * address, and when everybody has stopped, every leak is taken back.
 */
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { GRACE_MS, type Happening, World } from './world.ts';

const pod = fc.integer({ min: 0, max: 4 });
const node = fc.integer({ min: 0, max: 2 });
const seconds = fc.constantFrom(1, 30, GRACE_MS / 2000, GRACE_MS / 1000);
const life: fc.Arbitrary<Happening> = fc.oneof(
  { weight: 4, arbitrary: fc.record({ kind: fc.constant('start' as const), pod, node }) },
  { weight: 5, arbitrary: fc.record({ kind: fc.constantFrom('plug' as const, 'report' as const), pod }) },
  {
    weight: 2,
    arbitrary: fc.record({ kind: fc.constantFrom('vanish' as const, 'stop' as const, 'end' as const), pod }),
  },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('move' as const), pod, node }) },
  {
    weight: 2,
    arbitrary: fc.record({
      kind: fc.constantFrom(
        'remove-node' as const,
        'add-node' as const,
        'docker' as const,
        'tunnel' as const,
        'claim' as const,
      ),
      node,
    }),
  },
  { weight: 3, arbitrary: fc.record({ kind: fc.constant('tick' as const), seconds }) },
  {
    weight: 4,
    arbitrary: fc.record({
      kind: fc.constant('hear' as const),
      of: fc.constantFrom('pods' as const, 'nodes' as const, 'ipam' as const),
    }),
  },
);
const look: fc.Arbitrary<Happening> = fc.record({
  kind: fc.constant('look' as const),
  meanwhile: fc.array(life, { maxLength: 3 }),
  answers: fc.boolean(),
});
const history = fc.array(fc.oneof({ weight: 5, arbitrary: life }, { weight: 2, arbitrary: look }), {
  minLength: 10,
  maxLength: 60,
});

const runs = Number(process.env.WEFT_CONTROLLER_RUNS ?? 200);

it(`${runs} histories: no Pod that lives loses its address, and every leak is taken back in the end`, {
  timeout: 60_000 + runs * 300,
}, async () => {
  await fc.assert(
    fc.asyncProperty(history, async (happenings) => {
      const world = await World.make();
      for (const happening of happenings) {
        await world.happens(happening);
        await world.check();
      }
      await world.settle();
      await world.check();
      expect({ leaks: await world.leaks(), deadOwners: await world.deadOwners() }).toEqual({
        leaks: [],
        deadOwners: [],
      });
    }),
    { numRuns: runs },
  );
});
