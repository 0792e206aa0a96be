/**
 * Starts the program in a Node that suits it. JavaScript, so that a Node that cannot read TypeScript can still say so.
 */

import module from 'node:module';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const NEEDED = [24, 11];

/**
 * A daemon that lives for years in little memory: a young generation of 1 MiB, and one arena for all threads. Both are
 * settled before a process begins.
 */
const DAEMON_OPTION = '--max-semi-space-size=1';
const DAEMON_ENVIRONMENT = { MALLOC_ARENA_MAX: '1' };

/** Runs the program whose `main` is in a file. */
export async function launch(file) {
  checkVersion();
  const [command = '', ...rest] = process.argv.slice(2);
  const isDaemon = command === 'run' || command.startsWith('--config') || command === '-c';
  if (isDaemon && !process.execArgv.includes(DAEMON_OPTION)) becomeDaemon();
  const isSource = file.pathname.endsWith('.ts');
  // The cache spares sources the compiler that takes types off, and commands half of their start; in a daemon from a
  // build it would only take memory.
  if (isSource || !isDaemon) enableCache();
  const { main } = await import(file.href);
  await main(command === '' ? rest : [command, ...rest]);
  module.flushCompileCache();
}

function checkVersion() {
  const [major = 0, minor = 0] = process.versions.node.split('.').map(Number);
  if (major > NEEDED[0] || (major === NEEDED[0] && minor >= NEEDED[1])) return;
  console.error(
    `bgp-speaker: this Node is too old to run it\n  object: Node ${process.versions.node} (${process.execPath})\n` +
      `  do: start it with Node ${NEEDED.join('.')} or newer: node ${process.argv[1]}`,
  );
  process.exit(1);
}

/** Starts this process anew in its place: it keeps its number, its files and its parent. */
function becomeDaemon() {
  const [, script = fileURLToPath(import.meta.url), ...args] = process.argv;
  const options = [DAEMON_OPTION, ...process.execArgv];
  process.execve(process.execPath, [process.execPath, ...options, script, ...args], {
    ...DAEMON_ENVIRONMENT,
    ...process.env,
  });
}

/** Never in a folder all users share: code from there would run with the rights of this one. */
function enableCache() {
  const { HOME, XDG_CACHE_HOME } = process.env;
  const folder = XDG_CACHE_HOME || (HOME && join(HOME, '.cache'));
  if (folder) module.enableCompileCache(join(folder, 'bgp-speaker'));
}
