/**
 * Texts that lie in files and are renewed there: certificates, keys, tokens. A file is read again when it changed.
 */
import { readFileSync, statSync } from 'node:fs';

/** Gives the current text. Throws as reading a file does. */
export type TextSource = () => string;

/** A text that never changes. */
export function fixedText(text: string): TextSource {
  return () => text;
}

/** The text of a file; a stat at each call tells whether it must be read again. */
export function fileText(path: string): TextSource {
  let known = { stamp: '', text: '' };
  return () => {
    const { ino, mtimeMs, size } = statSync(path);
    const stamp = `${ino} ${mtimeMs} ${size}`;
    if (stamp !== known.stamp) known = { stamp, text: readFileSync(path, 'utf8') };
    return known.text;
  };
}
