import { execFileSync, spawnSync } from 'node:child_process';
import { copyFileSync, mkdirSync, realpathSync, symlinkSync } from 'node:fs';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { program as launcher, Workbench } from '../test/run.ts';

let workbench: Workbench;

beforeEach(() => {
  workbench = new Workbench();
});

afterEach(() => workbench.remove());

describe('bin/weftctl', { timeout: 30_000 }, () => {
  test('finds its Node through a chain of links, relative ones too, from any directory', () => {
    mkdirSync(workbench.path('bin'));
    symlinkSync(launcher, workbench.path('bin/real'));
    symlinkSync('bin/real', workbench.path('weftctl'));
    const text = execFileSync('./weftctl', ['get'], {
      cwd: workbench.directory,
      env: workbench.environment,
      encoding: 'utf8',
    });
    expect(text).toContain('IPPool');
  });

  test('says what to do when its Node is not installed', () => {
    mkdirSync(workbench.path('cmd/weftctl/bin'), { recursive: true });
    copyFileSync(launcher, workbench.path('cmd/weftctl/bin/weftctl'));
    const { status, stderr } = spawnSync('sh', [workbench.path('cmd/weftctl/bin/weftctl'), 'get'], {
      encoding: 'utf8',
    });
    expect(status).toBe(1);
    const where = realpathSync(workbench.path('cmd/weftctl'));
    expect(stderr).toBe(
      `weftctl: its Node is not installed: no node_modules/.bin/node above ${where}.\n` +
        'Run ./hack/lab or "npm ci" at the top of the repository.\n',
    );
  });
});
