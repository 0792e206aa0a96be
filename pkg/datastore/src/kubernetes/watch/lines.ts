/**
 * Splits a stream of bytes into lines. What follows the last line end when the stream ends is dropped: it is the beginning
 * of an event whose rest never came.
 */

const LINE_END = 0x0a;

/** Yields each whole line as text, without its end. Throws when one grows longer than `mostBytes`. */
export async function* linesOf(
  chunks: AsyncIterable<Buffer>,
  mostBytes: number,
): AsyncGenerator<string, void, undefined> {
  let begun: Buffer[] = [];
  let begunBytes = 0;
  for await (const chunk of chunks) {
    let start = 0;
    for (let end = chunk.indexOf(LINE_END); end >= 0; end = chunk.indexOf(LINE_END, start)) {
      const line = Buffer.concat([...begun, chunk.subarray(start, end)]).toString();
      begun = [];
      begunBytes = 0;
      start = end + 1;
      if (line !== '') yield line;
    }
    begun.push(chunk.subarray(start));
    begunBytes += chunk.length - start;
    if (begunBytes > mostBytes) throw new Error(`a line is longer than ${mostBytes} bytes`);
  }
}
