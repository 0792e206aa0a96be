import { fork } from 'node:child_process';
import { once } from 'node:events';
import { describe, expect, test } from 'vitest';
import { createLogger, type Logger, type LogLevel } from './log.ts';

function recorded(level: LogLevel): { log: Logger; lines: () => Record<string, unknown>[] } {
  const written: string[] = [];
  const log = createLogger({ name: 'weftd', level, destination: { write: (line) => written.push(line) } });
  return { log, lines: () => written.map((line) => JSON.parse(line)) };
}

describe('a log line', () => {
  test('is one JSON object with time, level, program, event, message and fields', () => {
    const { log, lines } = recorded('info');
    log.info('bgp-peer-established', 'The session with 10.0.0.2 is up.', {
      peer: '10.0.0.2',
      holdTimeSeconds: 90,
    });
    expect(lines()).toEqual([
      {
        level: 'info',
        time: expect.stringMatching(/^\d{4}-\d\d-\d\dT.*Z$/),
        pid: process.pid,
        name: 'weftd',
        event: 'bgp-peer-established',
        peer: '10.0.0.2',
        holdTimeSeconds: 90,
        msg: 'The session with 10.0.0.2 is up.',
      },
    ]);
  });

  test('is not written below the chosen level', () => {
    const { log, lines } = recorded('warn');
    log.info('a', 'a');
    log.debug('b', 'b');
    log.warn('c', 'c');
    log.error('d', 'd');
    expect(lines().map((line) => line.event)).toEqual(['c', 'd']);
  });

  test('carries the fields of a child logger, without secrets', () => {
    const { log, lines } = recorded('debug');
    log.child({ node: 'n1', password: 'hunter2' }).debug('x', 'x', { token: 'hunter2' });
    expect(lines()[0]).toMatchObject({ node: 'n1', password: '[redacted]', token: '[redacted]' });
  });
});

describe('a reader that does not read', { timeout: 20_000 }, () => {
  test('costs lines, which are counted, and never blocks the program', async () => {
    const child = fork(new URL('../test/flood.ts', import.meta.url), {
      stdio: ['ignore', 'pipe', 'inherit', 'ipc'],
    });
    try {
      const [report] = await once(child, 'message', { signal: AbortSignal.timeout(10_000) });
      expect(report.dropped).toBeGreaterThan(1000);
    } finally {
      child.kill('SIGKILL');
    }
  });
});

describe('a disk that is full', { timeout: 30_000 }, () => {
  test('does not end the program, nor keep it from ending', async () => {
    const child = fork(new URL('../test/full-disk.ts', import.meta.url), { stdio: 'inherit' });
    try {
      const signal = AbortSignal.timeout(20_000);
      const ended = once(child, 'exit', { signal });
      expect(await once(child, 'message', { signal })).toContain('alive');
      expect(await ended).toEqual([0, null]);
    } finally {
      child.kill('SIGKILL');
    }
  });
});
