import { execFile, execFileSync } from 'node:child_process';
import { mkdirSync, symlinkSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { program } from '../../test/run.ts';
import { VerbBench } from '../../test/verbs.ts';

const bench = new VerbBench();

beforeAll(async () => {
  const pool = (name: string, second: number) =>
    `apiVersion: projectcalico.org/v3\nkind: IPPool\nmetadata: {name: ${name}}\nspec: {cidr: 10.${second}.0.0/16}\n`;
  await bench.apply(pool('blue', 1), pool('black', 2), pool('red', 3));
  mkdirSync(bench.path('bin'));
  symlinkSync(program, bench.path('bin/weftctl'));
  bench.file('pool.yaml', '');
});

afterAll(() => bench.remove());

function run(command: string, args: readonly string[]): Promise<string> {
  const env = { ...bench.environment, PATH: `${bench.path('bin')}:${process.env.PATH}`, TERM: 'dumb' };
  const options = { env, cwd: bench.directory, timeout: 60_000 };
  return new Promise((resolve, reject) => {
    execFile(command, args, options, (error, stdout, stderr) => {
      if (error) reject(new Error(`${error.message}\n${stderr}`));
      else resolve(stdout);
    });
  });
}

/** What Tab offers after a line: the script runs in the shell itself, with the line cut into words as the shell does it. */
const ask: Record<string, (words: readonly string[]) => Promise<string[]>> = {
  bash: async (words) => {
    const script = `
      source <(weftctl completion bash)
      COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1))
      _weftctl
      printf '%s\\n' "\${COMPREPLY[@]}"`;
    return linesOf(await run('bash', ['--norc', '-c', script, 'bash', ...words]));
  },
  zsh: async (words) => {
    const script = `
      autoload -Uz compinit; compinit -u -D
      source <(weftctl completion zsh)
      _describe() { local -a list=("\${(@P)2}"); print -rl -- "\${(@)list%%:*}" }
      _files() { print -rl -- *(N) }
      words=("$@"); CURRENT=$#words
      _weftctl || true`;
    return linesOf(await run('zsh', ['-f', '-c', script, 'zsh', ...words]));
  },
  fish: async (words) => {
    const script = `weftctl completion fish | source; complete -C '${words.join(' ')}'`;
    const lines = linesOf(await run('fish', ['--no-config', '-c', script]));
    return lines.map((line) => line.split('\t')[0] ?? '');
  },
};

function linesOf(text: string): string[] {
  return text.split('\n').filter((line) => line !== '');
}

function isInstalled(shell: string): boolean {
  return execFileSync('sh', ['-c', `command -v ${shell} || true`], { encoding: 'utf8' }) !== '';
}

// bash is on every machine that runs the tests; zsh and fish where somebody installed them.
const shells = Object.keys(ask).filter((shell) => shell === 'bash' || isInstalled(shell));

describe.each(shells)('completion in %s', (shell) => {
  const offered = (...words: string[]) =>
    (ask[shell] as (words: readonly string[]) => Promise<string[]>)(words);

  test('commands, kinds, names, options, formats and files', async () => {
    expect(await offered('weftctl', 'g')).toEqual(['get']);
    expect(await offered('weftctl', 'get', 'ipp')).toEqual(['ippools']);
    expect((await offered('weftctl', 'get', 'ippools', 'bl')).toSorted()).toEqual(['black', 'blue']);
    expect(await offered('weftctl', 'get', '--out')).toEqual(['--output', '--output-watch-events']);
    expect(await offered('weftctl', 'get', 'ippools', '-o', 'js')).toEqual(['json', 'jsonpath=']);
    expect(await offered('weftctl', 'apply', '-f', 'pool')).toContain('pool.yaml');
  });

  test('a store that is away is no error', async () => {
    expect(await offered('weftctl', '--datastore', '/nonexistent.db', 'get', 'ippools', 'b')).toEqual([]);
  });
});

test('in bash, the cursor may stand behind "="', async () => {
  const words = ['weftctl', 'get', 'ippools', '--output', '=', 'wi'];
  expect(await ask.bash?.(words)).toEqual(['wide']);
});
