import { describe, expect, test } from 'vitest';
import { redact } from './redact.ts';

describe('secrets do not reach a log line', () => {
  test.each([
    'password',
    'etcdPassword',
    'k8sAPIToken',
    'authorization',
    'Authorization',
    'clientSecret',
    'privateKey',
    'md5Key',
    'credentials',
  ])('a field named %s is replaced, at any depth', (name) => {
    expect(redact({ peer: { session: { [name]: 'hunter2' } } })).toEqual({
      peer: { session: { [name]: '[redacted]' } },
    });
  });

  test('an object under a secret name is replaced as a whole', () => {
    expect(redact({ credentials: { user: 'a', pass: 'hunter2' } })).toEqual({ credentials: '[redacted]' });
  });

  test('a reference to a secret stays readable, and so does an absent secret', () => {
    const field = { secretKeyRef: { name: 'bgp', key: 'mesh' }, password: undefined, hasPassword: true };
    expect(redact(field)).toEqual(field);
  });

  test('passwords inside URLs are replaced, also in an error and its cause', () => {
    const text = JSON.stringify(
      redact({
        endpoint: 'https://root:hunter2@10.0.0.1:2379',
        failure: new Error('GET https://root:hunter2@etcd failed', {
          cause: new Error('http://a:hunter2@b'),
        }),
      }),
    );
    expect(text).not.toContain('hunter2');
    expect(text).toContain('https://root:[redacted]@10.0.0.1:2379');
  });
});

describe('what JSON cannot hold is made readable', () => {
  test('bigint, bytes, dates, sets and errors', () => {
    const seen = redact({ a: 2n ** 60n, b: new Uint8Array(4), c: new Date(0), d: new Set([1]) });
    expect(seen).toEqual({ a: '1152921504606846976', b: '[4 bytes]', c: '1970-01-01T00:00:00.000Z', d: [1] });
    expect(redact(Object.assign(new Error('no'), { code: 'EACCES' }))).toMatchObject({
      type: 'Error',
      message: 'no',
      code: 'EACCES',
    });
  });

  test('a cycle ends, a long list is cut and says how much is missing', () => {
    const cycle: { self?: unknown } = {};
    cycle.self = cycle;
    expect(JSON.stringify(redact(cycle))).toContain('[deeper]');
    expect((redact(Array.from({ length: 130 }, () => 0)) as unknown[]).at(-1)).toBe('[30 more]');
  });
});
