import { describe, expect, test } from 'vitest';
import { fill, select } from './evaluate.ts';
import { parseBarePath, parseTemplate } from './parse-template.ts';
import { TemplateError } from './syntax.ts';

const DATA = {
  kind: 'List',
  items: [
    {
      kind: 'Node',
      metadata: { name: 'n1', labels: { 'example.org/rack': 'r1' } },
      status: { conditions: [{ type: 'Ready', status: 'True' }], capacity: { cpu: 4 } },
      addresses: ['10.0.0.1', '10.0.0.2'],
      sequence: 18446744073709551615n,
    },
    {
      kind: 'Node',
      metadata: { name: 'n2' },
      status: { conditions: [{ type: 'Ready', status: 'False' }], capacity: { cpu: 8 } },
      addresses: ['10.0.1.1'],
    },
  ],
};

describe("templates of kubectl's dialect", () => {
  test.each([
    ['{.kind}', 'List'],
    ['{$.kind} {@.kind} {kind}', 'List List List'],
    ['kind: {.kind}', 'kind: List'],
    ['{.items[*].metadata.name}', 'n1 n2'],
    ['{.items[0].metadata.name}', 'n1'],
    ['{.items[-1].metadata.name}', 'n2'],
    ['{.items[0:1].metadata.name}', 'n1'],
    ['{.items[*].addresses[0:2:2]}', '10.0.0.1 10.0.1.1'],
    ['{.items[0,1].metadata.name}', 'n1 n2'],
    ["{.items[0]['kind','metadata']}", 'Node {"name":"n1","labels":{"example.org/rack":"r1"}}'],
    ['{..name}', 'n1 n2'],
    ['{.items[*].metadata.labels.example\\.org/rack}', 'r1'],
    ["{.items[*].metadata.labels['example.org/rack']}", 'r1'],
    ['{range .items[*]}{.metadata.name}{"\\t"}{.status.capacity.cpu}{"\\n"}{end}', 'n1\t4\nn2\t8\n'],
    ['{range .items[*]}[{.metadata.name}, {$.kind}] {end}', '[n1, List] [n2, List] '],
    ['{range .items[*]}{range .addresses[*]}{@}{","}{end};{end}', '10.0.0.1,10.0.0.2,;10.0.1.1,;'],
    ['{.items[?(@.metadata.name=="n2")].status.capacity.cpu}', '8'],
    ["{.items[?(@.metadata.name != 'n2')].metadata.name}", 'n1'],
    ['{.items[?(@.status.capacity.cpu >= 8)].metadata.name}', 'n2'],
    ['{.items[?(@.status.capacity.cpu<8)].metadata.name}', 'n1'],
    ['{.items[?(@.metadata.labels)].metadata.name}', 'n1'],
    ['{.items[*].status.conditions[?(@.type=="Ready")].status}', 'True False'],
    ['{.items[0].sequence}', '18446744073709551615'],
    ['{.items[?(@.sequence==18446744073709551615)].metadata.name}', 'n1'],
    ['{.nothing.there}', ''],
    ['{.items[7].metadata.name}', ''],
    ['{range .nothing[*]}x{end}', ''],
    ['{.items[*].addresses}', '["10.0.0.1","10.0.0.2"] ["10.0.1.1"]'],
    ['{.kind .items[0].kind}', 'ListNode'],
    ["{'it''s'}{'a\\'b'}", "itsa'b"],
    ['no braces', 'no braces'],
    ['{.__proto__}{.constructor}', ''],
  ])('%s', (template, text) => {
    expect(fill(parseTemplate(template), DATA)).toBe(text);
  });

  test.each([
    ['{.a', 'a brace is not closed', 4],
    ['{range .a}x', '{range} has no {end}', 12],
    ['{end}', '{end} has no {range} before it', 6],
    ['{.a[}', 'a number, *, a name in quotes or ?( is expected after [', 5],
    ['{.a[?(@.b ==)]}', 'a path, a number, true, false or a text in quotes is expected', 13],
    ['{.a[0}', '"]" is missing', 6],
    ['{"a}', 'a quote is not closed', 5],
    ['{.a..}', 'a field name is missing', 6],
    ['{!}', '"!" begins no path', 2],
    ['{.a[::0]}', 'the step of a slice is at least 1', 8],
  ])('%s is refused', (template, message, position) => {
    let error: unknown;
    try {
      parseTemplate(template);
    } catch (thrown) {
      error = thrown;
    }
    expect(error).toBeInstanceOf(TemplateError);
    expect(error).toMatchObject({ message, position });
  });
});

describe('paths of custom columns', () => {
  test.each(['.metadata.name', 'metadata.name', '{.metadata.name}', '{metadata.name}', '$.metadata.name'])(
    '%s',
    (path) => {
      expect(select(parseBarePath(path), DATA.items[0])).toEqual(['n1']);
    },
  );

  test('nothing may follow', () => {
    expect(() => parseBarePath('.a b')).toThrow('the path ends before " "');
  });
});
