/**
 * What a kind says weft acts on must be read somewhere: @weft/resources cannot know, for it is below everyone who acts.
 */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { kindNames, kinds } from '../pkg/resources/src/kinds.ts';

const root = join(import.meta.dirname, '..');

/** All source text of those who act: packages and commands, without tests and without the definitions themselves. */
const words = new Set(
  ['pkg', 'cmd']
    .flatMap((folder) =>
      readdirSync(join(root, folder), { recursive: true, encoding: 'utf8' }).map((file) =>
        join(folder, file),
      ),
    )
    .filter((file) => /\/src\/.*\.ts$/.test(file) && !file.endsWith('.test.ts'))
    .filter((file) => !/node_modules|^pkg\/resources\/|\/contract\/|\/fake\//.test(file))
    .flatMap((file) => readFileSync(join(root, file), 'utf8').match(/\w+/g) ?? []),
);

describe('fields that weft acts on', () => {
  test.each(kindNames)('%s: something reads each of them', (kind) => {
    const { actsOn } = kinds[kind];
    const unread = (actsOn === 'all' ? [] : actsOn).filter(
      (path) => !words.has(path.split('.').at(-1) ?? ''),
    );
    expect(unread).toEqual([]);
  });
});
