import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import * as library from './index.ts';

/** Names in the table of `README.md`. */
function listed(): string[] {
  const readme = readFileSync(join(import.meta.dirname, '../README.md'), 'utf8');
  const [, section = ''] = readme.split('## What it exports');
  const [table = ''] = section.split('\n## ').map((text) => text.slice(text.indexOf('| for')));
  return [...table.matchAll(/`(\w+)`/g)].map(([, name = '']) => name).filter((name) => name !== 'wire');
}

/** Names of a source and of those it exports from: a type leaves nothing at run time that could be asked. */
function declared(): Set<string> {
  const index = readFileSync(join(import.meta.dirname, 'index.ts'), 'utf8');
  const named = [...index.matchAll(/\{([^}]*)\}/g)].flatMap(([, names = '']) => names.match(/\w+/g) ?? []);
  const files = [...index.matchAll(/export (?:type )?\* from '(.*)'/g)].map(([, file = '']) => file);
  const texts = files.map((file) => readFileSync(join(import.meta.dirname, file), 'utf8'));
  const all = texts.flatMap((text) => [
    ...text.matchAll(/^export (?:const|function|class|interface|type) (\w+)/gm),
    ...text.matchAll(/^ {2}(\w+),$/gm),
  ]);
  return new Set([...named, ...all.map(([, name = '']) => name)]);
}

test('the table of what is exported has no name that is not', () => {
  const names = declared();
  expect(listed().length).toBeGreaterThan(50);
  expect(listed().filter((name) => !names.has(name))).toEqual([]);
});

test('every value but those of the codec is in the table', () => {
  const index = readFileSync(join(import.meta.dirname, 'index.ts'), 'utf8');
  const codec = [...index.matchAll(/'\.\/(wire\/.*)'/g)].map(([, file = '']) =>
    readFileSync(join(import.meta.dirname, file), 'utf8'),
  );
  const isOfCodec = (name: string) =>
    codec.some((text) => new RegExp(`^export .*\\b${name}\\b`, 'm').test(text));
  const missing = Object.keys(library).filter((name) => !isOfCodec(name) && !listed().includes(name));
  expect(missing).toEqual([]);
});
