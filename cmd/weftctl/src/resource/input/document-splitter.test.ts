import { describe, expect, test } from 'vitest';
import { parseAllDocuments } from 'yaml';
import { DocumentSplitter, type Part } from './document-splitter.ts';

function split(text: string, large?: number): Part[] {
  const splitter = new DocumentSplitter(large);
  const lines = text.split(/(?<=\n)/).filter((line) => line !== '');
  return [...lines.flatMap((line) => splitter.push(line)), ...splitter.end()];
}

/** `document:line first-words` of each part. */
function places(text: string, large?: number): string[] {
  return split(text, large).map(({ text, document, line }) => `${document}:${line} ${text.trim()}`);
}

describe('documents', () => {
  test.each([
    ['one', 'a: 1\n', ['1:1 a: 1']],
    ['two', 'a: 1\n---\nb: 2\n', ['1:1 a: 1', '2:2 ---\nb: 2']],
    ['a comment before the first', '# c\n---\na: 1\n', ['1:1 # c\n---\na: 1']],
    ['a directive', '%YAML 1.2\n---\na: 1\n', ['1:1 %YAML 1.2\n---\na: 1']],
    ['an end mark', 'a: 1\n...\nb: 2\n', ['1:1 a: 1\n...', '2:3 b: 2']],
    ['an end mark and a begin mark', 'a: 1\n...\n---\nb: 2\n', ['1:1 a: 1\n...', '2:3 ---\nb: 2']],
    ['an empty one', '---\n---\na: 1\n', ['1:1 ---', '2:2 ---\na: 1']],
    ['text after the mark', '--- {a: 1}\n--- {b: 2}\n', ['1:1 --- {a: 1}', '2:2 --- {b: 2}']],
    ['a line that only looks like a mark', 'a:\n  ---x\n----\n', ['1:1 a:\n  ---x\n----']],
    ['no line break at the end', 'a: 1\n---\nb: 2', ['1:1 a: 1', '2:2 ---\nb: 2']],
    ['Windows line breaks', 'a: 1\r\n---\r\nb: 2\r\n', ['1:1 a: 1', '2:2 ---\r\nb: 2']],
    ['nothing', '', []],
    ['comments only', '# a\n\n# b\n', []],
  ])('%s', (_name, text, parts) => {
    expect(places(text)).toEqual(parts);
  });
});

const LIST = `apiVersion: v1
items:
# the first
- name: a
  text: |
    - no item
    items:
- name: b

- # a comment
  name: c
kind: List
metadata:
  resourceVersion: "5"
`;

describe('large lists', () => {
  test.each([
    ['without indentation', LIST],
    ['with indentation', LIST.replace(/^(?=- | {2}(?!res)|# the)/gm, '  ')],
    ['that begin with their mark', `---\n${LIST}`],
    ['that are not the first document', `x: 1\n---\n${LIST}---\ny: 2\n`],
  ])('%s are taken apart, and nothing is lost', (_name, text) => {
    const parts = split(text, 30).map((part) => parseAllDocuments(part.text));
    expect(parts.flat().every(({ errors }) => errors.length === 0)).toBe(true);
    const values = parts.flat().map((document) => document.toJS());
    const list = values.find((value) => value.kind === 'List');
    expect(list).toEqual({ apiVersion: 'v1', items: null, kind: 'List', metadata: { resourceVersion: '5' } });
    expect(values.filter(({ name }) => name !== undefined)).toEqual([
      { name: 'a', text: '- no item\nitems:\n' },
      { name: 'b' },
      { name: 'c' },
    ]);
  });

  test('parts know their lines', () => {
    const lines = `---\n${LIST}`.split('\n');
    for (const { text, line } of split(`---\n${LIST}`, 30)) {
      for (const [index, partLine] of text.split('\n').entries()) {
        const original = lines[line - 1 + index] ?? '';
        expect(original.endsWith(partLine.trim())).toBe(true);
      }
    }
  });

  test('a sequence is taken apart, too', () => {
    const text = '- name: a\n  x: 1\n- name: b\n';
    expect(places(text, 5)).toEqual(['1:1 name: a\n  x: 1', '1:3 name: b', '1:1 ']);
  });

  test('a large document that is no list stays whole', () => {
    const text = `a: |\n${'  text\n'.repeat(50)}b: 2\n`;
    expect(split(text, 20)).toEqual([{ text, document: 1, line: 1 }]);
  });
});

describe('large JSON', () => {
  const list = {
    apiVersion: 'v1',
    metadata: { items: [1], note: '"items": [' },
    items: [{ a: '],[{"', b: [1, [2]] }, { c: { items: [3] } }, {}],
    kind: 'List',
  };

  test.each([
    ['on one line', 0],
    ['on many lines', 2],
  ])('lists %s are taken apart, and lines keep their numbers', (_name, indent) => {
    const text = `\n${JSON.stringify(list, null, indent)}\n`;
    const parts = split(text, 10);
    expect(parts.map((part) => JSON.parse(part.text))).toEqual([...list.items, { ...list, items: [] }]);
    const lines = text.split('\n');
    for (const part of parts.slice(0, 2)) {
      const offset = part.text.search(/\S/);
      const line = part.line + part.text.slice(0, offset).split('\n').length - 1;
      expect(lines[line - 1]).toContain(part.text.slice(offset).split('\n')[0]);
    }
    expect(parts.at(-1)?.text.split('\n')).toHaveLength(lines.length);
  });

  test.each(['{"a": 1, "b": [1, 2, 3]}', '{"items": [1, 2', '{"items": {"a": 1}}', '[{"items": [1]}]'])(
    'what is no list stays whole: %s',
    (text) => {
      expect(split(text, 3)).toEqual([{ text, document: 1, line: 1 }]);
    },
  );
});
