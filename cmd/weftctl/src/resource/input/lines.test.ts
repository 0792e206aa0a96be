import { describe, expect, test } from 'vitest';
import { failuresOf, printFailure } from '../../failure.ts';
import { linesOf } from './lines.ts';

async function* inPieces(bytes: Uint8Array, size: number): AsyncGenerator<Uint8Array> {
  for (let start = 0; start < bytes.length; start += size) yield bytes.subarray(start, start + size);
}

async function read(bytes: Uint8Array, size = 3): Promise<string[]> {
  return (await Array.fromAsync(linesOf(inPieces(bytes, size), 'f.yaml'))).flat();
}

async function problem(bytes: Uint8Array): Promise<string> {
  return read(bytes).then(String, (error) => failuresOf(error).map(printFailure).join('\n'));
}

const TEXT = 'a: ü\r\nb: €\nc: 🙂';

describe('lines of a file', () => {
  test.each([1, 2, 3, 5, 100])('come whole, whatever the pieces of %i bytes cut', async (size) => {
    expect(await read(Buffer.from(TEXT), size)).toEqual(['a: ü\r\n', 'b: €\n', 'c: 🙂']);
  });

  test.each([
    ['UTF-8', Buffer.from(`\ufeff${TEXT}`)],
    ['UTF-16 LE', Buffer.from(`\ufeff${TEXT}`, 'utf16le')],
    ['UTF-16 BE', Buffer.from(`\ufeff${TEXT}`, 'utf16le').swap16()],
  ])('may be in %s with a byte order mark', async (_name, bytes) => {
    expect((await read(bytes, 64)).join('')).toBe(TEXT);
  });

  test.each([
    ['an archive', Buffer.from([0x1f, 0x8b, 8, 0, 0xff, 0xfe]), /U\+001F.*|Not text in UTF-8.*: f\.yaml/],
    ['Latin-1', Buffer.from('a: 1\nb: ü\n', 'latin1'), /^Not text in UTF-8, in or after line \d: f\.yaml/],
    ['a NUL', Buffer.from('a: 1\nb: \0\n'), /^Line 2 holds the control character U\+0000.*: f\.yaml/],
    ['an escape sequence', Buffer.from('a: \x1b[31m\n'), /^Line 1 holds the control character U\+001B/],
    ['half a character', Buffer.from('a: €').subarray(0, -1), /^Not text in UTF-8/],
  ])('that hold %s are refused', async (_name, bytes, message) => {
    expect(await problem(bytes)).toMatch(message);
  });

  test('of nothing are none', async () => {
    expect(await read(Buffer.from(''))).toEqual([]);
  });
});
