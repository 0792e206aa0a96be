/**
 * A stream that must say something from time to time: a connection whose other end vanished is silent, too.
 */
import type { Readable } from 'node:stream';

/**
 * The chunks of a stream, until it ends or says nothing for too long, which destroys it. Only the time spent waiting for
 * the stream counts: while the consumer is busy nothing is read, and the socket is paused by its full buffer.
 */
export async function* withQuietLimit(
  stream: Readable,
  mostQuietMs: number,
): AsyncGenerator<Buffer, void, undefined> {
  const chunks = stream[Symbol.asyncIterator]() as AsyncIterator<Buffer>;
  try {
    for (;;) {
      const timer = setTimeout(() => stream.destroy(), mostQuietMs);
      const { value, done } = await chunks.next().finally(() => clearTimeout(timer));
      if (done) return;
      yield value;
    }
  } finally {
    stream.destroy();
  }
}
