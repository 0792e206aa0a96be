/** Lists as JSON or YAML, item by item, so that no text holds all of a large one. */
import { stringifyJson } from '@weft/resources';
import { stringify } from 'yaml';

/** A list whose other fields are `head`, in pieces of whole lines. */
export function* printList(
  head: object,
  items: readonly unknown[],
  format: 'json' | 'yaml',
): Generator<string> {
  if (items.length === 0) {
    const empty = { ...head, items: [] };
    yield printOne(empty, format);
  } else if (format === 'yaml') {
    yield `${printYaml(head)}\nitems:`;
    for (const item of items) yield printYaml([item]);
  } else {
    yield `${stringifyJson(head, 2).slice(0, -2)},\n  "items": [`;
    for (const [index, item] of items.entries()) {
      const text = stringifyJson(item, 2).replaceAll('\n', '\n    ');
      yield `    ${text}${index + 1 < items.length ? ',' : ''}`;
    }
    yield '  ]\n}';
  }
}

/** One value, without a final line break. */
export function printOne(value: unknown, format: 'json' | 'yaml'): string {
  return format === 'json' ? stringifyJson(value, 2) : printYaml(value);
}

/** Readers of YAML 1.1 (Go's) would take an unquoted timestamp or "on" for something other than text. */
function printYaml(value: unknown): string {
  return stringify(value, { version: '1.1', lineWidth: 0, aliasDuplicateObjects: false }).trimEnd();
}
