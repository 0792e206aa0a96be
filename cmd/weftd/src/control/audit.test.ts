import type { RequestRecord } from '@weft/control';
import { createLogger } from '@weft/telemetry';
import { expect, it } from 'vitest';
import { Audit } from './audit.ts';

const request: RequestRecord = {
  operation: 'status',
  access: 'read',
  method: 'GET',
  path: '/v1/status',
  status: 200,
  seconds: 0,
  asker: { certificate: 'alice' },
};

/** What the log has after these requests, one each second. */
function logged(...records: readonly Partial<RequestRecord>[]): Record<string, unknown>[] {
  const lines: string[] = [];
  let now = 0;
  const log = createLogger({
    name: 'weftd',
    level: 'debug',
    destination: { write: (line) => lines.push(line) },
  });
  const audit = new Audit(log, () => now);
  for (const record of records) {
    audit.heard({ ...request, ...record });
    now += 1000;
  }
  return lines.map((line) => JSON.parse(line));
}

it('keeps every change with who asked for it, and whoever was refused, but no reading', () => {
  const change = { operation: 'detach-endpoint', access: 'change', path: '/v1/endpoints/c1' } as const;
  expect(logged({}, { ...change, asker: { uid: 0, pid: 42 } }, { ...change, status: 403 })).toMatchObject([
    { event: 'control-change', operation: 'detach-endpoint', path: '/v1/endpoints/c1', uid: 0, askerPid: 42 },
    { event: 'control-forbidden', level: expect.anything(), status: 403, certificate: 'alice' },
  ]);
});

it('tells of strangers once in ten seconds, with their number', () => {
  const stranger = {
    operation: 'handshake',
    status: 403,
    path: '10.0.0.9',
    asker: {},
    error: 'CERT_HAS_EXPIRED',
  };
  expect(logged(...Array.from({ length: 25 }, () => stranger))).toMatchObject([
    { event: 'control-handshake-failed', reason: 'CERT_HAS_EXPIRED', from: '10.0.0.9', connections: 1 },
    { event: 'control-handshake-failed', connections: 10 },
    { event: 'control-handshake-failed', connections: 10 },
  ]);
});
