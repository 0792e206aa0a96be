/**
 * What a user is told when something does not work: what happened, to which object, and what to do next.
 */

/** One failure in three parts. */
export interface Failure {
  readonly message: string;
  readonly object: string;
  readonly hint: string;
}

/** Writes a failure for a terminal. */
export function formatFailure({ message, object, hint }: Failure): string {
  return `bgp-speaker: ${message}\n  object: ${object}\n  do: ${hint}`;
}

/** Explains an error nobody foresaw. */
export function unforeseen(error: unknown): Failure {
  const { message, code }: NodeJS.ErrnoException = error instanceof Error ? error : new Error(`${error}`);
  return {
    message: `cannot go on: ${message}`,
    object: `process ${process.pid}${code === undefined ? '' : `, ${code}`}`,
    hint: 'start it again; if it happens twice, report it with the configuration file and this message',
  };
}

/** Exit codes of the program. */
export const EXIT = { ok: 0, failure: 1, usage: 2 } as const;

/** Writes failures on stderr and ends the process. */
export function exitWith(failures: readonly Failure[], code: number = EXIT.failure): never {
  for (const failure of failures) console.error(formatFailure(failure));
  process.exit(code);
}

/** What ends a command: failures to tell, and the exit code. */
export class ProgramError extends Error {
  override readonly name = 'ProgramError';
  readonly failures: readonly Failure[];
  readonly exitCode: number;

  constructor(failures: readonly Failure[], exitCode: number = EXIT.failure) {
    super(failures.map(formatFailure).join('\n'));
    this.failures = failures;
    this.exitCode = exitCode;
  }
}
