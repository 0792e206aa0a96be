/**
 * Bytes to lines. YAML may come in UTF-8 or UTF-16 (some shells write that); anything else, and whatever is no text at
 * all, is refused with its line.
 */
import { TextDecoder } from 'node:util';
import { CliError } from '../../failure.ts';

/** A line longer than this is no YAML that somebody wrote: 64 MiB of text. */
const MAX_LINE_LENGTH = 64 * 1024 * 1024;

/** YAML forbids control characters, tab and line breaks apart. Source: YAML 1.2.2 §5.1. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: these are the characters to look for
const FORBIDDEN = /[\0-\x08\x0b\x0c\x0e-\x1f\x7f]/;

/** The lines of a text, each with its line break, a batch for every piece of input. Throws CliError. */
export async function* linesOf(bytes: AsyncIterable<Uint8Array>, name: string): AsyncGenerator<string[]> {
  let decoder: TextDecoder | undefined;
  let rest = '';
  let count = 0;
  const take = (text: string, isEnd: boolean): string[] => {
    if (rest.length > MAX_LINE_LENGTH) throw tooLong(name, count + 1);
    if (!isEnd && !text.includes('\n')) {
      rest += text;
      return [];
    }
    const lines = (rest + text).split(/(?<=\n)/);
    rest = isEnd ? '' : (lines.pop() ?? '');
    const bad = lines.findIndex((line) => FORBIDDEN.test(line));
    if (bad >= 0) throw noText(name, count + bad + 1, lines[bad] ?? '');
    count += lines.length;
    return lines;
  };
  const decode = (piece: Uint8Array | undefined): string => {
    try {
      decoder ??= decoderFor(piece ?? new Uint8Array());
      return piece === undefined ? decoder.decode() : decoder.decode(piece, { stream: true });
    } catch {
      throw notUtf8(name, count + 1);
    }
  };
  for await (const piece of bytes) yield take(decode(piece), false);
  const last = take(decode(undefined), true);
  if (last.join('') !== '') yield last;
}

/** A byte order mark tells; it is not part of the text. */
function decoderFor([first, second]: Uint8Array): TextDecoder {
  const isLittleEndian = first === 0xff && second === 0xfe;
  const isBigEndian = first === 0xfe && second === 0xff;
  const encoding = isLittleEndian ? 'utf-16le' : isBigEndian ? 'utf-16be' : 'utf-8';
  return new TextDecoder(encoding, { fatal: true });
}

function notUtf8(name: string, line: number): CliError {
  return new CliError([
    {
      what: `Not text in UTF-8, in or after line ${line}`,
      object: name,
      hint: 'Give a YAML or JSON file; convert it to UTF-8 if it is one.',
    },
  ]);
}

function noText(name: string, line: number, text: string): CliError {
  const code = FORBIDDEN.exec(text)?.[0].charCodeAt(0) ?? 0;
  const shown = `U+${code.toString(16).toUpperCase().padStart(4, '0')}`;
  return new CliError([
    {
      what: `Line ${line} holds the control character ${shown}, which YAML forbids`,
      object: name,
      hint: 'Give a YAML or JSON file, and write such a character as an escape in double quotes.',
    },
  ]);
}

function tooLong(name: string, line: number): CliError {
  return new CliError([
    { what: `Line ${line} has more than 64 MiB`, object: name, hint: 'Break it into several lines.' },
  ]);
}
