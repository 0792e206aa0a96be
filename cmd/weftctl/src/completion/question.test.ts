import { describe, expect, test } from 'vitest';
import { buildProgram } from '../program.ts';
import { type Question, questionAt } from './question.ts';

const program = buildProgram();

/** The words, or what is asked for: `files`, `name of ippools`. */
function at(line: string): string[] | string {
  const question: Question = questionAt(program, line.split(' '));
  if (question.kind === 'words') return question.candidates.map(({ word }) => word);
  if (question.kind === 'files') return 'files';
  return `${question.of} ${question.context.args.join(' ')}`.trim();
}

describe('what may stand at the cursor', () => {
  test.each([
    ['', ['get', 'apply', 'lab', 'ipam', 'node', 'completion']],
    ['lab ', ['up', 'exec', 'down']],
    ['get -', ['--output', '-o', '--watch', '-w', '--datastore', '--help']],
    ['--lab x get -', ['--namespace', '-n']],
    ['get pools -o ', ['ps', 'wide', 'jsonpath=']],
    ['get pools --output = ', ['yaml']],
    ['patch ippool a -t ', ['strategic', 'merge', 'json']],
    ['completion ', ['bash', 'zsh', 'fish']],
  ])('%j: among others %j', (line, words) => {
    expect(at(line)).toEqual(expect.arrayContaining(words));
  });

  test.each([
    ['get ', 'kind'],
    ['get --watch ', 'kind'],
    ['get pools ', 'name pools'],
    ['get -n blue wep ', 'name wep'],
    ['get wep -n blue a b ', 'name wep a b'],
    ['delete bgppeer ', 'name bgppeer'],
    ['label node ', 'name node'],
    ['node status ', 'node'],
    ['explain ', 'destination'],
    ['explain web --from ', 'node web'],
    ['--lab ', 'lab'],
    ['get --lab ', 'lab'],
    ['lab status --name ', 'lab'],
    ['lab exec ', 'host'],
    ['apply -f ', 'files'],
    ['-c ', 'files'],
    ['get --datastore ', 'files'],
    ['lab exec node1 -- cat ', 'files'],
  ])('%j: %s', (line, meant) => {
    expect(at(line)).toBe(meant);
  });

  test('hidden commands are not offered, and values of options are no arguments', () => {
    expect(at('')).not.toContain('__complete');
    expect(at('label node n1 ')).toEqual([]);
    expect(questionAt(program, ['get', '-n', 'blue', '--lab=x', 'wep', ''])).toMatchObject({
      context: { options: { namespace: 'blue', lab: 'x' }, args: ['wep'] },
    });
  });
});
