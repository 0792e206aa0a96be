/**
 * `weftd replay FILE|DIRECTORY`: lets a record decide again, in this process and without kernel, network or datastore, and
 * prints the routes and what is wanted of the node then; and where that is not what was recorded.
 */
import { type Divergence, describePath, ReplayedNode } from '@weft/recording';
import { Command, InvalidArgumentError, Option } from 'commander';
import { version } from '../version.ts';
import { readRecord, recordFiles } from './read-record.ts';

/** Differences that are printed; one mistake makes many. */
const MOST_SHOWN = 20;

interface ReplayOptions {
  /** In ms since 1970. */
  readonly until?: number;
  readonly output: 'json' | 'text';
}

/** What a replay came to. */
interface ReplayResult {
  readonly node: ReplayedNode;
  readonly lines: number;
  readonly problems: readonly string[];
}

/** Runs the command; gives the exit code: 0 as recorded, 1 not, or it cannot be read, 2 the command line is wrong. */
export async function replayCommand(argv: readonly string[]): Promise<number> {
  const program = new Command('weftd replay')
    .description(
      'What a record says of its node: its best paths and all that was wanted of it, decided again.',
    )
    .version(version)
    .argument('<place>', 'a directory of segments, or one of them: each begins with a snapshot')
    .addOption(
      new Option('--until <time>', 'stop there; RFC 3339, on the clock of the node').argParser(moment),
    )
    .addOption(new Option('-o, --output <format>', 'how to print').choices(['text', 'json']).default('text'))
    .exitOverride((error) => process.exit(error.exitCode === 0 ? 0 : 2));
  program.parse([...argv], { from: 'user' });
  const [place = ''] = program.args;
  const options = program.opts<ReplayOptions>();
  try {
    const result = await replayed(place, options.until ?? Number.POSITIVE_INFINITY);
    if (result.lines === 0) throw new Error(result.problems[0] ?? 'there is no record');
    console.log(options.output === 'json' ? asJson(result) : asText(result));
    for (const problem of result.problems) console.error(`weftd replay: ${problem}`);
    for (const failure of result.node.failures) console.error(`weftd replay: ${failure}`);
    return result.node.divergences.length === 0 && result.node.failures.length === 0 ? 0 : 1;
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    const what = code === 'ENOENT' ? 'there is no such file or directory' : message;
    console.error(
      `weftd replay: ${what}\n  object: ${place}\n  do: name the record of a node: weftd --record-directory says where it is`,
    );
    return 1;
  }
}

function moment(text: string): number {
  const at = Date.parse(text);
  if (Number.isNaN(at)) throw new InvalidArgumentError('It must look like 2026-01-31T12:00:00Z.');
  return at;
}

async function replayed(place: string, until: number): Promise<ReplayResult> {
  const node = new ReplayedNode();
  const problems: string[] = [];
  let lines = 0;
  for await (const item of readRecord(recordFiles(place))) {
    if (item.kind === 'problem') {
      problems.push(`${item.file}: ${item.reason}`);
      continue;
    }
    if (item.line.at > until) break;
    lines += 1;
    node.take(item.line);
  }
  node.finish();
  return { node, lines, problems };
}

/** Everything, sorted, so that two of them can be compared as text. */
function asJson({ lines, node, problems }: ReplayResult): string {
  const { desired } = node;
  const result = {
    node: node.nodeName,
    until: new Date(node.recorded.at).toISOString(),
    lines,
    problems,
    decidedBy: version,
    failures: node.failures,
    divergences: node.divergences,
    locRib: byText(
      [...node.best].map(([prefix, path]) => ({ prefix, ...path })),
      ({ prefix }) => prefix,
    ),
    routes: byText(node.routes(), ({ destination, metric }) => `${destination} ${metric}`),
    announcements: desired?.announcements ?? [],
    notAnnounced: desired?.notAnnounced ?? [],
    sessions: desired?.sessions ?? [],
    nat: desired?.nat,
  };
  return JSON.stringify(result, undefined, 2);
}

function asText({ lines, node }: ReplayResult): string {
  const { best, desired, divergences, failures } = node;
  const head = `Node ${node.nodeName} at ${new Date(node.recorded.at).toISOString()}, from ${lines} lines`;
  const sessions = (desired?.sessions ?? []).map(
    (session) => `  ${session.kind === 'session' ? session.peer : '-'}  ${session.reason}`,
  );
  const paths = byText([...best], ([prefix]) => prefix).map(
    ([prefix, path]) => `  ${prefix}  ${describePath(path)}`,
  );
  const routes = byText(node.routes(), ({ destination }) => destination).map(
    ({ destination, reason }) => `  ${destination}  ${reason}`,
  );
  const announced = (desired?.announcements ?? []).map(({ prefix, reason }) => `  ${prefix}  ${reason}`);
  const differences = divergences
    .slice(0, MOST_SHOWN)
    .map(
      ({ at, name, recorded = 'nothing', replayed: now = 'nothing', what }) =>
        `  ${new Date(at).toISOString()}  ${what} ${name}: recorded ${recorded}; replayed ${now}`,
    );
  const sections: [string, readonly string[]][] = [
    ['Sessions', sessions],
    ['Announced', announced],
    ['Loc-RIB', paths],
    ['Routes wanted in the kernel', routes],
  ];
  return [
    head,
    ...sections.flatMap(([title, rows]) => ['', `${title} (${rows.length})`, ...rows]),
    '',
    verdict(divergences, failures),
    ...differences,
  ].join('\n');
}

/** What a replay by this weftd means; differences follow. */
export function verdict(divergences: readonly Divergence[], failures: readonly string[]): string {
  if (divergences.length === 0)
    return failures.length === 0
      ? 'The replay decides as was recorded.'
      : 'The replay decides as was recorded where it could be decided.';
  const others = new Set(divergences.map(({ recordedBy }) => recordedBy).filter((by) => by !== version));
  const times = `The replay decides otherwise ${divergences.length} times`;
  return others.size === 0
    ? `${times}, which is a mistake of weft; please report it with this record:`
    : `${times}; recorded by weftd ${[...others].join(', ')}, decided by ${version}: differences may be changes of weft:`;
}

function byText<Item>(items: readonly Item[], text: (item: Item) => string): Item[] {
  return items.toSorted((left, right) => (text(left) < text(right) ? -1 : 1));
}
