/** `weftctl get`: resources as a table in calicoctl's columns, as YAML or JSON, or by name. */
import type { Datastore } from '@weft/datastore';
import { apiVersion, definitionOf, type Kind, kindNames, kinds, type Resource } from '@weft/resources';
import { type Failure, type Report, usageError } from '../failure.ts';
import type { OutputFormat, WhereOptions } from '../options.ts';
import { printStructured } from '../print/structured.ts';
import { printTable } from '../print/table.ts';
import { withStore } from '../where.ts';
import { keyOf, type NamespaceOptions, namespaceFor, notThere, readKind } from './kind-argument.ts';

/** The AS number of Calico's BGPConfiguration when it names none. */
const DEFAULT_AS_NUMBER = 64512;

/** Options of `get`. */
export interface GetOptions extends WhereOptions, NamespaceOptions {
  readonly output: OutputFormat;
}

/** What was found. `revision` is that of a list; a single object has its own. */
interface Found {
  readonly items: readonly Resource[];
  readonly revision?: string;
  readonly failures: readonly Failure[];
}

/** Reads and prints. Objects that are not there are failures; the others are printed all the same. */
export async function get(word: string | undefined, names: string[], options: GetOptions): Promise<Report> {
  if (word === undefined) return { text: kindTable(), failures: [] };
  const kind = readKind(word);
  const namespace = namespaceFor(kind, options);
  if (names.length > 0 && options.allNamespaces) {
    throw usageError(
      'A name is looked up in one namespace',
      `${word} ${names.join(' ')} -A`,
      'Give -n instead.',
    );
  }
  return withStore(options, false, async (store) => {
    const found = await find(store, kind, names, namespace);
    const isSingle = names.length === 1 && found.items.length === 1;
    return { text: await print(store, kind, found, isSingle, options), failures: found.failures };
  });
}

async function find(
  store: Datastore,
  kind: Kind,
  names: readonly string[],
  namespace: string | undefined,
): Promise<Found> {
  if (names.length === 0) {
    const { items, revision } = await store.list(kind, namespace === undefined ? {} : { namespace });
    return { items, revision, failures: [] };
  }
  const keys = names.map((name) => keyOf(kind, name, namespace));
  const objects = await Promise.all(keys.map((key) => store.get(key)));
  return {
    items: objects.filter((object) => object !== undefined),
    failures: keys.filter((_, index) => objects[index] === undefined).map(notThere),
  };
}

async function print(
  store: Datastore,
  kind: Kind,
  found: Found,
  isSingle: boolean,
  { output, allNamespaces = false }: GetOptions,
): Promise<string> {
  switch (output) {
    case 'json':
    case 'yaml':
      return printStructured(isSingle ? found.items[0] : listOf(kind, found), output);
    case 'name':
      return found.items.map(({ metadata }) => `${kind.toLowerCase()}/${metadata.name}`).join('\n');
    default: {
      if (found.items.length === 0 && found.failures.length > 0) return '';
      const context = { defaultAsNumber: await defaultAsNumber(store, output === 'wide') };
      const columns = definitionOf(kind).columns[output];
      const headings = columns.map(({ header }) => header);
      const rows = found.items.map((item) => [
        ...(allNamespaces ? [item.metadata.namespace ?? ''] : []),
        ...columns.map(({ value }) => value(item as never, context)),
      ]);
      return printTable(allNamespaces ? ['NAMESPACE', ...headings] : headings, rows);
    }
  }
}

/** As calicoctl prints several objects. */
function listOf(kind: Kind, { items, revision }: Found): object {
  return {
    apiVersion,
    kind: `${kind}List`,
    metadata: revision === undefined ? {} : { resourceVersion: revision },
    items,
  };
}

/** Only wide tables show inherited AS numbers. */
async function defaultAsNumber(store: Datastore, wanted: boolean): Promise<number> {
  if (!wanted) return DEFAULT_AS_NUMBER;
  const configuration = await store.get({ kind: 'BGPConfiguration', name: 'default' });
  return configuration?.spec.asNumber ?? DEFAULT_AS_NUMBER;
}

function kindTable(): string {
  const rows = kindNames.map((kind) => {
    const { plural, aliases, namespaced, description } = kinds[kind];
    return [kind, plural, aliases.join(','), namespaced ? 'yes' : 'no', description];
  });
  return printTable(['KIND', 'NAME', 'SHORT', 'NAMESPACED', 'DESCRIPTION'], rows);
}
