/** The rules of pkg/README.md are checked: a file that breaks one fails `npm run lint`. */
import { cpSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { execa } from 'execa';
import { describe, expect, it } from 'vitest';

const repository = join(import.meta.dirname, '..');

/** What the linter says of one file with this content at this path of an otherwise empty checkout. */
async function lint(path: string, content: string): Promise<{ exitCode: number; output: string }> {
  const checkout = mkdtempSync(join(tmpdir(), 'weft-rules-'));
  try {
    for (const file of ['.biome.json', '.gitignore', '.config']) {
      cpSync(join(repository, file), join(checkout, file), { recursive: true });
    }
    mkdirSync(dirname(join(checkout, path)), { recursive: true });
    writeFileSync(join(checkout, path), content);
    const biome = join(repository, 'node_modules/.bin/biome');
    const result = await execa(biome, ['lint', path], { cwd: checkout, reject: false, all: true });
    return { exitCode: result.exitCode ?? 1, output: result.all };
  } finally {
    rmSync(checkout, { recursive: true });
  }
}

describe('the import rules', () => {
  it.each([
    [
      'a pure room reads a clock by another name',
      'pkg/calc/src/x.ts',
      'export const now = (): number => globalThis.Date.now();',
    ],
    [
      'a pure room takes randomness apart',
      'pkg/ip/src/x.ts',
      'const { random } = Math;\nexport const roll = random;',
    ],
    [
      'somebody climbs over a fence',
      'pkg/ipam/src/core/x.ts',
      "export * from '../../../kernel/src/index.ts';",
    ],
    [
      'a room climbs into a program',
      'pkg/kernel/src/x.ts',
      "export * from '../../../cmd/weftd/src/version.ts';",
    ],
    ['a pure room imports a module of node', 'pkg/calc/src/x.ts', "export { readFileSync } from 'node:fs';"],
    ['a pure room reads a clock', 'pkg/ipam/src/core/x.ts', 'export const now = (): number => Date.now();'],
    [
      'a pure room draws a random number',
      'pkg/ip/src/x.ts',
      'export const roll = (): number => Math.random();',
    ],
    ['a pure room starts a timer', 'pkg/resources/src/x.ts', 'setTimeout(() => {}, 1);'],
    [
      'the core of the speaker opens sockets',
      'pkg/bgp-speaker-ts/src/fsm/x.ts',
      "export * from '../transport/dial.ts';",
    ],
    ['BFD knows the sessions of BGP', 'pkg/bgp-speaker-ts/src/bfd/x.ts', "export * from '../fsm/peer.ts';"],
    ['the codec knows BFD', 'pkg/bgp-speaker-ts/src/wire/x.ts', "export * from '../bfd/session.ts';"],
    ['the codec knows the RIB', 'pkg/bgp-speaker-ts/src/wire/x.ts', "export * from '../rib/rib.ts';"],
    ['the decisions know the kernel', 'pkg/calc/src/x.ts', "export * from '@weft/kernel';"],
    ['the kernel knows the data plane', 'pkg/kernel/src/x.ts', "export * from '@weft/dataplane';"],
    ['somebody goes past an index', 'pkg/lab/src/x.ts', "export * from '@weft/kernel/src/netns.ts';"],
    ['a package imports a program', 'pkg/lab/src/x.ts', "export * from '@weft/weftd';"],
  ])('are broken when %s', async (_, path, content) => {
    const { exitCode, output } = await lint(path, content);
    expect(output).toMatch(/pkg\/README.md|Inside the speaker/);
    expect(exitCode).not.toBe(0);
  });

  it('let a room import what it may', async () => {
    const content = "export { parseAddress } from '@weft/ip';\n";
    expect(await lint('pkg/calc/src/x.ts', content)).toMatchObject({ exitCode: 0 });
  });
});
