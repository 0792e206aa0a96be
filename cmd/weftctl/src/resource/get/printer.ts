/** How each output format prints what was found. */
import type { Datastore } from '@weft/datastore';
import { apiVersion, defaultAsNumber, type Resource } from '@weft/resources';
import type { Output } from '../../print/output.ts';
import type { Found } from './find.ts';
import type { PrinterContext, WatchedObject } from './printed.ts';
import { type Table, tableFor } from './table.ts';

/** Prints objects: an answer whole, or one object after the other as a watch brings them. */
export interface Printer {
  /** Pieces of whole lines; a template ends where it ends. */
  all(found: Found): Iterable<string>;
  /** What a watch prints for its first objects, and for each object after that. */
  next(objects: readonly WatchedObject[]): Iterable<string>;
}

/** The printer for a format. What it needs is loaded here, so that a table does not wait for the YAML library. */
export async function printerFor(output: Output, context: PrinterContext): Promise<Printer> {
  switch (output.kind) {
    case 'json':
    case 'yaml':
      return structuredPrinter(output.kind);
    case 'name':
      return namePrinter;
    case 'jsonpath': {
      const { fill } = await import('../../print/jsonpath/evaluate.ts');
      return templatePrinter((value) => fill(output.template, value));
    }
    default:
      return tablePrinter(await tableFor(output, context));
  }
}

/** Only wide tables show inherited AS numbers. */
export async function readDefaultAsNumber(store: Datastore, output: Output): Promise<number> {
  if (output.kind !== 'wide') return defaultAsNumber;
  const configuration = await store.get({ kind: 'BGPConfiguration', name: 'default' });
  return configuration?.spec.asNumber ?? defaultAsNumber;
}

async function structuredPrinter(format: 'json' | 'yaml'): Promise<Printer> {
  const { printList, printOne } = await import('./list-text.ts');
  return {
    all: (found) =>
      found.isList ? printList(headOf(found), found.items, format) : [printOne(found.items[0], format)],
    next: (objects) =>
      objects.map(({ resource, event }) => {
        const text = printOne(event === undefined ? resource : { type: event, object: resource }, format);
        return format === 'yaml' ? `---\n${text}` : text;
      }),
  };
}

/** As calicoctl prints several objects. */
function headOf({ kind, revision }: Found): object {
  if (kind === undefined) return { apiVersion: 'v1', kind: 'List', metadata: {} };
  return {
    apiVersion,
    kind: `${kind}List`,
    metadata: revision === undefined ? {} : { resourceVersion: revision },
  };
}

const namePrinter: Printer = {
  all: ({ items }) => items.map(nameOf),
  next: (objects) => objects.map(({ resource, event }) => (event ? `${event} ` : '') + nameOf(resource)),
};

function nameOf({ kind, metadata }: Resource): string {
  return `${kind.toLowerCase()}/${metadata.name}`;
}

/** A watch fills the template for each object, and begins a new line after it. */
function templatePrinter(fill: (value: unknown) => string): Printer {
  return {
    all: (found) => [fill(found.isList ? { ...headOf(found), items: found.items } : found.items[0])],
    next: (objects) => objects.map(({ resource, event }) => (event ? `${event} ` : '') + fill(resource)),
  };
}

/** Columns are as wide as the first objects need; a later one that needs more pushes its own line. */
function tablePrinter(table: Table): Printer {
  let widths: readonly number[] | undefined;
  return {
    all: ({ items }) => table.whole(items.map((resource) => ({ resource }))),
    next: (objects) => {
      if (widths !== undefined) return objects.map((object) => table.row(object, widths ?? []));
      widths = table.widths(objects);
      return table.whole(objects);
    },
  };
}
