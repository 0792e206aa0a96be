/**
 * Configurations of daemons as templates: `{{name}}` stands for a value, and a line that asks for a value that is absent is
 * left out.
 */

/** What stands for the names; `undefined` leaves lines out. */
export type TemplateValues = Readonly<Record<string, string | number | undefined>>;

const PLACE = /\{\{(\w+)\}\}/g;

/** Fills a template in. Throws for a name that is no key of `values`: it is misspelled. */
export function fillTemplate(template: string, values: TemplateValues): string {
  const lines = template.split('\n').filter((line) => namesIn(line).every((name) => isPresent(values, name)));
  return lines.map((line) => line.replaceAll(PLACE, (_, name) => `${values[name]}`)).join('\n');
}

function namesIn(line: string): string[] {
  return [...line.matchAll(PLACE)].map(([, name]) => name as string);
}

function isPresent(values: TemplateValues, name: string): boolean {
  if (!(name in values)) throw new Error(`{{${name}}} is no value of this case`);
  return values[name] !== undefined;
}
