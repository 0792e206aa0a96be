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
