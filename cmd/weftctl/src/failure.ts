/**
 * What goes wrong for the user, in three parts, and the program's exit codes.
 *
 * Every room has its own error class; all of them carry what happened, to which object and what to do next. Here
 * they become one shape, printed in one way.
 */
import { printableLines } from './print/table.ts';

/** Exit codes, as `weftctl --help` states them. */
export const EXIT = { ok: 0, failed: 1, usage: 2 } as const;

/** One thing that went wrong. */
export interface Failure {
  /** What happened, without a final full stop. */
  readonly what: string;
  /** To which object: a resource, a file and line, a socket. Empty when `what` names it. */
  readonly object: string;
  /** What to do next, as a sentence; empty when there is nothing sensible to say. */
  readonly hint: string;
}

/** What a command leaves: text for standard output, and what went wrong on the way. */
export interface Report {
  /** In one piece, in lines, or in lines that come with time. */
  readonly text: string | Iterable<string> | AsyncIterable<string | Remark>;
  /** True when the text ends as it ends, without a line break of ours. */
  readonly isRaw?: boolean;
  readonly failures: readonly Failure[];
  /** For commands whose exit code says more than that something failed. */
  readonly exitCode?: number;
  /** Remarks for standard error that change nothing about success. */
  readonly notes?: readonly string[];
}

/** A line for standard error between the others. */
export interface Remark {
  readonly note: string;
}

/** Ends a command at once. */
export class CliError extends Error {
  override readonly name = 'CliError';
  readonly failures: readonly Failure[];
  readonly exitCode: number;

  constructor(failures: readonly Failure[], exitCode: number = EXIT.failed) {
    super(failures.map((failure) => failure.what).join('; '));
    this.failures = failures;
    this.exitCode = exitCode;
  }
}

/** The command line asks for something that does not exist: exit code 2. */
export function usageError(what: string, object: string, hint: string): CliError {
  return new CliError([{ what, object, hint }], EXIT.usage);
}

/** Whatever was thrown, as something to print. Never a stack trace. */
export function failuresOf(error: unknown): readonly Failure[] {
  if (error instanceof CliError) return error.failures;
  if (!(error instanceof Error)) return [{ what: String(error), object: '', hint: '' }];
  const { what, object, hint } = error as Partial<Failure>;
  if (typeof object === 'string' && typeof hint === 'string') {
    return [{ what: what ?? error.message, object, hint }];
  }
  if (error.name === 'DatastoreError') return [{ what: error.message, object: '', hint: '' }];
  return [
    {
      what: error.message,
      object: `${error.name} in weftctl`,
      hint: 'This is a defect of weftctl: please report it with the command that shows it.',
    },
  ];
}

/** A failure on two lines: what and where, then what to do. */
export function printFailure({ what, object, hint }: Failure): string {
  const first = object === '' ? what : `${what}: ${object}`;
  return printableLines(hint === '' ? first : `${first}\n  ${hint}`);
}
