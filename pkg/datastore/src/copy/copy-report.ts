/**
 * What a copy between two stores is asked for, and what it tells afterwards: plain data, for a command to print.
 */
import type { Kind } from '@weft/resources';
import { DatastoreError, type ResourceKey } from '../datastore.ts';

/** How to copy. */
export interface CopyOptions {
  /**
   * What to do when the target holds objects already. `refuse`, unless told, throws before anything is written; `keep`
   * leaves an object alone whose name the source has, too; `replace` gives it the source's value. Objects that only the
   * target has stay in any case.
   */
  readonly existing?: 'refuse' | 'keep' | 'replace';
  /** Tells what would be done and writes nothing; `existing: 'refuse'` is reported as a failure of each such object. */
  readonly dryRun?: boolean;
  /**
   * Sets `spec.datastoreReady` of ClusterInformation to false in both stores meanwhile, which stops Calico and weft from
   * writing. Afterwards the source gets its value back; the target gets it when all went well, and stays locked otherwise.
   */
  readonly lock?: boolean;
  /** Stops between two pages; the copy then throws as when a store went away. */
  readonly signal?: AbortSignal;
  /** Told after each page: the kind, and how many of its objects are done. */
  readonly onProgress?: (kind: Kind, objects: number) => void;
}

/** What became of the objects of one kind. In a dry run: what would become of them. */
export interface KindCount {
  readonly kind: Kind;
  /** Objects found in the source; the sum of all that follow. */
  readonly found: number;
  readonly created: number;
  readonly replaced: number;
  /** There already, with the same value. */
  readonly unchanged: number;
  /** There already, with another value, and left alone as `existing: 'keep'` asks. */
  readonly kept: number;
  /** Not written; `failures` says why. */
  readonly failed: number;
}

/** One object and what is wrong with it, as half a sentence: "a Node is made by Kubernetes itself". */
export interface CopyTrouble {
  readonly key: ResourceKey;
  readonly reason: string;
}

/** All that a copy has to tell. It succeeded when `failures` and `differences` are empty. */
export interface CopyReport {
  /** The kinds that the source holds, in the order in which they were copied. */
  readonly kinds: readonly KindCount[];
  /** Objects that were not written. */
  readonly failures: readonly CopyTrouble[];
  /** Objects that differ between the stores after the copy, although they were written; empty in a dry run. */
  readonly differences: readonly CopyTrouble[];
}

/** A copy that did not come to its end, with what it had done by then. Repeat it with `existing: 'replace'`. */
export class CopyInterrupted extends DatastoreError {
  readonly report: CopyReport;

  constructor(report: CopyReport, cause: unknown) {
    const code = cause instanceof DatastoreError ? cause.code : 'unavailable';
    super(code, `The copy stopped halfway: ${messageOf(cause)}`, { cause });
    this.report = report;
  }
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
