import { execFileSync, spawnSync } from 'node:child_process';
import { copyFileSync, mkdirSync, realpathSync, symlinkSync, utimesSync, writeFileSync } from 'node:fs';
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

  test('starts what was built until a source is newer, then the sources', () => {
    const launch = (): string => execFileSync('sh', [at('cmd/weftctl/bin/weftctl')], { encoding: 'utf8' });
    const at = (path: string): string => workbench.path(path);
    for (const folder of ['bin', 'src', 'dist']) mkdirSync(at(`cmd/weftctl/${folder}`), { recursive: true });
    for (const folder of ['pkg/x/src', 'node_modules/.bin']) mkdirSync(at(folder), { recursive: true });
    copyFileSync(launcher, at('cmd/weftctl/bin/weftctl'));
    symlinkSync(process.execPath, at('node_modules/.bin/node'));
    writeFileSync(at('cmd/weftctl/src/main.ts'), 'process.stdout.write("sources")');
    writeFileSync(at('pkg/x/src/y.ts'), '');
    expect(launch()).toBe('sources');
    writeFileSync(at('cmd/weftctl/dist/main.mjs'), 'process.stdout.write("built")');
    for (const source of ['cmd/weftctl/src', 'cmd/weftctl/src/main.ts', 'pkg/x/src', 'pkg/x/src/y.ts'])
      utimesSync(at(source), 1, 1);
    expect(launch()).toBe('built');
    utimesSync(at('pkg/x/src/y.ts'), 1, Date.now() / 1000 + 10);
    expect(launch()).toBe('sources');
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
