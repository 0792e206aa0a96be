import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { describeIssue, formatPath, parsePath } from './issue.ts';

describe('the path of a field', () => {
  test.each([
    [['spec', 'cidr'], 'spec.cidr'],
    [['spec', 'rules', 3, 'prefixLength', 'min'], 'spec.rules[3].prefixLength.min'],
    [['metadata', 'labels', 'a.b/c'], 'metadata.labels["a.b/c"]'],
    [['spec', 'block', 'x"]["y'], 'spec.block["x\\"][\\"y"]'],
    [[], ''],
  ])('%j reads %s', (path, text) => {
    expect(formatPath(path)).toBe(text);
  });

  test('can be taken apart again', () => {
    const step = fc.oneof(
      fc.nat(),
      fc.string({ minLength: 1 }),
      fc.constantFrom('spec', 'a-b', '5', ']', '"'),
    );
    fc.assert(
      fc.property(fc.array(step), (path) => {
        const sameSteps = parsePath(formatPath(path)).map(String);
        expect(sameSteps).toEqual(path.map(String));
      }),
      { numRuns: 1000 },
    );
  });

  test('stands between the object and the reason', () => {
    const issue = { path: 'spec.cidr', reason: 'is required', hint: 'add cidr' };
    expect(describeIssue('IPPool p', issue)).toBe('IPPool p: spec.cidr: is required; add cidr');
    expect(describeIssue('file.yaml', { path: '', reason: 'is not YAML' })).toBe('file.yaml: is not YAML');
  });
});
