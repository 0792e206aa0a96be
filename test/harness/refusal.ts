/**
 * The form of every refusal: what happened, to which object, what to do; on standard error, without a stack trace, and with
 * an exit code that is not 0.
 */
import { expect } from 'vitest';

/** How a program ended. */
export interface Ended {
  readonly stdout: string;
  readonly stderr: string;
  readonly exitCode: number;
}

/** Expects weftctl to have refused: `what: object`, then what to do on the next line. Progress lines do not count. */
export function expectRefusal(ended: Ended, what: RegExp, object: string, next: RegExp): void {
  const message = ended.stderr.replaceAll(/^\[ *[\d.]+ s\] .*\n?/gm, '');
  expect(message).toMatch(what);
  const [first = '', ...rest] = message.split('\n');
  expect(first).toContain(object);
  expect(rest.join('\n')).toMatch(next);
  expectNoAccident(ended);
  expect(ended.stdout).toBe('');
}

/** Expects weftd to have ended: the three parts are lines of their own on standard error, the log is on standard output. */
export function expectDaemonRefusal(ended: Ended, what: RegExp, object: string, next: RegExp): void {
  expect(ended.stderr).toMatch(/^weftd: .*\n {2}object: .*\n {2}do: .*$/);
  expect(ended.stderr).toMatch(what);
  expect(ended.stderr).toContain(object);
  expect(ended.stderr).toMatch(next);
  expectNoAccident(ended);
}

function expectNoAccident({ stdout, stderr, exitCode }: Ended): void {
  expect(stderr + stdout).not.toMatch(/\n\s+at .+:\d+|is a defect of weft|mistake in weft/);
  expect(exitCode).toBeGreaterThan(0);
}
