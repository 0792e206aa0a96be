/**
 * Any error that ends weftd, in the three parts a user can act on. A programmer's mistake keeps its stack.
 */
import { ControlError } from '@weft/control';
import { DatastoreError } from '@weft/datastore';
import { KernelError } from '@weft/kernel';
import { StartupError } from './startup-error.ts';

/** What happened, to which object, what to do next. */
export interface Failure {
  readonly message: string;
  readonly object: string;
  readonly hint: string;
}

/** Puts an error into words. */
export function describeFailure(error: unknown): Failure {
  if (error instanceof StartupError)
    return { message: error.message, object: error.object, hint: error.hint };
  if (error instanceof ControlError) return { message: error.what, object: error.object, hint: error.hint };
  if (error instanceof DatastoreError) {
    return {
      message: error.message,
      object: 'datastore',
      hint: 'correct what the message names, then start weftd again',
    };
  }
  if (error instanceof KernelError) {
    return { message: error.message, object: 'kernel', hint: kernelHint(error.code) };
  }
  const message = error instanceof Error ? (error.stack ?? error.message) : String(error);
  return { message, object: 'weftd', hint: 'this is a mistake in weft: please report it with this text' };
}

function kernelHint(code: string): string {
  return code === 'EPERM' || code === 'EACCES'
    ? 'weftd needs root (CAP_NET_ADMIN and CAP_SYS_ADMIN)'
    : 'read the message, then start weftd again';
}
