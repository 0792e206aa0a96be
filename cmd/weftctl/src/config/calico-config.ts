/**
 * calicoctl's configuration file, read as strictly as calicoctl does: a wrong apiVersion or kind and a field nobody knows
 * are errors. Source: Calico's CalicoAPIConfig.
 */
import { readFileSync } from 'node:fs';
import { CALICO_SETTINGS, type CalicoSettings } from '@weft/datastore';
import { apiVersion, nearest } from '@weft/resources';
import { type Document, isMap, isScalar, LineCounter, type Pair, parseDocument } from 'yaml';
import { CliError } from '../failure.ts';

const KIND = 'CalicoAPIConfig';

const FIELDS = ['apiVersion', 'kind', 'metadata', 'spec'];

/** The settings in the file at `path`. Throws CliError when it cannot be read or is wrong. */
export function readCalicoConfig(path: string): CalicoSettings {
  return parseCalicoConfig(readText(path), path);
}

function readText(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    throw wrong(`Cannot read the configuration file (${code})`, path, 'Check the path and its permissions.');
  }
}

/** The settings in the text of a configuration file; `path` is for messages. */
export function parseCalicoConfig(text: string, path: string): CalicoSettings {
  const lines = new LineCounter();
  const document = parseDocument(text, { lineCounter: lines });
  const placeOf = (offset: number | undefined): string => `${path} line ${lines.linePos(offset ?? 0).line}`;
  const [error] = document.errors;
  if (error !== undefined) {
    const [summary = ''] = error.message.split(/ at line \d+|\n/);
    throw wrong(
      `The configuration file is not YAML: ${summary}`,
      placeOf(error.pos[0]),
      'Correct the syntax.',
    );
  }
  refuseUnknown(document.contents, FIELDS, '', placeOf);
  refuseOther(document, 'apiVersion', apiVersion, path);
  refuseOther(document, 'kind', KIND, path);
  const spec = document.get('spec');
  if (spec === undefined || spec === null) return {};
  refuseUnknown(spec, Object.keys(CALICO_SETTINGS), 'spec.', placeOf);
  return Object.fromEntries(
    pairsOf(spec).flatMap((pair) => {
      const value = textOf(pair, placeOf);
      return value === '' ? [] : [[String(pair.key), value]];
    }),
  );
}

type PlaceOf = (offset: number | undefined) => string;

function pairsOf(node: unknown): Pair[] {
  return isMap(node) ? node.items : [];
}

function offsetOf(node: unknown): number | undefined {
  return isScalar(node) || isMap(node) ? node.range?.[0] : undefined;
}

function refuseUnknown(node: unknown, known: readonly string[], prefix: string, placeOf: PlaceOf): void {
  if (!isMap(node)) throw wrong(`The configuration file is not a ${KIND}`, placeOf(offsetOf(node)), SHAPE);
  for (const { key } of node.items) {
    const name = String(key);
    if (known.includes(name)) continue;
    const meant = nearest(name, known);
    const hint = meant === undefined ? `Known fields are ${known.join(', ')}.` : `Did you mean ${meant}?`;
    throw wrong(`No field of a ${KIND} is called ${prefix}${name}`, placeOf(offsetOf(key)), hint);
  }
}

const SHAPE = `It begins with "apiVersion: ${apiVersion}" and "kind: ${KIND}"; settings stand under spec.`;

function refuseOther(document: Document, field: string, expected: string, path: string): void {
  const found = document.get(field);
  if (found === expected) return;
  const what = found === undefined ? `${field} is missing` : `${field} is ${JSON.stringify(found)}`;
  throw wrong(`${what}, not ${expected}`, path, SHAPE);
}

/** Numbers and booleans may stand without quotes. */
function textOf({ key, value }: Pair, placeOf: PlaceOf): string {
  const plain = isScalar(value) ? value.value : value;
  if (plain === null) return '';
  if (typeof plain === 'object') {
    throw wrong(`spec.${key} is not a single value`, placeOf(offsetOf(key)), 'Write text, a number or true.');
  }
  return String(plain);
}

function wrong(what: string, object: string, hint: string): CliError {
  return new CliError([{ what, object, hint }]);
}
