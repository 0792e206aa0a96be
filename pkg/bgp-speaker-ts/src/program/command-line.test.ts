import { once } from 'node:events';
import { statSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { eventually, freePort } from '../transport/test/loopback.ts';
import { commandHelp } from './command-line.ts';
import { COMMANDS } from './commands.ts';
import { Bench, kill, START_LIMIT_MS } from './test/program.ts';

const LIMIT_MS = 60_000;
const [AT, OTHER] = ['127.0.0.61', '127.0.0.62'] as const;

let bench: Bench;

beforeEach(() => {
  bench = new Bench();
});

afterEach(() => bench.remove());

async function file(at: string, more = ''): Promise<string> {
  return `asn: 64512
routerId: ${at}
listen: [{ address: ${at}, port: ${await freePort(at)} }]
control: { socket: ${bench.at('control.sock')}${more} }
`;
}

describe('the command line', { timeout: LIMIT_MS }, () => {
  test.each([
    ['help', ['--help'], 0, /^Usage: bgp-speaker COMMAND …\n\n {2}run /],
    ['help of a command', ['rib', '--help'], 0, /^Usage: bgp-speaker rib \[TABLE\] \[PEER\] \[OPTION …\]\n/],
    ['the version', ['version'], 0, /^bgp-speaker \d+\.\d+\.\d+\n$/],
    ['the version as an option', ['--version'], 0, /^bgp-speaker \d/],
    ['the version as JSON', ['version', '-o', 'json'], 0, /^\{"version":"\d/],
    ['the schema', ['schema'], 0, /"title": "Configuration of bgp-speaker"/],
    ['nothing at all', [], 2, /^Usage: bgp-speaker COMMAND/],
    [
      'an unknown command',
      ['statsu'],
      2,
      /no such command\n {2}object: statsu\n {2}do: did you mean "status"\?/,
    ],
    [
      'an unknown option',
      ['status', '--colour'],
      2,
      /unknown option '--colour'\n {2}object: command line of status\n/,
    ],
    ['an option without its value', ['run', '--config'], 2, /command line of run\n/],
    ['no file', ['run'], 2, /no configuration file was named/],
    ['one operand too many', ['reload', 'now'], 2, /there is no place for "now"/],
    ['a format that is none', ['status', '-o', 'xml'], 2, /--output is text or json, and not "xml"/],
    ['a table that is none', ['rib', 'all'], 2, /TABLE is in, loc or out, and not "all"/],
    ['a peer of loc', ['rib', 'loc', AT], 2, /loc is one table for all peers/],
    ['longer than nothing', ['rib', '--longer'], 2, /--longer needs --prefix/],
    ['a MED that is none', ['announce', '10.0.0.0/8', '--med', 'low'], 2, /--med is a number, and not "low"/],
    [
      'no socket',
      ['status', '--socket', '/nonexistent'],
      1,
      /no control socket\n {2}object: \/nonexistent\n {2}do: start/,
    ],
  ])('with %s', async (_what, args, code, message) => {
    const { code: found, stdout, stderr } = await bench.ask(...args);
    expect(found).toBe(code);
    expect(code === 0 ? stdout : stderr).toMatch(message);
    expect(code === 0 ? stderr : stdout).toBe('');
    expect(stderr).not.toMatch(/\bat .*\.[tj]s:\d/);
  });

  test('has help for each command, with all its options', () => {
    for (const command of COMMANDS) {
      const help = commandHelp(command);
      expect(help).toContain(`Usage: bgp-speaker ${command.name}`);
      for (const option of Object.keys(command.options)) expect(help).toContain(`--${option}`);
    }
  });
});

describe('check', { timeout: LIMIT_MS }, () => {
  test('says that a file is right', async () => {
    const path = bench.write('a.yaml', await file(AT));
    expect(await bench.ask('check', '--config', path)).toEqual({
      code: 0,
      stdout: `${path} is right: AS 64512, peers: 0, routes: 0\n`,
      stderr: '',
    });
  });

  test('says all that is wrong, and takes a key from a file beside it', async () => {
    const peers = `peers:
  - { address: 10.0.0.7, asn: 64512, passwordFile: key.txt }
  - { address: 10.0.0.8, asn: 0, pasive: true }
`;
    const path = bench.write('a.yaml', (await file(AT)) + peers.replace(/\n.*pasive.*/, ''));
    expect((await bench.ask('check', '--config', path)).stderr).toMatch(
      /passwordFile cannot be read: .*\n {2}object: .*a\.yaml:6 peers\[0\]\.passwordFile\n/,
    );
    bench.write('key.txt', 'secret\n');
    expect((await bench.ask('check', '--config', path)).code).toBe(0);
    writeFileSync(path, (await file(AT)) + peers);
    const { code, stderr } = await bench.ask('check', '--config', path);
    expect(code).toBe(1);
    expect(stderr).toMatch(/a\.yaml:7 peers\[1\]\.asn\n/);
    expect(stderr).toMatch(/a\.yaml:7 peers\[1\]\.pasive\n {2}do: did you mean "passive"\?/);
  });
});

describe('the control socket', { timeout: LIMIT_MS }, () => {
  test('is for its owner only, or for the group too', async () => {
    await bench.started('a.yaml', await file(AT));
    expect(statSync(bench.at('control.sock')).mode & 0o777).toBe(0o600);
    const group = (await file(OTHER, ', mode: "0660"')).replace('control.sock', 'group.sock');
    await bench.started('b.yaml', group);
    expect(statSync(bench.at('group.sock')).mode & 0o777).toBe(0o660);
  });

  test('is of one daemon: a second one says so and leaves the first alone', async () => {
    await bench.started('a.yaml', await file(AT));
    const second = await bench.ask('run', '--config', bench.write('b.yaml', await file(OTHER)));
    expect([second.code, second.stderr]).toEqual([
      1,
      expect.stringMatching(/another daemon answers .*\n {2}object: .*control\.sock\n {2}do: stop it first/),
    ]);
    expect((await bench.ask('status', '--socket', bench.at('control.sock'))).code).toBe(0);
  });

  test('of a daemon that was killed is taken over; commands say that it has died', async () => {
    const first = await bench.started('a.yaml', await file(AT));
    await kill(first.child, 'SIGKILL');
    const { code, stderr } = await bench.ask('status', '--socket', bench.at('control.sock'));
    expect([code, stderr]).toEqual([1, expect.stringContaining('its daemon has died')]);
    await bench.started('b.yaml', await file(AT));
    expect((await bench.ask('status', '--socket', bench.at('control.sock'))).code).toBe(0);
  });

  test.each([
    ['another file', (path: string) => writeFileSync(path, ''), 'another file is in its place'],
    ['a folder that is not there', undefined, 'cannot make the control socket'],
  ])('is refused in the place of %s', async (_what, prepare, message) => {
    const name = prepare === undefined ? 'none/control.sock' : 'control.sock';
    prepare?.(bench.at(name));
    const text = (await file(AT)).replace('control.sock', name);
    const { code, stderr } = await bench.ask('run', '--config', bench.write('a.yaml', text));
    expect([code, stderr]).toEqual([1, expect.stringContaining(message)]);
  });

  test('is not kept by a daemon that cannot listen', async () => {
    const taken = createServer().listen(0, AT);
    await once(taken, 'listening');
    const { port } = taken.address() as { port: number };
    const text = (await file(AT)).replace(/port: \d+/, `port: ${port}`);
    const { code, stderr } = await bench.ask('run', '--config', bench.write('a.yaml', text));
    taken.close();
    expect([code, stderr]).toEqual([1, expect.stringContaining(`port ${port} is taken`)]);
    expect(statSync(bench.at('control.sock'), { throwIfNoEntry: false })).toBeUndefined();
  });

  test('can be named by the environment', async () => {
    await bench.started('a.yaml', await file(AT));
    vi.stubEnv('BGP_SPEAKER_SOCKET', bench.at('control.sock'));
    expect((await bench.ask('status')).code).toBe(0);
    vi.unstubAllEnvs();
  });

  test('can be turned off', async () => {
    const off = (await file(AT)).replace(/control: .*/, 'control: false');
    const program = await bench.started('a.yaml', off);
    expect(program.output()).not.toContain('control.sock');
    program.child.kill('SIGTERM');
    await eventually('the end', () => program.child.exitCode === 0, START_LIMIT_MS);
  });

  test('answers what is no request of the protocol with three parts', async () => {
    await bench.started('a.yaml', await file(AT));
    const { request } = await import('node:http');
    const answers = await Promise.all(
      [
        ['GET', '/v1/nothing', ''],
        ['POST', '/v1/announce', '{'],
        ['POST', '/v1/announce', '{"route":[]}'],
      ].map(async ([method, path, body]) => {
        const outgoing = request({
          socketPath: bench.at('control.sock'),
          method,
          path,
          agent: false,
        } as object);
        outgoing.end(body);
        const [response] = await once(outgoing, 'response');
        let text = '';
        for await (const chunk of response) text += chunk;
        return [
          response.statusCode,
          (JSON.parse(text) as { errors: { message: string }[] }).errors[0]?.message,
        ];
      }),
    );
    expect(answers).toEqual([
      [404, 'the daemon knows no such request'],
      [400, expect.stringContaining('the request is not JSON')],
      [400, expect.stringContaining('the request is wrong')],
    ]);
  });
});
