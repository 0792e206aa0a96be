/** `weftctl label`: sets and removes labels of one object. */
import type { Resource } from '@weft/resources';
import { CliError, type Failure, type Report, usageError } from '../../failure.ts';
import type { WhereOptions } from '../../options.ts';
import { withStore } from '../../where.ts';
import { keyOf, type NamespaceOptions, namespaceFor, objectName, readKind } from '../kind-argument.ts';
import { changeStored } from './change-stored.ts';
import { refuseManaged } from './managed.ts';

/** Options of `label`. */
export interface LabelOptions extends WhereOptions, NamespaceOptions {
  readonly overwrite?: boolean;
  readonly remove?: boolean;
  readonly dryRun?: boolean;
  readonly force?: boolean;
}

/** One label; without a value it is to be removed. */
interface LabelChange {
  readonly name: string;
  readonly value?: string;
}

/** Changes all labels that are given, or none. */
export async function label(
  word: string,
  name: string,
  labels: string[],
  options: LabelOptions,
): Promise<Report> {
  const kind = readKind(word);
  const key = keyOf(kind, name, namespaceFor(kind, options));
  refuseManaged([key], options.force);
  const changes = labels.map((text) => readChange(text, options.remove ?? false));
  let lines: string[] = [];
  const change = (stored: Resource): unknown => {
    const before = stored.metadata.labels ?? {};
    const failures = changes.flatMap((one) => refusals(one, before, options.overwrite ?? false));
    if (failures.length > 0) {
      throw new CliError(failures.map((failure) => ({ ...failure, object: objectName(key) })));
    }
    lines = changes.map((one) => describe(one, before, `${word} ${name}`));
    return { ...stored, metadata: { ...stored.metadata, labels: changed(before, changes) } };
  };
  await withStore(options, false, (store) => changeStored(store, key, change, options.dryRun));
  const suffix = options.dryRun ? ' (dry run)' : '';
  return { text: lines.map((line) => line + suffix).join('\n'), failures: [] };
}

/** `name=value`, `name-`, or with --remove only the name. */
function readChange(text: string, isRemoval: boolean): LabelChange {
  const [, name = '', rest = ''] = /^([^=]*?)(-?|=.*)$/s.exec(text) ?? [];
  if (rest === '-' || (isRemoval && rest === '')) return { name };
  if (rest.startsWith('=') && !isRemoval && name !== '') return { name, value: rest.slice(1) };
  throw usageError('This is no label', text, 'Write NAME=VALUE, or NAME- (or NAME --remove) to remove it.');
}

function refusals(
  { name, value }: LabelChange,
  before: Readonly<Record<string, string>>,
  overwrite: boolean,
): Omit<Failure, 'object'>[] {
  const isThere = Object.hasOwn(before, name);
  if (value === undefined) {
    return isThere ? [] : [{ what: `there is no label ${name} to remove`, hint: '' }];
  }
  if (!isThere || overwrite || before[name] === value) return [];
  return [
    { what: `the label ${name} is ${before[name]} already`, hint: 'Give --overwrite to set another value.' },
  ];
}

function changed(
  before: Readonly<Record<string, string>>,
  changes: readonly LabelChange[],
): Record<string, string> {
  const labels = new Map(Object.entries(before));
  for (const { name, value } of changes) {
    if (value === undefined) labels.delete(name);
    else labels.set(name, value);
  }
  return Object.fromEntries(labels);
}

/** calicoctl's words. */
function describe({ name, value }: LabelChange, before: object, object: string): string {
  if (value === undefined) return `Successfully removed label ${name} from ${object}`;
  return `Successfully ${Object.hasOwn(before, name) ? 'updated' : 'set'} label ${name} on ${object}`;
}
