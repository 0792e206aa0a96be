/**
 * Adds up vitest's JSON reports in a directory and prints `N passed, N failed`; exits 1 when anything failed.
 * A step that failed without a failing test (format, lint, types, a crashed suite) counts as one failure.
 * Usage: count-results.ts DIRECTORY FAILED_STEPS
 */
import { readdirSync, readFileSync } from 'node:fs';

interface Report {
  numPassedTests: number;
  numFailedTests: number;
  numPendingTests: number;
}

const [directory = '', failedSteps = '0'] = process.argv.slice(2);
const reports = readdirSync(directory).map(
  (file) => JSON.parse(readFileSync(`${directory}/${file}`, 'utf8')) as Report,
);
const sum = (field: keyof Report): number => reports.reduce((total, report) => total + report[field], 0);

const passed = sum('numPassedTests');
const failed = Math.max(sum('numFailedTests'), sum('numFailedTests') === 0 ? Number(failedSteps) : 0);
const skipped = sum('numPendingTests');
if (skipped > 0) console.log(`${skipped} skipped: what they need is not here, as each says`);
console.log(`${passed} passed, ${failed} failed`);
process.exitCode = failed > 0 || passed === 0 ? 1 : 0;
