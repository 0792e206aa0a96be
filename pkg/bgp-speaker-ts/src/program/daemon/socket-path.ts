/**
 * The place of the control socket: taking it at start, also from a daemon that died.
 */

import { lstatSync, unlinkSync } from 'node:fs';
import { connect } from 'node:net';
import type { Failure } from '../failure.ts';
import { MAX_SOCKET_PATH_BYTES } from '../protocol.ts';

/**
 * Makes a path free to listen on: removes the socket of a daemon that died. Says what is in the way otherwise: a daemon
 * that answers, another file, a path too long.
 */
export async function claimSocketPath(path: string): Promise<Failure | undefined> {
  const bytes = Buffer.byteLength(path);
  if (bytes > MAX_SOCKET_PATH_BYTES) {
    const message = `the path of a unix socket has at most ${MAX_SOCKET_PATH_BYTES} bytes, and this one has ${bytes}`;
    return { message, object: path, hint: 'choose a shorter folder for control.socket' };
  }
  try {
    const found = lstatSync(path, { throwIfNoEntry: false });
    if (found === undefined) return undefined;
    if (!found.isSocket()) {
      const message = 'the control socket cannot be made, because another file is in its place';
      return { message, object: path, hint: 'remove the file, or choose another control.socket' };
    }
    if (await answers(path)) {
      const message = 'another daemon answers on the control socket';
      return { message, object: path, hint: 'stop it first, or give this one a control.socket of its own' };
    }
    unlinkSync(path);
    return undefined;
  } catch (error) {
    return cannotListen(error, path);
  }
}

/** Says what the system says about a place where the daemon cannot listen. */
export function cannotListen(error: unknown, path: string): Failure {
  const { code = `${error}` } = error as NodeJS.ErrnoException;
  return {
    message: `cannot make the control socket (${code})`,
    object: path,
    hint: 'name a control.socket in a folder that is there and that this user may write to, or set "control: false"',
  };
}

/** Whether anybody accepts connections there. A full backlog and a socket we may not open count as yes. */
function answers(path: string): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(path);
    socket.once('connect', () => {
      socket.destroy();
      resolve(true);
    });
    socket.once('error', ({ code }: NodeJS.ErrnoException) => {
      resolve(code !== 'ECONNREFUSED' && code !== 'ENOENT');
    });
  });
}
