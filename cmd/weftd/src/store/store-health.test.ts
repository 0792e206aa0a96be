import { DatastoreError } from '@weft/datastore';
import type { LogFields, Logger } from '@weft/telemetry';
import { describe, expect, it } from 'vitest';
import { locationOf } from './location.ts';
import { refusalOf } from './refusal-of.ts';
import { StoreHealth } from './store-health.ts';

const etcd = {
  type: 'etcd',
  endpoints: ['https://10.0.0.1:2379', 'https://10.0.0.2:2379'],
  username: 'weft',
  password: 'secret',
} as const;

const start = Date.parse('2026-11-21T09:00:00Z');

function setUp() {
  const lines: { event: string; message: string; fields: LogFields }[] = [];
  const line = (event: string, message: string, fields: LogFields = {}): void =>
    void lines.push({ event, message, fields });
  const log = { debug: line, info: line, warn: line, error: line } as unknown as Logger;
  const clock = { now: start };
  const health = new StoreHealth(locationOf(etcd), log, () => clock.now);
  return { clock, health, lines };
}

const refused = new DatastoreError('unavailable', 'Nobody answers.');

describe('the health of a datastore', () => {
  it('says since when the store is away, where it is and why, and nothing secret', () => {
    const { clock, health } = setUp();
    expect(health.describe()).toBeUndefined();
    health.failed(refused);
    clock.now += 60_000;
    health.failed(refused);
    expect(health.describe()).toBe(
      'the datastore (etcd https://10.0.0.1:2379,https://10.0.0.2:2379) is away since 2026-11-21T09:00:00.000Z: Nobody answers.',
    );
    expect(JSON.stringify([locationOf(etcd), health.describe()])).not.toContain('secret');
  });

  it('writes one line when it goes, reminds less and less often, and one when it is back', () => {
    const { clock, health, lines } = setUp();
    for (let second = 0; second < 100; second++) {
      health.failed(refused);
      clock.now += 1000;
    }
    const said = lines.map(({ event }) => event);
    expect(said).toEqual(Array(5).fill('datastore-away'));
    health.answered();
    health.answered();
    expect(lines.slice(5)).toMatchObject([{ event: 'datastore-back', fields: { awaySeconds: 100 } }]);
    expect(health.away).toBeUndefined();
  });

  it('writes a line at once when the reason is another one', () => {
    const { health, lines } = setUp();
    health.failed(refused);
    health.failed(new DatastoreError('unavailable', 'The password is wrong.'));
    expect(lines.map(({ message }) => message)).toEqual(['Nobody answers.', 'The password is wrong.']);
  });

  it('does not take a compacted history for an absence', () => {
    const { health, lines } = setUp();
    health.failed(new DatastoreError('compacted', 'List again.'));
    expect([health.away, lines]).toEqual([undefined, []]);
  });
});

describe('the answer to whoever wants to attach meanwhile', () => {
  it('names the store, what it said and what to do', () => {
    expect(refusalOf(refused, locationOf(etcd), 'pod1')).toEqual({
      kind: 'refused',
      code: 'unavailable',
      message: 'the datastore (etcd https://10.0.0.1:2379,https://10.0.0.2:2379) is away: Nobody answers',
      object: 'pod1',
      hint: expect.stringMatching(/^Bring the datastore back/),
    });
  });

  it('names an object that nobody can read', () => {
    const corrupt = new DatastoreError('corrupt', 'IPAMBlock 10-1-0-0-26 cannot be read.');
    expect(refusalOf(corrupt, locationOf(etcd), 'pod1')).toMatchObject({
      code: 'unavailable',
      message: expect.stringContaining('did not do it: IPAMBlock 10-1-0-0-26'),
    });
  });

  it('is none where a programmer is to blame', () => {
    const invalid = new DatastoreError('invalid-resource', 'no revision');
    for (const error of [invalid, new TypeError('x')])
      expect(refusalOf(error, locationOf(etcd), 'a')).toBeUndefined();
  });
});
