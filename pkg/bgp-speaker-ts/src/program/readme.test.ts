import { spawnSync } from 'node:child_process';
import { readFileSync, symlinkSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { eventually, freePort } from '../transport/test/loopback.ts';
import { Bench, type Program, START_LIMIT_MS } from './test/program.ts';

const README = readFileSync(join(import.meta.dirname, '../../README.md'), 'utf8');
const GUIDE = README.slice(README.indexOf('## Alone'));

let bench: Bench;

beforeEach(() => {
  bench = new Bench();
});

afterEach(() => bench.remove());

/** The content of all blocks in a language. */
function blocks(language: string): string[] {
  return [...GUIDE.matchAll(new RegExp(`\`\`\`${language}\\n(.*?)\`\`\``, 'gs'))].map(
    ([, text = '']) => text,
  );
}

/** Commands with what they print. */
function session(): { command: string; output: string }[] {
  const [text = ''] = blocks('console');
  return text
    .split(/^\$ /m)
    .slice(1)
    .map((part) => {
      const [command = '', ...output] = part.split('\n');
      return { command, output: output.join('\n') };
    });
}

/** What differs from run to run, as `…`. */
function steady(text: string): string {
  return text.replaceAll(/pid \d+/g, 'pid …').replaceAll(/\b(\d+[dhms]){1,2}\b */g, '… ');
}

test('the guide does what it shows', { timeout: 120_000 }, async () => {
  const port = await freePort('127.0.0.1');
  for (const text of blocks('yaml')) {
    const [, name = ''] = /^# (\S+)\n/.exec(text) ?? [];
    bench.write(name, text.replaceAll('1790', `${port}`));
  }
  symlinkSync(join(import.meta.dirname, '../../bin/bgp-speaker.js'), bench.at('bgp-speaker'));
  const env: NodeJS.ProcessEnv = {
    ...process.env,
    PATH: `${bench.folder}:${dirname(process.execPath)}:${process.env.PATH}`,
  };
  const daemons: Program[] = [];
  const steps = session();
  expect(steps.length).toBeGreaterThan(10);
  for (const { command, output } of steps) {
    const [, file] = /^bgp-speaker run --config (\S+) .*&$/.exec(command) ?? [];
    const [, variable, value] = /^export (\S+)=(\S+)$/.exec(command) ?? [];
    if (file !== undefined) {
      const daemon = bench.start(bench.at(file));
      await eventually(`${file} runs`, () => daemon.events().includes('started'), START_LIMIT_MS);
      daemons.push(daemon);
      if (daemons.length < 2) continue;
      const isSynced = (it: Program): boolean => it.events().includes('end-of-rib-complete');
      await eventually('the session', () => daemons.every(isSynced), START_LIMIT_MS);
    } else if (variable !== undefined) env[variable] = value;
    else {
      const { stdout, stderr } = spawnSync('sh', ['-c', command], {
        cwd: bench.folder,
        env,
        encoding: 'utf8',
      });
      expect({ command, output: steady(stdout).replaceAll(`${bench.folder}/`, ''), stderr }).toEqual({
        command,
        output: steady(output),
        stderr: '',
      });
    }
  }
});
