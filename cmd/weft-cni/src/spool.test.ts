/**
 * Power loss and a failing disk, by strace: it shows the order of system calls, makes the n-th of one kind fail, and kills the
 * program before it. Each needs the program as installed: sanitizers do not run under a tracer.
 */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { buildWeftCni } from '../build.ts';
import { answering, FakeWeftd, http } from '../test/fake-weftd.ts';
import { CONFIG, type Outcome, Runtime } from '../test/runtime.ts';

/** What puts a DEL on disk, and how often each is called when two directories are missing. */
const CALLS: readonly (readonly [string, number])[] = [
  ['mkdirat', 2],
  ['openat', 4],
  ['write', 1],
  ['fsync', 4],
  ['renameat', 1],
];
const each = CALLS.flatMap(([call, times]) =>
  Array.from({ length: times }, (_, index) => [call, index + 1] as const),
);

let runtime: Runtime;

beforeEach(() => {
  runtime = new Runtime(buildWeftCni());
});

afterEach(() => runtime.remove());

/** A DEL under strace with these options. */
function traced(...options: readonly string[]): Promise<Outcome> {
  const through = (plugin: string): string[] => ['/usr/bin/strace', '-qq', ...options, plugin];
  // A relative path, because the directories above count as calls, too.
  const environment = { WEFT_CNI_SPOOL: 'var/spool' };
  return runtime.call({ command: 'DEL', environment, stdin: CONFIG, through });
}

/** What stands in the spool under final names. */
function finished(): string[] {
  const names = runtime.spooled().filter((name) => !name.startsWith('.'));
  return names.map((name) => readFileSync(join(runtime.spool, name), 'utf8'));
}

/** The last of all: that of the directory. */
function isAfterRenaming(call: string, when: number): boolean {
  return call === 'fsync' && when === 4;
}

const whole = `CNI_COMMAND=DEL\0\0${CONFIG}`;

describe('a DEL that is kept', () => {
  test('has its bytes on disk before its name, and its name before success is told', async () => {
    const file = join(runtime.directory, 'trace');
    const calls = `trace=${CALLS.map(([call]) => call).join(',')},exit_group`;
    expect(await traced('-o', file, '-y', '-e', calls)).toMatchObject({ code: 0 });
    const steps = readFileSync(file, 'utf8')
      .replaceAll(runtime.directory, '')
      .replaceAll(/\.?\d{19}-\d+/g, 'DEL')
      .replaceAll(/\d+(?=<)| += .*| +$/gm, '');
    expect(steps.trim().split('\n')).toEqual([
      'openat(AT_FDCWD<>, ".", O_RDONLY|O_CLOEXEC|O_DIRECTORY)',
      'mkdirat(<>, "var", 0700)',
      'fsync(<>)',
      'openat(<>, "var", O_RDONLY|O_CLOEXEC|O_DIRECTORY)',
      'mkdirat(</var>, "spool", 0700)',
      'fsync(</var>)',
      'openat(</var>, "spool", O_RDONLY|O_CLOEXEC|O_DIRECTORY)',
      'openat(</var/spool>, "DEL", O_WRONLY|O_CREAT|O_EXCL|O_CLOEXEC, 0600)',
      `write(</var/spool/DEL>, "CNI_COMMAND=DEL\\0\\0${CONFIG.slice(0, 15).replaceAll('"', '\\"')}"..., ${whole.length})`,
      'fsync(</var/spool/DEL>)',
      'renameat(</var/spool>, "DEL", </var/spool>, "DEL")',
      'fsync(</var/spool>)',
      'exit_group(0)',
    ]);
  });

  test.each(each)('killed at %s %i: is there whole, or not at all', async (call, when) => {
    const { code } = await traced('-o', '/dev/null', '-e', `inject=${call}:signal=KILL:when=${when}`);
    expect(code).toBeNull();
    expect(finished()).toEqual(isAfterRenaming(call, when) ? [whole] : []);
  });

  test.each(each)('failing at %s %i: the runtime is told, and nothing half is left', async (call, when) => {
    const options = ['-o', '/dev/null', '-e', `inject=${call}:error=EDQUOT:when=${when}`];
    const { code, stdout } = await traced(...options);
    expect(code).toBe(1);
    expect(JSON.parse(stdout)).toMatchObject({
      code: 11,
      msg: expect.stringContaining('Disk quota exceeded'),
    });
    expect(finished()).toEqual(isAfterRenaming(call, when) ? [whole] : []);
    expect(runtime.spooled().filter((name) => name.startsWith('.'))).toEqual([]);
  });

  test('is done at once by a weftd that began to listen meanwhile', async () => {
    const weftd = await FakeWeftd.listen(runtime.socket, answering(http(200, '')));
    const first = 'inject=connect:error=ECONNREFUSED:when=1';
    expect(await traced('-o', '/dev/null', '-e', first)).toMatchObject({ code: 0, stdout: '' });
    expect(weftd.requests).toHaveLength(1);
    expect(runtime.spooled()).toEqual([]);
    await weftd.close();
  });
});
