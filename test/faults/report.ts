/**
 * What a run of the faults has measured, one line of JSON a fault. With WEFT_FAULTS_REPORT the lines are appended to that file;
 * `npm run faults` sets it, and makes the table of docs/faults.md from it.
 */
import { appendFileSync } from 'node:fs';
import type { Measurement } from './loss-meter.ts';

/** One fault as it was measured. */
export interface FaultLine extends Measurement {
  /** What breaks: the daemon, the datastore, the host or the network. */
  readonly group: string;
  /** What was done, as the table says it. */
  readonly fault: string;
  /** True where 0 lost is asserted. */
  readonly lossless: boolean;
}

/** Appends the line to the report of this run, if there is one. */
export function report(line: FaultLine): void {
  const path = process.env.WEFT_FAULTS_REPORT;
  if (path !== undefined && path !== '') appendFileSync(path, `${JSON.stringify(line)}\n`);
}

/** True where the long forms are wanted: minutes where CI has seconds. */
export const isLong: boolean = process.env.WEFT_FAULTS_LONG === '1';
