import { spawnSync } from 'node:child_process';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { program, Workbench } from '../test/run.ts';

const workbench = new Workbench();

beforeAll(async () => {
  const pools = Array.from(
    { length: 200 },
    (_, i) =>
      `apiVersion: projectcalico.org/v3\nkind: IPPool\nmetadata: {name: p${i}}\nspec: {cidr: 10.${i}.0.0/16}\n`,
  );
  const { code, stdout } = await workbench.run(['apply', '-f', '-'], pools.join('---\n'));
  expect(code).toBe(0);
  expect(stdout).toMatch(/^(ippool\/p\d+ created\n){200}Successfully applied 200 'IPPool' resource\(s\)\n$/);
}, 60_000);

afterAll(() => workbench.remove());

describe('the program: streams and exit codes', { timeout: 60_000 }, () => {
  test('results go to stdout, problems to stderr, and a part that failed is exit code 1', async () => {
    expect(await workbench.run(['get', 'pools', 'p0', 'x'])).toEqual({
      code: 1,
      stdout: 'NAME   CIDR          SELECTOR\np0     10.0.0.0/16   all()\n',
      stderr: 'resource does not exist: IPPool "x"\n  "weftctl get ippools" lists those there are.\n',
    });
  });

  test.each([
    ['help', ['--help'], 0, /Exit codes: 0 done; 1 .*; 2 /],
    ['help of a command', ['get', '--help'], 0, /--output <format>/],
    ["calicoctl's own options", ['-l', 'info', 'get', 'pools', 'p0', '--allow-version-mismatch'], 0, /^NAME/],
    ["calicoctl's -a", ['get', 'wep', '-a'], 0, /^NAMESPACE/],
    ['a script for a shell', ['completion', 'fish'], 0, /complete -c weftctl/],
    ['a shell nobody knows', ['completion', 'tcsh'], 2, /Allowed choices are bash, zsh, fish/],
    ['help of diff', ['diff', '--help'], 0, /Exit codes: 0 no difference; 1 some; 2 /],
    [
      'options before the command',
      ['--datastore', '/nonexistent.db', 'get', 'pools'],
      1,
      /\/nonexistent\.db/,
    ],
    ['options after the command', ['get', 'pools', '--datastore', '/nonexistent.db'], 1, /\/nonexistent\.db/],
    ['nothing at all', [], 2, /Usage: weftctl/],
    [
      'an unknown kind',
      ['get', 'flowers'],
      2,
      /There is no such kind: flowers\n {2}Kinds are bgpconfigurations/,
    ],
    ['an unknown option', ['get', 'pools', '--colour'], 2, /unknown option '--colour'/],
    ['an unknown command', ['fetch'], 2, /unknown command 'fetch'/],
    [
      'an output format that is none',
      ['get', 'pools', '-o', 'xml'],
      2,
      /There is no such output format: -o xml/,
    ],
    ['a limit that is none', ['routes', '--limit', '0'], 2, /whole number above 0/],
    ['nothing to delete', ['delete', 'pools'], 2, /Nothing to delete is named/],
    ['two places at once', ['--lab', 'x', 'get', 'pools', '--datastore', 'y'], 2, /--lab and --datastore/],
    ['a lab that is not there', ['--lab', 'wt-nowhere', 'get', 'pools'], 1, /wt-nowhere/],
    ['a failure inside lab', ['lab', 'status', '--name', 'wt-nowhere'], 1, /wt-nowhere/],
  ])('%s', async (_name, args, code, message) => {
    const result = await workbench.run(args);
    expect(result.code).toBe(code);
    expect(code === 0 ? result.stdout : result.stderr).toMatch(message);
    expect(code === 0 ? result.stderr : result.stdout).toBe('');
    expect(result.stderr).not.toMatch(/\bat .*\.[tj]s:\d/);
  });

  test('a reader that has seen enough is no error', () => {
    const { stdout, stderr } = spawnSync('sh', ['-c', `"${program}" get ippools -o yaml | head -n 1`], {
      env: workbench.environment,
      encoding: 'utf8',
    });
    expect({ stdout, stderr }).toEqual({ stdout: 'apiVersion: projectcalico.org/v3\n', stderr: '' });
  });
});
