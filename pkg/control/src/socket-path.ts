/** Where the control socket is, and taking that place at start. */
import { lstatSync, mkdirSync, unlinkSync } from 'node:fs';
import { connect } from 'node:net';
import { dirname } from 'node:path';
import { ControlError } from './error.ts';

/** The socket of the machine's own daemon. */
export const DEFAULT_SOCKET_PATH = '/run/weft/weftd.sock';

/** `sun_path` of unix(7) holds 108 bytes, the last of which ends the text. */
export const MAX_SOCKET_PATH_BYTES = 107;

/** Throws `path-too-long` when the kernel would cut the path. */
export function checkSocketPath(path: string): void {
  const bytes = Buffer.byteLength(path);
  if (bytes <= MAX_SOCKET_PATH_BYTES) return;
  throw new ControlError(
    'path-too-long',
    `A unix socket's path has at most ${MAX_SOCKET_PATH_BYTES} bytes, this one has ${bytes}`,
    path,
    'Choose a shorter directory.',
  );
}

/**
 * Makes `path` free to listen on: creates its directory, and removes the socket of a daemon that died.
 *
 * Throws `in-use` when somebody answers there, `not-a-socket` when the file is something else. Two daemons that
 * start in the same instant are kept apart by the daemon's own lock, not here.
 */
export async function claimSocketPath(path: string): Promise<void> {
  checkSocketPath(path);
  try {
    mkdirSync(dirname(path), { recursive: true, mode: 0o755 });
    const found = lstatSync(path, { throwIfNoEntry: false });
    if (found === undefined) return;
    if (!found.isSocket()) throw notASocket(path);
    if (await answers(path)) throw inUse(path);
    unlinkSync(path);
  } catch (error) {
    if (error instanceof ControlError) throw error;
    throw cannotListen(error, path);
  }
}

/** Wraps what the system says about a place where the daemon cannot listen. */
export function cannotListen(cause: unknown, place: string): ControlError {
  const { code = 'unknown error' } = cause as NodeJS.ErrnoException;
  const hint =
    code === 'EADDRINUSE'
      ? 'Another program listens there: stop it, or choose another address.'
      : 'Check that the place exists and that this user may write there.';
  return new ControlError('cannot-listen', `Cannot listen (${code})`, place, hint, { cause });
}

function notASocket(path: string): ControlError {
  return new ControlError(
    'not-a-socket',
    'The control socket cannot be made, because another file is in its place',
    path,
    'Remove the file, or choose another path.',
  );
}

function inUse(path: string): ControlError {
  return new ControlError(
    'in-use',
    'Another daemon answers on the control socket',
    path,
    'Stop it first, or give this one a socket of its own.',
  );
}

/** Whether anybody accepts connections there. A full backlog (EAGAIN) and a socket we may not open count as yes. */
function answers(path: string): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(path);
    socket.once('connect', () => {
      socket.destroy();
      resolve(true);
    });
    socket.once('error', (error: NodeJS.ErrnoException) => {
      resolve(error.code !== 'ECONNREFUSED' && error.code !== 'ENOENT');
    });
  });
}
