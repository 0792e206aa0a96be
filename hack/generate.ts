#!/usr/bin/env node
/**
 * Writes every generated file of the repository: `npm run generate`. Safe to run twice.
 */
import { mkdirSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { generatedFiles } from '../pkg/resources/src/generated-files.ts';

const root = join(import.meta.dirname, '..');

if (process.argv.includes('--help')) {
  console.log(
    'Usage: node hack/generate.ts\nWrites the resource types and the CRDs from the schemas in pkg/resources.',
  );
} else {
  generate();
}

function generate(): void {
  const files = generatedFiles();
  removeStaleCrds(new Set(files.map((file) => file.path)));
  for (const { path, text } of files) {
    mkdirSync(dirname(join(root, path)), { recursive: true });
    writeFileSync(join(root, path), text);
    console.log(`wrote ${path}`);
  }
}

/** The folder holds nothing but generated files, so one that is no longer generated goes. */
function removeStaleCrds(current: ReadonlySet<string>): void {
  const folder = 'manifests/crds';
  mkdirSync(join(root, folder), { recursive: true });
  for (const name of readdirSync(join(root, folder)))
    if (!current.has(`${folder}/${name}`)) rmSync(join(root, folder, name));
}
