/**
 * Datastore files for tests: each in a directory of its own, removed after the test that asked for it.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { onTestFinished } from 'vitest';
import { type EmbeddedOptions, type EmbeddedStore, openEmbedded } from '../src/index.ts';

/** A directory that is gone after the test. */
export function temporaryDirectory(): string {
  const directory = mkdtempSync(join(tmpdir(), 'weft-datastore-'));
  onTestFinished(() => rmSync(directory, { recursive: true, force: true }));
  return directory;
}

/** The path of a datastore file that does not exist yet. */
export function temporaryPath(): string {
  return join(temporaryDirectory(), 'weft.db');
}

/** Opens a datastore file until the test ends, making it when needed. */
export async function openForTest(
  path: string = temporaryPath(),
  options: Partial<EmbeddedOptions> = {},
): Promise<EmbeddedStore> {
  const store = await openEmbedded({ create: true, ...options, path });
  onTestFinished(() => store.close());
  return store;
}
