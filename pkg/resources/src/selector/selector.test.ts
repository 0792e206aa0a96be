import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { Expression } from './parser.ts';
import { matchesSelector, parseSelector } from './selector.ts';

const labels = { rack: 'a', 'node.kubernetes.io/role': 'worker', in: 'x', empty: '' };

function matches(text: string): boolean | string {
  const parsed = parseSelector(text);
  return parsed.ok ? matchesSelector(parsed.value, labels) : parsed.reason;
}

describe("Calico's selector language", () => {
  test.each([
    ['', true],
    [' \t', true],
    ['all()', true],
    ['all( )', true],
    ['global()', true],
    ['!all()', false],
    ['!!all()', true],
    ['rack == "a"', true],
    ["rack=='a'", true],
    ['rack == "b"', false],
    ['rack != "b"', true],
    ['missing == ""', false],
    ['missing != "a"', true],
    ['empty == ""', true],
    ['rack in {"a", "b"}', true],
    ["rack in {'b',}", false],
    ['rack in {}', false],
    ['missing in {"a"}', false],
    ['missing not in {"a"}', true],
    ['rack notin {"a"}', false],
    ['rack not  in {}', true],
    ['has(rack)', true],
    ['has( missing )', false],
    ['!has(missing)', true],
    ['! has(rack)', false],
    ['node.kubernetes.io/role contains "ork"', true],
    ['node.kubernetes.io/role starts with "work"', true],
    ['node.kubernetes.io/role startswith "ork"', false],
    ['node.kubernetes.io/role ends with "er"', true],
    ['missing contains ""', false],
    ['missing starts with ""', false],
    ['in in {"x"}', true],
    ['has == "x"', false],
    ['all != "x"', true],
    ['rack == "a" || rack == "b" && rack == "c"', true],
    ['(rack == "a" || rack == "b") && rack == "c"', false],
    ['!(rack == "b") && !rack == "c"', true],
    ['constructor == "x" || has(toString)', false],
    ['\track\t==\t"a"\t', true],
    ['rack=="a"&&rack!="b"', true],
    ['!rack in {"a"}', false],
    ['!! ! has(rack)', false],
    ['! !!has(missing)', true],
    ['!(has(missing) || !has(rack))', true],
    ['rack contains"a"', true],
    ['rack in{"a"}', true],
    ['rack notin{"b"}', true],
    ['rack starts\t with "a"', true],
    ["rack in {'\"', \"'\", 'a'}", true],
    ['rack in {"a","a",}', true],
    ['rack == "a\nb"', false],
    ['rack == "\\"', false],
    ['contains contains "contains"', false],
    ['startswith starts with "x" || endswith ends with "x" || notin not in {"x"}', true],
    ['in contains "x" && in starts with "x" && in ends with "x"', true],
    ['all.x == "a" || has.all == "b" || global == "c" || -/_. != "d"', true],
    ['0 == "a" || has(0)', false],
    ['has(in) && has( node.kubernetes.io/role )', true],
    [`has(${'x'.repeat(512)}) || ${'y'.repeat(512)} != ""`, true],
    [`${'('.repeat(400)}all()${')'.repeat(400)}`, true],
    [`${'!'.repeat(999)}all()`, false],
  ])('%s is %s', (text, expected) => {
    expect(matches(text)).toBe(expected);
  });

  test.each([
    ['rack', 'an operator after rack is expected at character 5'],
    ['rack =="a" rack', 'the end of the selector is expected at character 12'],
    ['rack = "a"', 'an operator is expected after rack, not "= \\"a\\"" at character 6'],
    ['rack is "a"', 'an operator is expected after rack, not "is \\"a\\"" at character 6'],
    ['rack inn {"a"}', 'an operator is expected after rack'],
    ['rack == a', 'a string in quotes is expected at character 9'],
    ['rack == "a', 'the string that begins at character 9 has no closing "'],
    ['rack in "a"', 'a set like {"a", "b"} is expected at character 9'],
    ['rack in {"a" "b"}', 'a closing } is expected at character 14'],
    ['rack in {,}', 'a closing } is expected at character 10'],
    ['(all()', 'a closing ) is expected at character 7'],
    ['all() &', '"&" is not expected at character 7'],
    ['all() && ', 'a label name, has(), all(), global(), ! or ( is expected at character 10'],
    ['has()', 'has(label) is not complete at character 1'],
    ['!has(a b)', 'has(label) is not complete at character 2'],
    ['all(', 'all() is not complete at character 1'],
    ['"a" == rack', 'a label name'],
    [`${'x'.repeat(513)} == "a"`, 'a label name has 513 characters; at most 512 are allowed'],
    [`has(${'x'.repeat(513)})`, 'a label name has 513 characters; at most 512 are allowed'],
    [`${'('.repeat(513)}all()${')'.repeat(513)}`, 'parentheses are nested deeper than 512'],
    ['()', 'a label name, has(), all(), global(), ! or ( is expected at character 2'],
    [')', 'a label name, has(), all(), global(), ! or ( is expected at character 1'],
    ['!', 'a label name, has(), all(), global(), ! or ( is expected at character 2'],
    ['%', '"%" is not expected at character 1'],
    ['rack == "a" && %', '"%" is not expected at character 16'],
    ['rack == "a" | rack == "b"', '"|" is not expected at character 13'],
    ['rack != ||', 'a string in quotes is expected at character 9'],
    ['rack in {"", ||', 'a closing } is expected at character 14'],
    ['rack contains rack', 'a string in quotes is expected at character 15'],
    ['rack starts foo "a"', 'an operator is expected after rack'],
    ['rack ends withs "a"', 'an operator is expected after rack'],
    ['rack IN {"a"}', 'an operator is expected after rack'],
    ['rack not "a"', 'an operator is expected after rack'],
    ['has (rack)', 'an operator after has is expected at character 5'],
    ['all ()', 'an operator after all is expected at character 5'],
    ['has(rack, role)', 'has(label) is not complete at character 1'],
    ['has("rack")', 'has(label) is not complete at character 1'],
    ['global(', 'global() is not complete at character 1'],
    ['rack == "a"\nrack == "b"', '"\\n" is not expected at character 12'],
    ['rack == "a" all()', 'the end of the selector is expected at character 13'],
    ['"rack', 'the string that begins at character 1 has no closing "'],
    ['\'rack"', "the string that begins at character 1 has no closing '"],
    ['räck == "a"', 'an operator is expected after r'],
  ])('%s is refused with a reason', (text, reason) => {
    expect(matches(text)).toContain(reason);
  });
});

