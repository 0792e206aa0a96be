/** `weftctl diff`: what `apply` would change, object by object, as a difference of YAML texts. */
import type { Datastore } from '@weft/datastore';
import type { Resource } from '@weft/resources';
import { stringify } from 'yaml';
import { CliError, EXIT, failuresOf, type Report } from '../../failure.ts';
import type { WhereOptions } from '../../options.ts';
import { paintForStdout } from '../../print/colour.ts';
import { type Paint, printableLines } from '../../print/table.ts';
import { withStore } from '../../where.ts';
import { type Document, type InputOptions, readDocuments } from '../input/documents.ts';
import { asNew, asReplacement, isUnchanged } from '../write/change.ts';
import { crossCheck } from '../write/cross-checks.ts';
import { shortName } from '../write/outcomes.ts';
import { unifiedDiff } from './line-diff.ts';

/** Options of `diff`. */
export interface DiffOptions extends WhereOptions, InputOptions {}

/** Exit code 0 without differences, 1 with some, 2 when it could not be found out, as kubectl has it. */
export async function diff(options: DiffOptions): Promise<Report> {
  try {
    const documents = await readDocuments(options);
    return await withStore(options, 'imagine', async (store) => {
      await crossCheck(store, documents);
      return report(store, documents);
    });
  } catch (error) {
    throw new CliError(failuresOf(error), EXIT.usage);
  }
}

async function report(store: Datastore, documents: readonly Document[]): Promise<Report> {
  const paint = paintForStdout();
  const texts: string[] = [];
  for (const document of documents) {
    const lines = differences(document, await store.get(document.key));
    if (lines.length > 0) texts.push(painted(lines, paint));
  }
  const isDifferent = texts.length > 0;
  return { text: texts.join('\n'), failures: [], ...(isDifferent && { exitCode: EXIT.failed }) };
}

/** The lines of a difference, with a heading of two; none when apply would change nothing. */
function differences({ resource, key, place }: Document, stored: Resource | undefined): string[] {
  const next = stored === undefined ? asNew(resource) : asReplacement(resource, stored);
  if (stored !== undefined && isUnchanged(next, stored)) return [];
  const name = shortName(key);
  const hunks = unifiedDiff(stored === undefined ? [] : linesOf(stored), linesOf(next));
  const before = stored === undefined ? '/dev/null' : `${name} (stored)`;
  return [`--- ${before}`, `+++ ${name} (${place})`, ...hunks];
}

/** What the store fills in is the same on both sides, and only noise. */
function linesOf({ apiVersion, kind, metadata, ...rest }: Resource): string[] {
  const { uid: _uid, resourceVersion: _revision, creationTimestamp: _time, ...kept } = metadata;
  return stringify(
    { apiVersion, kind, metadata: kept, ...rest },
    { version: '1.1', lineWidth: 0, sortMapEntries: true },
  )
    .trimEnd()
    .split('\n');
}

function painted(lines: readonly string[], paint: Paint): string {
  return lines
    .map((line, index) => {
      const text = printableLines(line);
      if (index < 2 || line.startsWith('@@')) return paint('dim', text);
      if (line.startsWith('+')) return paint('good', text);
      return line.startsWith('-') ? paint('bad', text) : text;
    })
    .join('\n');
}
