/** weftd of this checkout with an environment of a test's choice: Node behind a script that sets it. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Installation, installation } from '@weft/lab';
import { afterAll } from 'vitest';

const directory = mkdtempSync(join(tmpdir(), 'weft-launcher-'));
afterAll(() => rmSync(directory, { recursive: true }));
let count = 0;

/** What a lab's hosts run; the script goes with the tests of this file. */
export async function launchedWith(environment: Readonly<Record<string, string>>): Promise<Installation> {
  const { node, weftd } = await installation();
  const script = join(directory, `node${count++}`);
  const settings = Object.entries(environment).map(([name, value]) => `${name}='${value}'`);
  writeFileSync(script, `#!/bin/sh\nexec env ${settings.join(' ')} ${node} "$@"\n`, { mode: 0o755 });
  return { node: script, weftd };
}
