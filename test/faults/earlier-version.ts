/**
 * An earlier weft, to be upgraded from: taken out of this repository's history and bundled as a lab does it.
 *
 * Its own packages come from its own tree; what it imports from others is what is installed here.
 */
import {
  existsSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readlinkSync,
  rmSync,
  symlinkSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { bundle, type Installation } from '@weft/lab';
import { execa } from 'execa';

const repository = resolve(import.meta.dirname, '../..');

/** How many commits back it lies, unless WEFT_FAULTS_FROM names a commit. */
const COMMITS_BACK = 60;

/** A built version. */
export interface EarlierVersion extends Installation {
  readonly commit: string;
  /** Removes its files. */
  readonly dispose: () => void;
}

/**
 * The commit to upgrade from; undefined where the history does not reach so far, as in a shallow clone. A weftd that knows fewer
 * flags than the lab starts it with would not start: then it is the first one that knows them all, unless nothing has changed since.
 */
export async function earlierCommit(): Promise<string | undefined> {
  const named = process.env.WEFT_FAULTS_FROM;
  if (named !== undefined) return commitOf(named);
  const back = await commitOf(`HEAD~${COMMITS_BACK}`);
  if (back === undefined) return undefined;
  const { stdout: alike } = await git('log', '-1', '--format=%h', '--', 'pkg/lab/src/daemons.ts');
  const { exitCode } = await git('merge-base', '--is-ancestor', alike, back);
  if (exitCode === 0) return back;
  const { exitCode: unchanged } = await git('diff', '--quiet', alike, '--', 'cmd', 'pkg');
  return unchanged === 0 ? undefined : alike;
}

async function commitOf(name: string): Promise<string | undefined> {
  const { exitCode, stdout } = await git('rev-parse', '--verify', '--short', `${name}^{commit}`);
  return exitCode === 0 ? stdout : undefined;
}

function git(...args: string[]): Promise<{ exitCode?: number | undefined; stdout: string }> {
  return execa('git', args, { cwd: repository, reject: false });
}

/** Bundles weftd as it was then. */
export async function buildEarlier(commit: string): Promise<EarlierVersion> {
  const directory = mkdtempSync(join(tmpdir(), 'weft-earlier-'));
  const dispose = (): void => rmSync(directory, { recursive: true, force: true });
  try {
    await execa`git -C ${repository} archive -o ${directory}/tree.tar ${commit}`;
    await execa`tar -xf ${directory}/tree.tar -C ${directory}`;
    linkModules(join(repository, 'node_modules'), join(directory, 'node_modules'));
    const weftd = join(directory, 'bundle/weftd.mjs');
    await bundle(join(directory, 'cmd/weftd/src/main.ts'), weftd);
    const thread = join(directory, 'pkg/bgp-speaker-ts/src/transport/bfd/thread.ts');
    if (existsSync(thread)) await bundle(thread, join(directory, 'bundle/bfd-thread.mjs'));
    return { commit, node: process.execPath, weftd, dispose };
  } catch (error) {
    dispose();
    throw error;
  }
}

/** Links of workspaces are relative, and so lead into the other tree. */
function linkModules(from: string, to: string): void {
  mkdirSync(to);
  for (const name of readdirSync(from)) {
    const source = join(from, name);
    if (name === '@weft') linkModules(source, join(to, name));
    else symlinkSync(lstatSync(source).isSymbolicLink() ? readlinkSync(source) : source, join(to, name));
  }
}
