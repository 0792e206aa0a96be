/**
 * Writes a tar archive: regular files with short names, which is all that is needed here.
 *
 * Source: POSIX.1-1988 (ustar) header, 512 bytes; numbers are octal text.
 */

/** A file of the archive. */
export interface TarEntry {
  /** At most 100 bytes. */
  readonly name: string;
  readonly content: Buffer;
}

const BLOCK_BYTES = 512;

/** The archive, uncompressed; `seconds` since the epoch is the time of all files. */
export function tarOf(entries: readonly TarEntry[], seconds: number): Buffer {
  const parts = entries.flatMap(({ name, content }) => [
    headerOf(name, content.length, seconds),
    content,
    Buffer.alloc((BLOCK_BYTES - (content.length % BLOCK_BYTES)) % BLOCK_BYTES),
  ]);
  return Buffer.concat([...parts, Buffer.alloc(2 * BLOCK_BYTES)]);
}

function headerOf(name: string, bytes: number, seconds: number): Buffer {
  if (Buffer.byteLength(name) > 100) throw new RangeError(`name too long for tar: ${name}`);
  const header = Buffer.alloc(BLOCK_BYTES);
  header.write(name, 0);
  header.write('0000600\0', 100); // mode
  header.write('0000000\0', 108); // uid
  header.write('0000000\0', 116); // gid
  header.write(`${octal(bytes, 11)}\0`, 124);
  header.write(`${octal(seconds, 11)}\0`, 136);
  header.write('        ', 148); // the checksum counts as blanks
  header.write('0', 156); // a regular file
  header.write('ustar\0' + '00', 257);
  const sum = header.reduce((total, byte) => total + byte, 0);
  header.write(`${octal(sum, 6)}\0 `, 148);
  return header;
}

function octal(value: number, digits: number): string {
  return value.toString(8).padStart(digits, '0');
}
