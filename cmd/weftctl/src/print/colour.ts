/** Colours for people at a terminal: none in a pipe, none under NO_COLOR. */
import { styleText } from 'node:util';
import { type Paint, plain, type Tone } from './table.ts';

const STYLE: Readonly<Record<Tone, 'green' | 'red' | 'dim'>> = { good: 'green', bad: 'red', dim: 'dim' };

/** How to paint for standard output as it is now. */
export function paintForStdout(): Paint {
  if (!process.stdout.isTTY || process.env.NO_COLOR) return plain;
  return (tone, text) => styleText(STYLE[tone], text, { validateStream: false });
}
