import { describe, expect, it } from 'vitest';
import { linesOf } from './lines.ts';

async function* chunksOf(bytes: Buffer, size: number): AsyncGenerator<Buffer, void, undefined> {
  for (let start = 0; start < bytes.length; start += size) yield bytes.subarray(start, start + size);
}

describe('linesOf', () => {
  const text = Buffer.from('{"a":"é"}\n\n{"b":"\u{1f600}"}\nlong line\nunfinished');

  it.each([1, 2, 3, 7, 1000])(
    'finds the whole lines in chunks of %i bytes, and drops what is unfinished',
    async (size) => {
      const lines = await Array.fromAsync(linesOf(chunksOf(text, size), 100));
      expect(lines).toEqual(['{"a":"é"}', '{"b":"\u{1f600}"}', 'long line']);
    },
  );

  it('refuses a line that grows beyond the limit', async () => {
    await expect(Array.fromAsync(linesOf(chunksOf(Buffer.alloc(50, 'x'), 10), 20))).rejects.toThrow(
      /longer than 20/,
    );
  });
});
