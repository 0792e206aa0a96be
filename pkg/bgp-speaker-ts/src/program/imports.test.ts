import { readFileSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { expect, test } from 'vitest';

const HERE = import.meta.dirname;

/** Files a module loads when it is loaded, itself included; packages by their names. */
function loaded(path: string, seen: Set<string> = new Set()): Set<string> {
  if (seen.has(path)) return seen;
  seen.add(path);
  for (const [, from = ''] of readFileSync(path, 'utf8').matchAll(
    /^(?:import|export)(?! type)[^;]*?from '([^']+)'/gm,
  )) {
    if (from.startsWith('.')) loaded(join(dirname(path), from), seen);
    else seen.add(from);
  }
  return seen;
}

test.each(['status', 'rib', 'explain', 'watch', 'routes', 'reload', 'peer'])(
  'the command in client/%s.ts loads Node and the program, nothing of the speaker',
  (name) => {
    const files = [...loaded(join(HERE, `client/${name}.ts`)), ...loaded(join(HERE, 'main.ts'))];
    const foreign = files
      .map((file) => (file.startsWith('/') ? relative(HERE, file) : file))
      .filter((file) => !file.startsWith('node:') && /^\.\.|^config|^daemon|^@|^[a-z]+$/.test(file));
    expect(foreign).toEqual([]);
    expect(files.length).toBeGreaterThan(5);
  },
);
