/** Gathers the parts of the diagnostics of one host. What cannot be had is said in its place, and stops nothing. */
import { closeSync, existsSync, fstatSync, openSync, readdirSync, readFileSync, readSync } from 'node:fs';
import { join } from 'node:path';
import type { ControlClient } from '@weft/control';
import { stringifyJson } from '@weft/resources';
import { failuresOf } from '../../failure.ts';
import { readUpTo } from '../lists.ts';
import { MOST_BYTES, runBounded } from './bounded-command.ts';
import { recordParts } from './record.ts';
import { redact } from './redact.ts';
import { COMMANDS, JOURNAL, SECRET_SETTINGS, SECRET_SYSCTLS, SYSCTL_DIRECTORIES } from './sources.ts';

/** One file of the diagnostics. */
export interface Part {
  readonly file: string;
  readonly text: string;
  /** Why it is not all there; half a sentence. */
  readonly trouble?: string;
}

/** Where a host is looked at from. */
export interface HostPlace {
  /** Put before each command: how to get into a lab's host. */
  readonly enter: readonly string[];
  readonly client: ControlClient;
  /** Logs to take along: files, or directories whose files are taken. */
  readonly logs: readonly string[];
  /** Where the daemon keeps its record. */
  readonly record: string;
}

/** Everything about one host, without secrets. */
export async function collectHost({ enter, client, logs, record }: HostPlace): Promise<Part[]> {
  const commands = [
    ...COMMANDS,
    ...(existsSync('/run/systemd/system') && enter.length === 0 ? [JOURNAL] : []),
  ];
  const parts: Part[] = [];
  for (const { file, command } of commands) parts.push(part(file, await runBounded([...enter, ...command])));
  parts.push(part('sysctls', await sysctls(enter)));
  parts.push(...(await daemonParts(client)));
  parts.push(...logs.flatMap(logParts));
  return [...parts.map((one) => ({ ...one, text: redact(one.text) })), ...recordParts(record)];
}

function part(file: string, { text, trouble }: { text: string; trouble?: string }): Part {
  return { file, text, ...(trouble !== undefined && { trouble }) };
}

/** /proc/sys shows those of the network namespace of whoever reads it, so `cat` has to run inside. */
async function sysctls(enter: readonly string[]): Promise<{ text: string; trouble?: string }> {
  const { text, trouble } = await runBounded([
    ...enter,
    'grep',
    '--recursive',
    '--no-messages',
    ...SYSCTL_DIRECTORIES.map((directory) => join('/proc/sys', directory)),
    '--regexp=.',
  ]);
  const lines = text.split('\n').filter((line) => !SECRET_SYSCTLS.test(line.split(':', 1)[0] ?? ''));
  // Some keys cannot be read, which grep calls an error.
  return { text: lines.join('\n'), ...(text === '' && trouble !== undefined && { trouble }) };
}

/** Items of a list that are asked of the daemon. */
const MOST_ITEMS = 20_000;

async function daemonParts(client: ControlClient): Promise<Part[]> {
  const questions: readonly (readonly [file: string, ask: () => Promise<unknown>])[] = [
    ['weftd_status.json', () => client.status()],
    ['weftd_bgp_peers.json', () => client.bgpPeers()],
    ['weftd_routes.json', () => readUpTo(MOST_ITEMS, (query) => client.routes(query))],
    ['weftd_rib.json', () => readUpTo(MOST_ITEMS, (query) => client.rib(query))],
    ['weftd_endpoints.json', () => readUpTo(MOST_ITEMS, (query) => client.endpoints(query))],
    ['weftd_metrics.txt', () => client.metrics()],
    ['weftd_command_line', async () => commandLineOf((await client.status()).pid)],
  ];
  return Promise.all(
    questions.map(async ([file, ask]) => {
      try {
        const answer = await ask();
        return { file, text: typeof answer === 'string' ? answer : stringifyJson(answer, 2) };
      } catch (error) {
        const [failure] = failuresOf(error);
        return { file, text: '', trouble: `${failure?.what} (${failure?.object})` };
      }
    }),
  );
}

function commandLineOf(pid: number): string {
  return readFileSync(`/proc/${pid}/cmdline`, 'utf8').replaceAll('\0', ' ').trim();
}

/** The ends of log files: the last words are what one looks for. */
function logParts(path: string): Part[] {
  const name = (file: string) => `log_${file.replace(/[^\w.-]/g, '_').slice(-80)}`;
  try {
    const entries = readdirSync(path, { withFileTypes: true }).filter((entry) => entry.isFile());
    return entries.map((entry) => ({ file: name(entry.name), ...endOf(join(path, entry.name)) }));
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOTDIR')
      return [{ file: name('weftd.log'), ...endOf(path) }];
    return [{ file: name('directory'), text: '', trouble: (error as Error).message }];
  }
}

function endOf(path: string): { text: string; trouble?: string } {
  try {
    const file = openSync(path, 'r');
    try {
      const size = fstatSync(file).size;
      const bytes = Buffer.alloc(Math.min(size, MOST_BYTES));
      const read = readSync(file, bytes, 0, bytes.length, size - bytes.length);
      const text = bytes.subarray(0, read).toString('utf8');
      return size > MOST_BYTES
        ? { text, trouble: `only its last ${MOST_BYTES / 1024 / 1024} MiB` }
        : { text };
    } finally {
      closeSync(file);
    }
  } catch (error) {
    return { text: '', trouble: (error as Error).message };
  }
}

/** calicoctl's configuration with its secrets hidden; a file that cannot be read as YAML stays where it is. */
export async function calicoConfigPart(path: string): Promise<Part[]> {
  if (!existsSync(path)) return [];
  const file = 'calicoctl.cfg';
  const { parse, stringify } = await import('yaml');
  try {
    const config = parse(readFileSync(path, 'utf8'));
    const hidden = JSON.parse(JSON.stringify(config), (name, value) =>
      SECRET_SETTINGS.has(name) ? '***' : value,
    );
    return [{ file, text: redact(stringify(hidden)) }];
  } catch {
    return [{ file, text: '', trouble: `${path} cannot be read as YAML` }];
  }
}
