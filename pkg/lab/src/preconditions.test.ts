import { afterEach, describe, expect, it, vi } from 'vitest';
import { LabError } from './issues.ts';
import { requireLabName, requireRoot } from './preconditions.ts';

afterEach(() => vi.restoreAllMocks());

describe('a lab name', () => {
  it.each(['lab', 'a', '0', 'a-b-1', 'x'.repeat(24)])('can be %s', (name) => {
    expect(() => requireLabName(name)).not.toThrow();
  });

  // Each of these would lead out of the directory of labs, or to all of them.
  it.each([
    '',
    '.',
    '..',
    '../..',
    './lab',
    'a/b',
    '/',
    'a.b',
    'A',
    '-a',
    'a-',
    'a b',
    'a\n',
    'x'.repeat(25),
  ])('cannot be %j', (name) => {
    expect(() => requireLabName(name)).toThrow(LabError);
  });
});

describe('root', () => {
  it.each([
    [0, undefined],
    [1000, { object: 'lab x', hint: 'run the command with sudo' }],
  ])('user %i', (uid, refusal) => {
    vi.spyOn(process, 'getuid').mockReturnValue(uid);
    const attempt = expect(() => requireRoot('x'));
    if (refusal === undefined) attempt.not.toThrow();
    else attempt.toThrow(expect.objectContaining(refusal));
  });
});
