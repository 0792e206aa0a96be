/**
 * How a case is written: a folder with the configurations of the daemons that know the feature, and tests that are run
 * with each of these daemons.
 *
 *     describeDaemons(session, (test) => {
 *       test('eBGP', { daemonAsn: 64513 }, async ({ speaker, daemon }) => { … });
 *     });
 *
 * Every test has a network, a speaker and a daemon of its own, so all run side by side. The name of a test is a row of the
 * table in ../README.md, and the daemon its column.
 */
import { readFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { describe, test as vitestTest } from 'vitest';
import { BirdDaemon } from './bird.ts';
import { DAEMONS, type Daemon, type DaemonName, type DaemonOptions } from './daemon.ts';
import { ExabgpDaemon } from './exabgp.ts';
import { FrrDaemon } from './frr.ts';
import { GobgpDaemon } from './gobgp.ts';
import { Network } from './network.ts';
import { OpenbgpdDaemon } from './openbgpd.ts';
import { Pair, type Scenario } from './pair.ts';
import { fillTemplate, type TemplateValues } from './template.ts';

/** What a case says about itself, for its tests and for the table. */
export interface InteropCase {
  /** Its folder. */
  readonly directory: string;
  /** Values of its templates beyond the common ones, as they are unless a test says otherwise. */
  readonly values?: TemplateValues;
  /** By test, or `*` for all tests: the daemons that cannot do it, and why. */
  readonly notSupported: Readonly<Record<string, Partial<Readonly<Record<DaemonName, string>>>>>;
  /** What to know about a daemon. */
  readonly quirks?: Partial<Readonly<Record<DaemonName, readonly string[]>>>;
}

/** Defines a test for one daemon, unless the case says that the daemon cannot do it. */
export type DefineTest = (name: string, scenario: Scenario, run: (pair: Pair) => Promise<void>) => void;

type Driver = new (options: DaemonOptions) => Daemon;

const DRIVERS: Readonly<Record<DaemonName, Driver>> = {
  bird: BirdDaemon,
  frr: FrrDaemon,
  gobgp: GobgpDaemon,
  openbgpd: OpenbgpdDaemon,
  exabgp: ExabgpDaemon,
};

/** The configuration file of a daemon in the folder of a case. */
const CONFIG_FILES: Readonly<Record<DaemonName, string>> = {
  bird: 'bird.conf',
  frr: 'frr.conf',
  gobgp: 'gobgp.toml',
  openbgpd: 'openbgpd.conf',
  exabgp: 'exabgp.conf',
};

/** Why a daemon is left out of a test; undefined when it is not. */
export function reasonAgainst(
  { notSupported }: InteropCase,
  name: string,
  daemon: DaemonName,
): string | undefined {
  return notSupported[name]?.[daemon] ?? notSupported['*']?.[daemon];
}

/** Makes a daemon with the configuration a case has for it. */
export function createDaemon(
  { directory, values: defaults }: InteropCase,
  daemon: DaemonName,
  options: Omit<DaemonOptions, 'config'>,
  values: TemplateValues,
): Daemon {
  const template = readFileSync(join(directory, CONFIG_FILES[daemon]), 'utf8');
  return new DRIVERS[daemon]({ ...options, config: fillTemplate(template, { ...defaults, ...values }) });
}

/** Defines the tests of a case for every daemon that knows it. */
export function describeDaemons(
  interopCase: InteropCase,
  define: (test: DefineTest, daemon: DaemonName) => void,
): void {
  const caseName = basename(interopCase.directory);
  describe(caseName, () => {
    for (const daemon of DAEMONS) {
      if (interopCase.notSupported['*']?.[daemon] !== undefined) continue;
      describe.concurrent(daemon, () => define(testsOf(interopCase, daemon), daemon));
    }
  });
}

function testsOf(interopCase: InteropCase, daemon: DaemonName): DefineTest {
  const purpose = `${basename(interopCase.directory)}-${daemon}`;
  return (name, scenario, run) => {
    if (reasonAgainst(interopCase, name, daemon) !== undefined) return;
    vitestTest(name, async (context) => {
      const network = await Network.create(purpose);
      context.onTestFinished(() => network.remove());
      const pair = new Pair(network, scenario, (options, values) =>
        createDaemon(interopCase, daemon, options, values),
      );
      context.onTestFinished(() => pair.remove());
      context.onTestFailed(() =>
        console.error(`${context.task.name}, last words of ${daemon}:\n${pair.daemon.logTail()}`),
      );
      await run(pair);
    });
  };
}
