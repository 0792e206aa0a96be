/** `weftctl node checksystem`: whether this host has what weft needs. It reads; it sends and changes nothing. */
import { readFileSync } from 'node:fs';
import { CliError, type Report } from '../../failure.ts';
import { paintForStdout } from '../../print/colour.ts';
import { printStructured } from '../../print/structured.ts';
import { type Cell, type Paint, plain, printTable } from '../../print/table.ts';
import { type Check, checkSystem } from './checks.ts';
import { readFacts } from './facts.ts';

/** Options of the command. */
export interface CheckSystemOptions {
  /** The kernel's configuration file. */
  readonly kernelConfig?: string;
  readonly output: 'ps' | 'json' | 'yaml';
}

/** Checks, prints, and fails when something is missing. */
export async function checkHost({ kernelConfig, output }: CheckSystemOptions): Promise<Report> {
  if (kernelConfig !== undefined) requireReadable(kernelConfig);
  const checks = checkSystem(readFacts(kernelConfig));
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
