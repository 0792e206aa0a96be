/** What `-o` asks for. */
import { usageError } from '../failure.ts';
import type { Path, Piece } from './jsonpath/syntax.ts';

/** A format, with what goes with it. */
export type Output =
  | { readonly kind: 'ps' | 'wide' | 'yaml' | 'json' | 'name' }
  | { readonly kind: 'custom-columns'; readonly columns: readonly CustomColumn[] }
  | { readonly kind: 'jsonpath'; readonly template: readonly Piece[] };

/** A column of `custom-columns`; without a path it is one of calicoctl's, by its heading. */
export interface CustomColumn {
  readonly heading: string;
  readonly path?: Path;
}

/** For help texts and messages. */
export const OUTPUT_FORMS = 'ps, wide, yaml, json, name, custom-columns=HEADING:PATH,… or jsonpath=TEMPLATE';

/** Reads the value of `-o`; exit code 2 for what is none. */
export async function parseOutput(text: string): Promise<Output> {
  const [, name = '', value] = /^([^=]*)(?:=(.*))?$/s.exec(text) ?? [];
  switch (name) {
    case 'ps':
    case 'wide':
    case 'json':
    case 'name':
      if (value === undefined) return { kind: name };
      break;
    case 'yaml':
    case 'yml':
      if (value === undefined) return { kind: 'yaml' };
      break;
    case 'custom-columns':
      return { kind: name, columns: await readColumns(value ?? '', text) };
    case 'jsonpath': {
      const { parseTemplate } = await import('./jsonpath/parse-template.ts');
      return { kind: name, template: await readTemplate(parseTemplate, value ?? '', text) };
    }
    case 'go-template':
    case 'go-template-file':
      throw usageError(
        'Go templates are not supported',
        `-o ${text}`,
        "Use jsonpath, for example -o jsonpath='{.items[*].metadata.name}'.",
      );
  }
  throw usageError('There is no such output format', `-o ${text}`, `Formats are ${OUTPUT_FORMS}.`);
}

async function readColumns(value: string, option: string): Promise<CustomColumn[]> {
  if (value === '') {
    throw usageError(
      'No column is named',
      `-o ${option}`,
      'For example: -o custom-columns=NAME,POOL:.spec.cidr',
    );
  }
  const { parseBarePath } = await import('./jsonpath/parse-template.ts');
  const columns = splitOutsideBrackets(value).map(async (column) => {
    const [, heading = '', path] = /^([^:]*)(?::(.*))?$/s.exec(column) ?? [];
    if (path === undefined) return { heading: heading.toUpperCase() };
    return { heading, path: await readTemplate(parseBarePath, path, option) };
  });
  return Promise.all(columns);
}

/** Commas inside brackets belong to the path: `A:.x['a','b'],B:.y`. */
function splitOutsideBrackets(text: string): string[] {
  return text.match(/(?:\[[^\]]*\]|[^,])+/g) ?? [];
}

async function readTemplate<T>(parse: (text: string) => T, template: string, option: string): Promise<T> {
  if (template === '')
    throw usageError('The template is empty', `-o ${option}`, 'Write a path such as {.kind}.');
  const { TemplateError } = await import('./jsonpath/syntax.ts');
  try {
    return parse(template);
  } catch (error) {
    if (!(error instanceof TemplateError)) throw error;
    throw usageError(
      `The template cannot be read at character ${error.position}: ${error.message}`,
      template,
      "It looks like {.items[*].metadata.name} or {range .items[*]}{.metadata.name}{'\\n'}{end}.",
    );
  }
}
