#!/usr/bin/env node
/**
 * Writes every generated file of the repository: `npm run generate`. Safe to run twice.
 */
import { mkdirSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { generatedFiles, generatedFolders } from '../pkg/resources/src/generated-files.ts';
import { dashboardFiles } from './dashboard-files.ts';
import { grafanaBoard } from './grafana-board.ts';

const root = join(import.meta.dirname, '..');

if (process.argv.includes('--help')) {
  console.log(
    'Usage: node hack/generate.ts\nWrites what follows from the schemas in pkg/resources (types, CRDs, JSON Schemas, reference) the Grafana board, and the dashboard.',
  );
} else {
  generate();
}

function generate(): void {
  const files = [
    ...generatedFiles(),
    { path: 'manifests/monitoring/grafana.json', text: grafanaBoard() },
    { path: 'pkg/control/src/dashboard.ts', text: dashboardFiles() },
  ];
  removeStale(new Set(files.map((file) => file.path)));
  for (const { path, text } of files) {
    mkdirSync(dirname(join(root, path)), { recursive: true });
    writeFileSync(join(root, path), text);
    console.log(`wrote ${path}`);
  }
}

/** These folders hold nothing but generated files, so one that is no longer generated goes. */
function removeStale(current: ReadonlySet<string>): void {
  for (const folder of generatedFolders) {
    mkdirSync(join(root, folder), { recursive: true });
    for (const entry of readdirSync(join(root, folder), { recursive: true, withFileTypes: true })) {
      const path = relative(root, join(entry.parentPath, entry.name));
      if (entry.isFile() && !current.has(path)) rmSync(join(root, path));
    }
  }
}
