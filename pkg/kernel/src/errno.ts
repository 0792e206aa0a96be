/**
 * Error numbers by their names, and the error that is thrown when the kernel cannot be used at all.
 */
import { constants } from 'node:os';

// Two numbers have two names each; rtnetlink's documentation uses these.
const names = new Map<number, string>([
  ...Object.entries(constants.errno).map(([name, number]) => [number, name] as const),
  [constants.errno.EAGAIN, 'EAGAIN'],
  [constants.errno.EOPNOTSUPP, 'EOPNOTSUPP'],
]);

/** `EEXIST` for 17; `E<number>` for numbers without a name. */
export function errnoName(errno: number): string {
  return names.get(errno) ?? `E${errno}`;
}

/**
 * The kernel, or the right to use it, is not there: a socket cannot be opened, a table cannot be read. What the kernel
 * answers to a change is not an error in this sense but a `ChangeResult`.
 */
export class KernelError extends Error {
  /** The errno by name. */
  readonly code: string;

  /** @param what the operation that failed, and its object */
  constructor(what: string, code: string, message?: string) {
    super(`${what}: ${code}${message === undefined ? '' : ` (${message})`}`);
    this.name = 'KernelError';
    this.code = code;
  }
}
