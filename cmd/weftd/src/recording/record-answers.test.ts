import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createLogger } from '@weft/telemetry';
import { expect, it, onTestFinished } from 'vitest';
import type { Options } from '../options.ts';
import { RecordAnswers } from './record-answers.ts';
import { Recorder } from './recorder.ts';

it('gives one answer at a time, whichever is asked, and the next when it is done', async () => {
  const recordDirectory = mkdtempSync(join(tmpdir(), 'weft-answers-'));
  const recorder = new Recorder({
    directory: recordDirectory,
    maxBytes: 1_000_000,
    log: createLogger({ name: 'test', level: 'error' }),
    begin: { node: 'n1', nodeDigest: '00', version: '0.1.0' },
    snapshot: () => [],
  });
  onTestFinished(async () => {
    await recorder.close();
    rmSync(recordDirectory, { recursive: true });
  });
  recorder.start();
  const options = { nodeName: 'n1', recordDirectory, recordMegabytes: 1 } as Options;
  const answers = new RecordAnswers(options, recorder);
  const history = { prefix: '10.0.0.0/8' };
  const changes = { from: '2026-01-01T00:00:00Z', to: '2026-01-02T00:00:00Z' };
  const [first, second, third] = await Promise.all([
    answers.history(history),
    answers.history(history),
    answers.changes(changes),
  ]);
  expect(first).toMatchObject({ node: 'n1', problems: [] });
  const refused = { kind: 'refused', code: 'unavailable', hint: 'Ask again.' };
  expect([second, third]).toMatchObject([refused, refused]);
  // An answer that is a refusal, too, lets the next one through.
  expect(await answers.changes(changes)).toMatchObject({ code: 'not-found' });
  expect(await answers.history(history)).toMatchObject({ node: 'n1' });
});
