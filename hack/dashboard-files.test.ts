import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { dashboardFiles } from './dashboard-files.ts';

it('pkg/control has the dashboard that npm run generate writes', () => {
  const written = readFileSync(join(import.meta.dirname, '../pkg/control/src/dashboard.ts'), 'utf8');
  expect(written).toBe(dashboardFiles());
});

it('is small', () => {
  expect(dashboardFiles().length).toBeLessThan(40_000);
});
