/**
 * Runs the tests of test/faults and prints what they measured as the table of docs/faults.md.
 *
 *     npm run faults                       short forms, as CI runs them
 *     npm run faults -- --long             minutes where CI has seconds
 *     npm run faults -- --write            and puts the table into docs/faults.md
 *     npm run faults -- --from FILE        no run: the table of an earlier one
 */
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { execa } from 'execa';
import type { FaultLine } from '../test/faults/report.ts';

const repository = resolve(import.meta.dirname, '..');
const page = join(repository, 'docs/faults.md');
const { values: options } = parseArgs({
  options: { from: { type: 'string' }, long: { type: 'boolean' }, write: { type: 'boolean' } },
});

const lines = options.from === undefined ? await run(options.long ?? false) : read(options.from);
const text = table(lines);
console.log(text);
if (options.write) writeFileSync(page, withTable(readFileSync(page, 'utf8'), text));

/** One line of JSON a fault, in the order in which they were measured. */
function read(path: string): FaultLine[] {
  const measured = readFileSync(path, 'utf8').trimEnd();
  return measured.split('\n').map((line) => JSON.parse(line) as FaultLine);
}

/** Runs all of them; what failed makes this end with its code, after the table. */
async function run(isLong: boolean): Promise<FaultLine[]> {
  const directory = mkdtempSync(join(tmpdir(), 'weft-faults-'));
  const report = join(directory, 'report.jsonl');
  try {
    const vitest = join(repository, 'node_modules/vitest/vitest.mjs');
    const args = ['run', '--config', '.config/vitest.ts', '--project', 'integration', 'test/faults'];
    const long = isLong ? ['--testTimeout', '600000'] : [];
    const { exitCode = 1 } = await execa(process.execPath, [vitest, ...args, ...long], {
      cwd: repository,
      env: { WEFT_FAULTS_REPORT: report, ...(isLong && { WEFT_FAULTS_LONG: '1' }) },
      // The table alone is standard output.
      stdout: process.stderr,
      stderr: 'inherit',
      reject: false,
    });
    process.exitCode = exitCode;
    return existsSync(report) ? read(report) : [];
  } finally {
    rmSync(directory, { recursive: true });
  }
}

function table(measured: readonly FaultLine[]): string {
  const rows = measured
    .toSorted((one, other) => one.group.localeCompare(other.group))
    .map((line) => [line.group, line.fault, ...figures(line)]);
  const head = ['where', 'fault', 'probes', 'lost (IPv4, IPv6)', 'longest gap', 'back after'];
  const cells = [head, ...rows];
  const widths = head.map((_, column) => Math.max(...cells.map((row) => row[column]?.length ?? 0)));
  const print = (row: readonly string[]): string =>
    `| ${row.map((cell, column) => cell.padEnd(widths[column] ?? 0)).join(' | ')} |`;
  return [print(head), print(widths.map((width) => '-'.repeat(width))), ...rows.map(print)].join('\n');
}

/** The last phase begins where the fault was taken back. */
function figures({ ipv4, ipv6, lossless, phases }: FaultLine): string[] {
  const lost = ipv4.lost + ipv6.lost;
  const gap = Math.max(ipv4.longestGapMs, ipv6.longestGapMs);
  return [
    String(ipv4.sent + ipv6.sent),
    lost === 0 ? `0${lossless ? ', asserted' : ''}` : `${lost} (${ipv4.lost}, ${ipv6.lost})`,
    lost === 0 ? '–' : `${gap} ms`,
    lost === 0 ? '–' : `${phases.at(-1)?.backAfterMs ?? 0} ms`,
  ];
}

function withTable(whole: string, made: string): string {
  return whole.replace(/(?<=<!-- table -->\n\n)[\s\S]*?(?=\n\n<!-- end -->)/, made);
}
