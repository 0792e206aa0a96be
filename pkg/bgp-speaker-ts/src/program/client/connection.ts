/**
 * The commands' side of the control socket.
 */

import { type IncomingMessage, request } from 'node:http';
import { type Invocation, usageError } from '../command-line.ts';
import { ProgramError } from '../failure.ts';
import { DEFAULT_SOCKET_PATH, type ErrorBody } from '../protocol.ts';

/** Says whether JSON is wanted. */
export function wantsJson({ command, option }: Invocation): boolean {
  const format = option('output') ?? 'text';
  if (format !== 'text' && format !== 'json') {
    throw usageError({ name: command }, `--output is text or json, and not "${format}"`);
  }
  return format === 'json';
}

/** Asks for one value. */
export async function ask<T>(invocation: Invocation, path: string): Promise<T> {
  return (await readJson(await send(invocation, 'GET', path))) as T;
}

/** Has something done. */
export async function tell<T>(invocation: Invocation, path: string, body: object = {}): Promise<T> {
  return (await readJson(await send(invocation, 'POST', path, body))) as T;
}

/** Asks for a list, and gives its lines as they come. */
export async function* askLines(invocation: Invocation, path: string): AsyncGenerator<string> {
  const decoder = new TextDecoder();
  let rest = '';
  for await (const bytes of askBytes(invocation, path)) {
    const lines = (rest + decoder.decode(bytes, { stream: true })).split('\n');
    rest = lines.pop() ?? '';
    yield* lines;
  }
}

/** Asks for a long answer, and gives its bytes as they come. */
export async function* askBytes(invocation: Invocation, path: string): AsyncGenerator<Uint8Array> {
  const response = await send(invocation, 'GET', path);
  try {
    yield* response;
  } catch (error) {
    // A daemon that ends in the middle must not look like a shorter answer.
    if ((error as NodeJS.ErrnoException).code !== 'ECONNRESET') throw error;
    throw broken(socketPath(invocation), 'the daemon has ended in the middle of its answer');
  }
}

function socketPath({ option }: Invocation): string {
  return option('socket') ?? process.env.BGP_SPEAKER_SOCKET ?? DEFAULT_SOCKET_PATH;
}

/** Sends a request; fails when it is refused, or nobody answers. */
async function send(
  invocation: Invocation,
  method: string,
  path: string,
  body?: object,
): Promise<IncomingMessage> {
  const socket = socketPath(invocation);
  const { promise, resolve, reject } = Promise.withResolvers<IncomingMessage>();
  const outgoing = request({ socketPath: socket, method, path, agent: false }, resolve);
  outgoing.on('error', (error: NodeJS.ErrnoException) => reject(unreachable(socket, error)));
  outgoing.end(body === undefined ? undefined : JSON.stringify(body));
  const response = await promise;
  if (response.statusCode === 200) return response;
  const { errors } = (await readJson(response)) as ErrorBody;
  throw new ProgramError(errors);
}

async function readJson(response: IncomingMessage): Promise<unknown> {
  const chunks: Buffer[] = [];
  for await (const chunk of response) chunks.push(chunk);
  return JSON.parse(Buffer.concat(chunks).toString('utf8'));
}

function unreachable(socket: string, { code = 'unknown error' }: NodeJS.ErrnoException): ProgramError {
  switch (code) {
    case 'ENOENT':
    case 'ENOTDIR':
      return broken(socket, 'there is no control socket');
    case 'ECONNREFUSED':
      return broken(socket, 'nobody listens on the control socket: its daemon has died');
    case 'EACCES':
    case 'EPERM':
      return new ProgramError([
        {
          message: 'no permission to use the control socket',
          object: socket,
          hint: 'run it as the user of the daemon, or set control.mode to "0660" and join its group',
        },
      ]);
    default:
      return broken(socket, `the connection to the daemon broke (${code})`);
  }
}

function broken(socket: string, message: string): ProgramError {
  const hint = 'start the daemon with "bgp-speaker run --config FILE", or name its socket with --socket';
  return new ProgramError([{ message, object: socket, hint }]);
}
