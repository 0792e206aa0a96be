/** Tables of resources: calicoctl's columns, or those a user names. */
import { definitionOf, type Resource } from '@weft/resources';
import { usageError } from '../../failure.ts';
import type { CustomColumn, Output } from '../../print/output.ts';
import { printRow, widthsOf } from '../../print/table.ts';
import type { PrinterContext, WatchedObject } from './printed.ts';

/** A table whose columns are known. */
export interface Table {
  /** Heading and rows. */
  whole(objects: readonly WatchedObject[]): Iterable<string>;
  row(object: WatchedObject, widths: readonly number[]): string;
  widths(objects: readonly WatchedObject[]): readonly number[];
}

interface Column {
  readonly heading: string;
  readonly value: (object: WatchedObject) => string;
}

/** The table of an output format. Exit code 2 for a column that the kind does not have. */
export async function tableFor(output: Output, context: PrinterContext): Promise<Table> {
  const columns =
    output.kind === 'custom-columns'
      ? await customColumns(output.columns, context)
      : standardColumns(context, output.kind === 'wide' ? 'wide' : 'ps');
  const event: Column = { heading: 'EVENT', value: (object) => object.event ?? '' };
  return makeTable(context.withEvents ? [event, ...columns] : columns);
}

function makeTable(columns: readonly Column[]): Table {
  const headings = columns.map(({ heading }) => heading);
  const cells = (object: WatchedObject) => columns.map(({ value }) => value(object));
  return {
    whole: function* (objects) {
      const widths = widthsOf(headings, objects.map(cells));
      yield printRow(headings, widths);
      for (const object of objects) yield printRow(cells(object), widths);
    },
    row: (object, widths) => printRow(cells(object), widths),
    widths: (objects) => widthsOf(headings, objects.map(cells)),
  };
}

const NAMESPACE: Column = {
  heading: 'NAMESPACE',
  value: ({ resource }) => resource.metadata.namespace ?? '',
};

function standardColumns(context: PrinterContext, width: 'ps' | 'wide'): Column[] {
  if (context.kind === undefined) return [];
  const columns = definitionOf(context.kind).columns[width].map(({ header, value }) => ({
    heading: header,
    value: ({ resource }: WatchedObject) => value(resource as never, context),
  }));
  return context.withNamespace ? [NAMESPACE, ...columns] : columns;
}

/** `NAME:.metadata.name` as kubectl has them, and calicoctl's own columns by their heading. */
async function customColumns(columns: readonly CustomColumn[], context: PrinterContext): Promise<Column[]> {
  const { select, show } = await import('../../print/jsonpath/evaluate.ts');
  const known = [
    NAMESPACE,
    ...standardColumns({ ...context, withNamespace: false }, 'ps'),
    ...standardColumns({ ...context, withNamespace: false }, 'wide'),
  ];
  return columns.map(({ heading, path }) => {
    if (path === undefined) return knownColumn(heading, known, context);
    const value = ({ resource }: { resource: Resource }) => select(path, resource).map(show).join(',');
    return { heading, value: (object) => value(object) || '<none>' };
  });
}

function knownColumn(heading: string, known: readonly Column[], { kind }: PrinterContext): Column {
  const column = known.find((one) => one.heading === heading);
  if (column !== undefined) return column;
  const headings = [...new Set(known.map((one) => one.heading))].join(', ');
  throw usageError(
    `${kind ?? 'The list'} has no column of that name`,
    heading,
    `Its columns are ${headings}; any field is ${heading}:.spec.FIELD.`,
  );
}
