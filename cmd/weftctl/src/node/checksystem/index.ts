/** `weftctl node checksystem`: whether this host has what weft needs. It changes nothing, and sends only where told to probe. */
import { readFileSync } from 'node:fs';
import { networkInterfaces } from 'node:os';
import { CliError, type Report } from '../../failure.ts';
import type { WhereOptions } from '../../options.ts';
import { paintForStdout } from '../../print/colour.ts';
import { printStructured } from '../../print/structured.ts';
import { type Cell, type Paint, plain, printTable } from '../../print/table.ts';
import { type Check, checkSystem } from './checks.ts';
import { readFacts } from './facts.ts';

const PROBES_AT_ONCE = 8;

/** Options of the command. */
export interface CheckSystemOptions extends WhereOptions {
  /** The kernel's configuration file. */
  readonly kernelConfig?: string;
  /** Find out what reaches the other nodes. */
  readonly probe?: boolean;
  readonly output: 'ps' | 'json' | 'yaml';
}

/** Checks, prints, and fails when something is missing. */
export async function checkHost(options: CheckSystemOptions): Promise<Report> {
  const { kernelConfig, output, probe } = options;
  if (kernelConfig !== undefined) requireReadable(kernelConfig);
  const paths = probe ? await checkPaths(options) : [];
  const checks = [...checkSystem(readFacts(kernelConfig)), ...paths];
  const failed = checks.filter(({ result }) => result === 'FAIL');
  const text =
    output === 'ps' ? describeChecks(checks, paintForStdout()) : await printStructured({ checks }, output);
  const what = `System doesn't meet ${failed.length} of the minimum system requirements to run weft`;
  return {
    text,
    failures:
      failed.length === 0
        ? []
        : [
            {
              what,
              object: failed.map(({ name }) => name).join(', '),
              hint: 'What to do stands below the table.',
            },
          ],
  };
}

/** The paths to all other nodes, several at a time. */
async function checkPaths(where: WhereOptions): Promise<Check[]> {
  const { withStore } = await import('../../where.ts');
  const { checkPath, peersOf, ping, wayTo } = await import('./path-mtu.ts');
  const { items } = await withStore(where, false, (store) => store.list('Node'));
  const own = new Set(
    Object.values(networkInterfaces()).flatMap((known = []) => known.map(({ address }) => address)),
  );
  const checks: Check[] = [];
  const peers = peersOf(items, own).values();
  const work = async (): Promise<void> => {
    for (const peer of peers) checks.push(await checkPath(peer, await wayTo(peer.address), ping));
  };
  await Promise.all(Array.from({ length: PROBES_AT_ONCE }, work));
  return checks.sort((left, right) => (left.name < right.name ? -1 : 1));
}

function requireReadable(path: string): void {
  try {
    readFileSync(path);
  } catch (cause) {
    const hint = (cause as Error).message;
    throw new CliError([{ what: 'The kernel configuration cannot be read', object: path, hint }]);
  }
}

/** The table, what to do below it, and the verdict when all is well. */
export function describeChecks(checks: readonly Check[], paint: Paint = plain): string {
  const rows = checks.map(({ name, result, found }) => [name, toned(result), found]);
  const hints = checks.flatMap(({ name, result, hint }) =>
    hint === undefined ? [] : [`${result === 'FAIL' ? 'To do' : 'Note'} (${name}): ${hint}`],
  );
  const failed = checks.some(({ result }) => result === 'FAIL');
  return [
    printTable(['CHECK', 'RESULT', 'FOUND'], rows, paint),
    ...(hints.length > 0 ? ['', ...hints] : []),
    ...(failed ? [] : ['', 'System meets minimum system requirements to run weft!']),
  ].join('\n');
}

function toned(result: Check['result']): Cell {
  const tone = { OK: 'good', FAIL: 'bad', SKIP: 'dim' } as const;
  return { text: result, tone: tone[result] };
}
