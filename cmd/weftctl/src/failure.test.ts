import { describe, expect, test } from 'vitest';
import { CliError, EXIT, failuresOf, printFailure, usageError } from './failure.ts';

describe('whatever is thrown becomes lines without a stack trace', () => {
  test('an error with what, object and hint, as @weft/control throws it', () => {
    const error = Object.assign(new Error('all in one'), {
      what: 'No socket',
      object: '/run/s',
      hint: 'Start weftd.',
    });
    expect(failuresOf(error).map(printFailure)).toEqual(['No socket: /run/s\n  Start weftd.']);
  });

  test('an error with message, object and hint, as @weft/lab throws it', () => {
    const error = Object.assign(new Error('no such lab'), { object: 'x', hint: 'Make it.' });
    expect(failuresOf(error).map(printFailure)).toEqual(['no such lab: x\n  Make it.']);
  });

  test('a datastore error is one sentence after the other already', () => {
    const error = Object.assign(new Error('The file is full: /x. Make room.'), { name: 'DatastoreError' });
    expect(failuresOf(error).map(printFailure)).toEqual(['The file is full: /x. Make room.']);
  });

  test('anything else is named as a defect', () => {
    const [failure] = failuresOf(new TypeError('x is undefined'));
    expect(failure && printFailure(failure)).toMatch(
      /^x is undefined: TypeError in weftctl\n {2}.*report it/,
    );
    expect(failuresOf('text')).toEqual([{ what: 'text', object: '', hint: '' }]);
  });

  test('usage errors exit with 2, others with 1', () => {
    expect(usageError('a', 'b', 'c').exitCode).toBe(EXIT.usage);
    expect(new CliError([]).exitCode).toBe(EXIT.failed);
  });
});
