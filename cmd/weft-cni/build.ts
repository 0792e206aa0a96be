/** Compiles weft-cni with the C compiler of the distribution, when a source is newer than the program. */
import { execFileSync } from 'node:child_process';
import { mkdirSync, readdirSync, renameSync, statSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';

/** `x64` and `arm64` are what is installed; `test` finds its own mistakes and gives up after a second. */
export type Variant = 'x64' | 'arm64' | 'test';

const WARNINGS = [
  ...['-Wall', '-Wextra', '-Werror', '-Wpedantic', '-Wconversion', '-Wsign-conversion', '-Wshadow'],
  ...['-Wcast-qual', '-Wformat=2', '-Wstrict-prototypes', '-Wmissing-prototypes', '-Wvla', '-Wundef'],
];
const RELEASE = ['-O2', '-static', '-s', '-fstack-protector-strong', '-D_FORTIFY_SOURCE=2'];
const FLAGS: Readonly<Record<Variant, readonly string[]>> = {
  x64: RELEASE,
  arm64: RELEASE,
  test: [
    ...['-O1', '-g', '-fsanitize=address,undefined', '-fno-sanitize-recover=all', '-fno-omit-frame-pointer'],
    '-DDEADLINE_SECONDS=1',
  ],
};
/** Debian's compilers are named by the architecture they compile for; there is one on each for itself. */
const COMPILERS: Readonly<Record<Variant, string>> = {
  x64: 'x86_64-linux-gnu-gcc',
  arm64: 'aarch64-linux-gnu-gcc',
  test: 'gcc',
};

/** What is installed on a machine like this one. */
export const native: Variant = process.arch === 'arm64' ? 'arm64' : 'x64';

/**
 * Compiles a variant unless it is newer than its sources, and returns its path. The file is called `weft`, as runtimes look
 * for it by the `type` in the network configuration: its directory may stand in `CNI_PATH`. Throws with the compiler's words.
 */
export function buildWeftCni(variant: Variant = native): string {
  const sources = sourceFiles();
  const target = join(import.meta.dirname, 'dist', variant, 'weft');
  if (modified(target) > Math.max(...[...sources, import.meta.filename].map(modified))) return target;
  mkdirSync(dirname(target), { recursive: true });
  const fresh = `${target}.${process.pid}`;
  const files = sources.filter((name) => name.endsWith('.c'));
  const options = ['-std=c17', '-D_GNU_SOURCE', ...WARNINGS, ...FLAGS[variant]];
  compile(COMPILERS[variant], [...options, '-o', fresh, ...files]);
  renameSync(fresh, target);
  return target;
}

function compile(compiler: string, args: readonly string[]): void {
  try {
    execFileSync(compiler, args, { stdio: ['ignore', 'ignore', 'pipe'] });
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
    throw new Error(`weft-cni needs a C compiler: ${compiler}; on Debian: apt-get install gcc libc6-dev`);
  }
}

function sourceFiles(): string[] {
  const folder = join(import.meta.dirname, 'src');
  const names = readdirSync(folder).filter((name) => /\.[ch]$/.test(name));
  return names.map((name) => join(folder, name));
}

/** Milliseconds since 1970; 0 when there is no such file. */
function modified(path: string): number {
  return statSync(path, { throwIfNoEntry: false })?.mtimeMs ?? 0;
}

if (import.meta.main) {
  const wanted = process.argv.slice(2);
  for (const variant of wanted.length > 0 ? wanted : [native]) {
    if (!(variant in FLAGS)) throw new Error(`no such variant: ${variant}; there are x64, arm64, test`);
    console.log(relative(process.cwd(), buildWeftCni(variant as Variant)));
  }
}
