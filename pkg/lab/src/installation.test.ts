import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { installation } from './installation.ts';

it('bundles weftd so that it is small in memory', { timeout: 180_000 }, async () => {
  const { weftd } = await installation();
  const text = readFileSync(weftd, 'latin1');
  // An import of node:http reads its export WebSocket, which loads undici.
  expect(text).not.toMatch(/\b(?:from|import)\s*\(?\s*["']node:http["']/);
  // A single character beyond ASCII makes V8 keep the whole source with two bytes a character.
  expect(/[^\p{ASCII}]/u.exec(text)?.[0]).toBeUndefined();
});
