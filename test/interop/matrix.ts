/**
 * Writes the table of test/interop/README.md: what was seen to work, with which daemon.
 * Usage: matrix.ts RESULTS.json...
 *
 * RESULTS.json is vitest's JSON report of the tests in this folder; of several reports the last that has a test counts. The names of a test are case, daemon, row. A cell is `yes`
 * when the test passed, `no` when it failed or was not run, and `–` with a note when the case declares that the daemon
 * cannot do it. Versions are those of the Debian packages installed here.
 */
import { execFileSync } from 'node:child_process';
import { globSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import type { InteropCase } from './daemon/case.ts';
import { DAEMONS, type DaemonName } from './daemon/daemon.ts';

/** The part of vitest's report that is read. */
interface Report {
  readonly testResults: readonly {
    readonly assertionResults: readonly {
      readonly ancestorTitles: readonly string[];
      readonly title: string;
      readonly status: string;
    }[];
  }[];
}

/** Row → daemon → whether the test passed. */
type Rows = Map<string, Map<DaemonName, boolean>>;

const PACKAGES: Readonly<Record<DaemonName, string>> = {
  bird: 'bird2',
  frr: 'frr',
  gobgp: 'gobgpd',
  openbgpd: 'openbgpd',
  exabgp: 'exabgp',
};
const NAMES: Readonly<Record<DaemonName, string>> = {
  bird: 'BIRD',
  frr: 'FRR',
  gobgp: 'GoBGP',
  openbgpd: 'OpenBGPD',
  exabgp: 'ExaBGP',
};
const BEGIN = '<!-- begin of what matrix.ts writes -->';
const END = '<!-- end of what matrix.ts writes -->';

/** Sorts the results of all tests by case and row. */
function readResults(files: readonly string[]): Map<string, Rows> {
  const reports = files.map((file) => JSON.parse(readFileSync(file, 'utf8')) as Report);
  const cases = new Map<string, Rows>();
  for (const { ancestorTitles, title, status } of reports.flatMap(testsIn)) {
    const [caseName = '', daemon = '', ...rest] = ancestorTitles;
    if (!isDaemon(daemon)) continue;
    const rows = cases.get(caseName) ?? new Map();
    const row = [...rest, title].join(', ');
    const cells = rows.get(row) ?? new Map();
    cases.set(caseName, rows.set(row, cells.set(daemon, status === 'passed')));
  }
  return cases;
}

/** Tests that were run; others are `skipped` in a report of some of them. */
function testsIn({ testResults }: Report): Report['testResults'][number]['assertionResults'] {
  return testResults.flatMap((file) => file.assertionResults.filter(({ status }) => status !== 'skipped'));
}

function isDaemon(name: string): name is DaemonName {
  return (DAEMONS as readonly string[]).includes(name);
}

/** The declarations of all cases, by name of the case. */
async function readCases(): Promise<Map<string, InteropCase>> {
  const files = globSync('*/case.ts', { cwd: import.meta.dirname, exclude: ['daemon'] }).toSorted();
  const entries = files.map(async (file): Promise<[string, InteropCase]> => {
    const exported: Record<string, unknown> = await import(join(import.meta.dirname, file));
    const found = Object.values(exported).find(isCase);
    if (found === undefined) throw new Error(`${file} exports no case`);
    return [dirname(file), found];
  });
  return new Map(await Promise.all(entries));
}

function isCase(value: unknown): value is InteropCase {
  return typeof value === 'object' && value !== null && 'notSupported' in value;
}

/** Notes below the table, numbered as they come up; the same text is one note. */
class Notes {
  readonly #texts: string[] = [];

  markOf(text: string): string {
    if (!this.#texts.includes(text)) this.#texts.push(text);
    return `– ${this.#texts.indexOf(text) + 1}`;
  }

  write(): string[] {
    return this.#texts.map((text, index) => `${index + 1}. ${text}`);
  }
}

function writeCase(name: string, declared: InteropCase, rows: Rows, notes: Notes): string[] {
  const heading = ['', `### [${name}](${name})`, '', tableHead()];
  const names = [
    ...rows.keys(),
    ...Object.keys(declared.notSupported).filter((row) => row !== '*' && !rows.has(row)),
  ];
  const lines = names.map((row) => {
    const cells = DAEMONS.map((daemon) => cellOf(declared, row, daemon, rows.get(row)?.get(daemon), notes));
    return `| ${row} | ${cells.join(' | ')} |`;
  });
  return [...heading, ...lines];
}

function cellOf(
  { notSupported }: InteropCase,
  row: string,
  daemon: DaemonName,
  passed: boolean | undefined,
  notes: Notes,
): string {
  if (passed !== undefined) return passed ? 'yes' : 'no';
  const reason = notSupported[row]?.[daemon] ?? notSupported['*']?.[daemon];
  return reason === undefined ? 'no' : notes.markOf(`${NAMES[daemon]}: ${reason}`);
}

function tableHead(): string {
  const names = DAEMONS.map((daemon) => NAMES[daemon]);
  return `| | ${names.join(' | ')} |\n|---|${names.map(() => '---|').join('')}`;
}

function versionOf(daemon: DaemonName): string {
  const status = execFileSync('dpkg-query', ['--status', PACKAGES[daemon]], { encoding: 'utf8' });
  return /^Version: (.*)$/m.exec(status)?.[1] ?? 'of unknown version';
}

function writeQuirks(cases: ReadonlyMap<string, InteropCase>): string[] {
  return DAEMONS.flatMap((daemon) => {
    const quirks = new Set([...cases.values()].flatMap((declared) => declared.quirks?.[daemon] ?? []));
    return [...quirks].map((quirk) => `- ${NAMES[daemon]}: ${quirk}`);
  });
}

/** Puts text between the markers of the README. */
function replaceBetweenMarkers(file: string, lines: readonly string[]): void {
  const text = readFileSync(file, 'utf8');
  const [before, after] = [text.indexOf(BEGIN), text.indexOf(END)];
  if (before < 0 || after < before) throw new Error(`${file} has no markers: ${BEGIN} … ${END}`);
  writeFileSync(file, [text.slice(0, before + BEGIN.length), ...lines, text.slice(after)].join('\n'));
}

const resultsFiles = process.argv.slice(2);
if (resultsFiles.length === 0) {
  console.error(
    'usage: node test/interop/matrix.ts RESULTS.json... (the JSON report of vitest, see README.md)',
  );
  process.exit(2);
}
const results = readResults(resultsFiles);
const declarations = await readCases();
const notes = new Notes();
const tables = [...declarations].flatMap(([name, declared]) =>
  writeCase(name, declared, results.get(name) ?? new Map(), notes),
);
const versions = DAEMONS.map((daemon) => `- ${NAMES[daemon]} ${versionOf(daemon)}`);
replaceBetweenMarkers(join(import.meta.dirname, 'README.md'), [
  '',
  ...versions,
  ...tables,
  '',
  '### Notes',
  '',
  ...notes.write(),
  '',
  '### Quirks',
  '',
  ...writeQuirks(declarations),
  '',
]);
