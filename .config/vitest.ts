import { defaultExclude, defineConfig } from 'vitest/config';

const STORES = 'test/{crds,datastore,harness,ipam,kubernetes,manifests,weftctl}/**/*.test.ts';
const INTEROP = 'test/interop/**/*.test.ts';
/** Those of its folders are alone: they measure loss and times, or look at all of the machine. */
const LABS = 'test/lab/*.test.ts';

export default defineConfig({
  root: `${import.meta.dirname}/..`,
  test: {
    projects: [
      {
        test: {
          name: 'unit',
          include: ['{pkg,cmd,hack}/**/*.test.ts'],
          // No test measures time; a deadline this long only ends one that hangs, on however busy a machine.
          testTimeout: 60_000,
        },
      },
      {
        // Real datastores on loopback, each with a folder of its own: several files at once.
        test: {
          name: 'stores',
          include: [STORES],
          testTimeout: 180_000,
          hookTimeout: 120_000,
        },
      },
      {
        // Routing daemons in namespaces of their own, which mostly wait for each other's timers: several files at once.
        test: {
          name: 'interop',
          include: [INTEROP],
          testTimeout: 120_000,
          hookTimeout: 120_000,
        },
      },
      {
        // A lab for each file, whose daemons mostly wait: two files at once.
        test: {
          name: 'labs',
          include: [LABS],
          testTimeout: 120_000,
          hookTimeout: 120_000,
        },
      },
      {
        // Real kernels, daemons and sockets: one file at a time, because two labs would measure each other.
        test: {
          name: 'integration',
          include: ['test/**/*.test.ts'],
          exclude: [STORES, INTEROP, LABS, ...defaultExclude],
          fileParallelism: false,
          testTimeout: 120_000,
          hookTimeout: 120_000,
        },
      },
    ],
  },
});
