/**
 * Regular expressions in the syntax of Go (RE2), which Calico's settings are written in.
 */
import type { Parsed } from '@weft/ip';
import { showValue } from '../issue.ts';

/** What RE2 refuses although JavaScript knows it: look-around and back-references. */
const unknownToGo = /\(\?<?[=!]|\\[1-9]/;

/** Checks that Go could compile the pattern; the value is the same pattern for JavaScript. */
export function parseGoPattern(text: string): Parsed<RegExp> {
  const reason = `${showValue(text)} is not a regular expression`;
  if (unknownToGo.test(text)) return { ok: false, reason: `${reason} of Go: it looks around or back` };
  const flags = /^\(\?([ims]+)\)/.exec(text);
  const source = text.slice(flags?.[0].length ?? 0).replaceAll('(?P<', '(?<');
  try {
    return { ok: true, value: new RegExp(source, flags?.[1]) };
  } catch {
    return { ok: false, reason };
  }
}
