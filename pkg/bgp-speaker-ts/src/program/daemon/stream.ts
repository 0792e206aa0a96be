/**
 * Long answers, one JSON value a line or plain bytes: made in slices, at the pace of the reader.
 *
 * Between two slices the event loop serves sessions; a reader that stops costs one chunk of memory, however long the
 * list is.
 */

import { once } from 'node:events';
import type { ServerResponse } from 'node:http';
import { setImmediate as nextTurn } from 'node:timers/promises';

/** Text collected before it is written, in UTF-16 units. */
const CHUNK_LENGTH = 64 * 1024;
/** Longest time a slice takes, but for its last line, in ms. */
const SLICE_MS = 5;

/**
 * Values that come in batches: one batch for a list that is there, one for each moment something happened. `undefined`
 * is no value, but a place where a slice can end.
 */
export type Batches = Iterable<Iterable<unknown>> | AsyncIterable<Iterable<unknown>>;

/** Writes all values and ends the response; a client that leaves ends it early. */
export async function sendLines(response: ServerResponse, batches: Batches): Promise<void> {
  response.writeHead(200, { 'content-type': 'application/x-ndjson', 'cache-control': 'no-store' });
  response.flushHeaders();
  for await (const chunk of chunks(batches)) {
    if (chunk !== '' && !(await send(response, chunk))) return;
    await nextTurn();
  }
  response.end();
}

/** Writes all chunks and ends the response; a client that leaves ends it early. */
export async function sendBytes(response: ServerResponse, bytes: AsyncIterable<Uint8Array>): Promise<void> {
  response.writeHead(200, { 'content-type': 'application/octet-stream', 'cache-control': 'no-store' });
  for await (const chunk of bytes) {
    if (!(await send(response, chunk))) return;
  }
  response.end();
}

async function* chunks(batches: Batches): AsyncGenerator<string> {
  for await (const batch of batches) {
    let chunk = '';
    let sliceEnd = performance.now() + SLICE_MS;
    for (const value of batch) {
      if (value !== undefined) chunk += `${JSON.stringify(value)}\n`;
      if (chunk.length < CHUNK_LENGTH && performance.now() < sliceEnd) continue;
      yield chunk;
      chunk = '';
      sliceEnd = performance.now() + SLICE_MS;
    }
    yield chunk;
  }
}

/** Resolves when there is room for more, with false when nobody reads any more. */
async function send(response: ServerResponse, chunk: string | Uint8Array): Promise<boolean> {
  if (response.closed || response.destroyed) return false;
  if (response.write(chunk)) return true;
  const left = new AbortController();
  const leave = (): void => left.abort();
  response.once('close', leave);
  try {
    await once(response, 'drain', { signal: left.signal });
    return true;
  } catch {
    return false;
  } finally {
    response.off('close', leave);
  }
}