const label = fc.constantFrom('rack', 'missing', 'in', 'has', 'empty', 'node.kubernetes.io/role');
const value = fc.constantFrom('a', 'b', 'x', '', 'work', "it's", 'say "no"');
const expression: fc.Arbitrary<Expression> = fc.letrec<{ expression: Expression }>((tie) => ({
  expression: fc.oneof(
    { maxDepth: 4 },
    fc.record({ kind: fc.constantFrom('all' as const, 'global' as const) }),
    fc.record({ kind: fc.constant('has' as const), label }),
    fc.record({
      kind: fc.constantFrom(
        '==' as const,
        '!=' as const,
        'contains' as const,
        'starts with' as const,
        'ends with' as const,
      ),
      label,
      value,
    }),
    fc.record({ kind: fc.constantFrom('in' as const, 'not in' as const), label, values: fc.array(value) }),
    fc.record({ kind: fc.constant('not' as const), term: tie('expression') }),
    fc.record({
      kind: fc.constantFrom('and' as const, 'or' as const),
      terms: fc.array(tie('expression'), { minLength: 2, maxLength: 3 }),
    }),
  ),
})).expression;

const quoted = (text: string) => (text.includes('"') ? `'${text}'` : `"${text}"`);

/** The text of an expression, with every parenthesis written out. */
function textOf(tree: Expression): string {
  switch (tree.kind) {
    case 'and':
    case 'or':
      return `(${tree.terms.map(textOf).join(tree.kind === 'and' ? ' && ' : '||')})`;
    case 'not':
      return `!(${textOf(tree.term)})`;
    case 'all':
    case 'global':
      return `${tree.kind}()`;
    case 'has':
      return `has(${tree.label})`;
    case 'in':
    case 'not in':
      return `${tree.label} ${tree.kind} {${tree.values.map(quoted).join(',')}}`;
    default:
      return `${tree.label} ${tree.kind} ${quoted(tree.value)}`;
  }
}

describe('parsing', () => {
  test('gives back the tree a text was written from', () => {
    fc.assert(
      fc.property(expression, (tree) => {
        const parsed = parseSelector(textOf(tree));
        expect(parsed.ok ? parsed.value.expression : parsed.reason).toEqual(tree);
      }),
      { numRuns: 1000 },
    );
  });

  test('answers any text, and never throws', () => {
    const fragment = fc.constantFrom(
      'a',
      'has(',
      'all(',
      ')',
      '(',
      '{',
      '}',
      '"',
      "'",
      '&&',
      '||',
      '!',
      '==',
      '!=',
      ' ',
      'in',
      'not',
      ',',
      '&',
      '=',
    );
    fc.assert(
      fc.property(fc.array(fragment, { maxLength: 20 }), (fragments) => {
        const parsed = parseSelector(fragments.join(''));
        expect(typeof (parsed.ok ? parsed.value.text : parsed.reason)).toBe('string');
      }),
      { numRuns: 2000 },
    );
  });
});
