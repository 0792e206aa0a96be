/** `weftctl node diags`: one archive with what helps to understand a host, without secrets. */
import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { CliError, type Report } from '../../failure.ts';
import type { WhereOptions } from '../../options.ts';
import { printable, printTable } from '../../print/table.ts';
import { versionText } from '../../version.ts';
import { type DaemonTarget, machineDaemons } from '../../where.ts';
import { checkSystem } from '../checksystem/checks.ts';
import { readFacts } from '../checksystem/facts.ts';
import { describeChecks } from '../checksystem/index.ts';
import { calicoConfigPart, collectHost, type HostPlace, type Part } from './collect.ts';
import { tarOf } from './tar.ts';

/** Options of the command. */
export interface DiagsOptions extends WhereOptions {
  /** Directory whose files are taken along; ignored in a lab, whose logs are known. */
  readonly logDir: string;
  /** Where weftd keeps its record; ignored in a lab, likewise. */
  readonly recordDir: string;
}

/** Where calicoctl's configuration lies. */
const CALICO_CONFIG = '/etc/calico/calicoctl.cfg';

/** Collects, writes the archive and says what is in it. */
export async function diags(host: string | undefined, options: DiagsOptions): Promise<Report> {
  const parts =
    options.lab === undefined ? await ownParts(options) : await labParts(options.lab, host, options);
  const now = new Date();
  const name = `diags-${stamp(now)}`;
  const entries = [...parts, contents(parts)].map(({ file, text, trouble }) => ({
    name: `${name}/${file}`,
    content: Buffer.from(trouble === undefined ? text : `${text}\n[${trouble}]\n`),
  }));
  const archive = gzipSync(tarOf(entries, Math.floor(now.getTime() / 1000)));
  const path = save(`${name}.tar.gz`, archive);
  return { text: describe(path, archive.length, parts), failures: [] };
}

async function ownParts(options: DiagsOptions): Promise<Part[]> {
  const [target] = await machineDaemons(options, undefined);
  const { client } = target as DaemonTarget;
  const host = await collectHost({
    enter: [],
    client,
    logs: [options.logDir],
    record: options.recordDir,
  });
  return [
    { file: 'version', text: versionText() },
    { file: 'checksystem', text: describeChecks(checkSystem(readFacts())) },
    ...(await calicoConfigPart(CALICO_CONFIG)),
    ...host,
  ];
}

/** Every host of the lab that runs a daemon of ours, each in a directory of its own. */
async function labParts(lab: string, host: string | undefined, options: DiagsOptions): Promise<Part[]> {
  const { namespaceOf } = await import('@weft/lab');
  const parts: Part[] = [{ file: 'version', text: versionText() }];
  for (const { name = '', client } of await machineDaemons(options, host)) {
    const place: HostPlace = {
      enter: ['ip', 'netns', 'exec', namespaceOf(lab, name)],
      client,
      logs: [join(dirname(client.place), 'daemon.log')],
      record: join(dirname(client.place), 'record'),
    };
    parts.push(...(await collectHost(place)).map((part) => ({ ...part, file: `${name}/${part.file}` })));
  }
  return parts;
}

/** In local time, as calicoctl names its archives. */
function stamp(now: Date): string {
  const two = (value: number) => String(value).padStart(2, '0');
  const day = `${now.getFullYear()}${two(now.getMonth() + 1)}${two(now.getDate())}`;
  return `${day}_${two(now.getHours())}${two(now.getMinutes())}${two(now.getSeconds())}`;
}

/** A list of what is there and what is not, for whoever unpacks it. */
function contents(parts: readonly Part[]): Part {
  return { file: 'CONTENTS', text: `${listing(parts)}\n` };
}

/** For nobody but the user's eyes until he passes it on. */
function save(name: string, archive: Buffer): string {
  try {
    const path = join(mkdtempSync(join(tmpdir(), 'weft-diags-')), name);
    writeFileSync(path, archive, { mode: 0o600 });
    return path;
  } catch (cause) {
    const hint = `${(cause as Error).message}. Choose another place with TMPDIR.`;
    throw new CliError([{ what: 'The archive cannot be written', object: tmpdir(), hint }]);
  }
}

function describe(path: string, bytes: number, parts: readonly Part[]): string {
  return [
    listing(parts),
    '',
    `Diags saved to ${path} (${Math.ceil(bytes / 1024)} KiB).`,
    'It holds addresses and names of this network: look through it before you pass it on.',
    'Passwords, tokens and private keys were taken out.',
  ].join('\n');
}

function listing(parts: readonly Part[]): string {
  const rows = parts.map(({ file, text, trouble }) => [
    file,
    text === '' && trouble !== undefined ? '-' : String(Buffer.byteLength(text)),
    printable(trouble ?? ''),
  ]);
  return printTable(['FILE', 'BYTES', 'REMARK'], rows);
}
