/** `weftctl fuse`: mass withdrawals that daemons hold, and the word that ends one. */
import type { ControlClient, FuseDecided, FuseStatus, FuseTable, HeldRoutes } from '@weft/control';
import { CliError, type Report } from '../failure.ts';
import { askNodes, type NodeAnswer } from '../node/ask.ts';
import type { WhereOptions } from '../options.ts';
import { paintForStdout } from '../print/colour.ts';
import { printStructured } from '../print/structured.ts';
import { type Paint, plain, printTable } from '../print/table.ts';
import { chooseDaemons, machineDaemons } from '../where.ts';

/** What every daemon that is asked holds. */
export async function showFuse(
  node: string | undefined,
  options: WhereOptions & { readonly output: 'ps' | 'json' | 'yaml' },
): Promise<Report> {
  const { answers, failures } = await askNodes(options, node, (client) => client.fuse());
  const { output } = options;
  const text =
    output === 'ps'
      ? printHeld(answers, paintForStdout())
      : await printStructured({ nodes: answers.map(({ node, value }) => ({ node, ...value })) }, output);
  return { text, failures, notes: output === 'ps' ? notesOn(answers) : [] };
}

/** Accepts or rejects what is held by this machine's daemon, those of the lab, or the one that is named. */
export async function decideFuse(
  decision: 'accept' | 'reject',
  node: string | undefined,
  options: WhereOptions & { readonly table?: FuseTable },
): Promise<Report> {
  // Without a name it is about this machine, or the lab: not about all nodes a certificate opens.
  const { answers, failures } = await askNodes(
    options,
    node,
    (client) => decideAt(client, decision, options.table),
    node === undefined ? machineDaemons : chooseDaemons,
  );
  const lines = answers.flatMap(({ node, value }) =>
    value.map(({ routes, table }) => `${node}: ${routes} ${table} routes ${decision}ed`),
  );
  if (lines.length === 0 && failures.length === 0)
    throw new CliError([
      {
        what: 'No routes are held',
        object: node ?? 'any daemon that was asked',
        hint: 'weftctl fuse shows what is held.',
      },
    ]);
  return { text: lines.join('\n'), failures };
}

async function decideAt(
  client: ControlClient,
  decision: 'accept' | 'reject',
  wanted: FuseTable | undefined,
): Promise<FuseDecided[]> {
  const { held } = await client.fuse();
  const tables = held.map(({ table }) => table).filter((table) => wanted === undefined || table === wanted);
  const decided: FuseDecided[] = [];
  for (const table of tables) decided.push(await client.decideFuse(table, { decision }));
  return decided;
}

/** The table; empty when nothing is held. */
export function printHeld(answers: readonly NodeAnswer<FuseStatus>[], paint: Paint = plain): string {
  const rows = answers.flatMap(({ node, value }) =>
    value.held.map((held) => [
      node,
      held.table,
      { text: held.state, tone: 'bad' as const },
      `${held.routes} of ${held.of}`,
      held.since,
      describeCauses(held),
      examplesOf(held),
    ]),
  );
  if (rows.length === 0) return '';
  return printTable(['NODE', 'TABLE', 'STATE', 'ROUTES', 'SINCE', 'CAUSE', 'PREFIXES'], rows, paint);
}

function describeCauses({ causes }: HeldRoutes): string {
  const [first, ...others] = causes;
  if (first === undefined) return '-';
  return others.length === 0 ? first.cause : `${first.cause} (${first.routes}) and ${others.length} others`;
}

function examplesOf({ examples, routes }: HeldRoutes): string {
  const shown = examples.slice(0, 3).join(', ');
  return routes > 3 ? `${shown}, …` : shown;
}

function notesOn(answers: readonly NodeAnswer<FuseStatus>[]): string[] {
  const [first] = answers;
  if (first === undefined) return [];
  if (answers.some(({ value }) => value.held.some(({ state }) => state === 'held')))
    return [
      'weftctl fuse accept withdraws them, weftctl fuse reject keeps them until they are announced again.',
    ];
  if (answers.some(({ value }) => value.held.length > 0)) return [];
  const { percent, routes } = first.value;
  return [
    `No routes are held. A withdrawal of more than ${percent} % of more than ${routes} routes would be.`,
  ];
}
