import { once } from 'node:events';
import { type AddressInfo, connect, createServer } from 'node:net';
import { DEFAULT_FELIX_SETTINGS } from '@weft/calc';
import type { ControlBackend } from '@weft/control';
import type { Logger } from '@weft/telemetry';
import { beforeEach, describe, expect, it } from 'vitest';
import { Monitoring, type MonitoringAddress, monitoringAddresses } from './monitoring.ts';

const backend = {
  metrics: () => 'weft_ready 1\n',
  readiness: () => ({ ok: false, reasons: ['a reason'] }),
} as unknown as ControlBackend;

function setUp() {
  const lines: string[] = [];
  const line = (event: string): void => void lines.push(event);
  const log = { debug: line, info: line, warn: line, error: line } as unknown as Logger;
  return { lines, monitoring: new Monitoring({ backend, onRequest: () => {} }, log) };
}

function isListening({ host, port }: MonitoringAddress): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, host);
    socket.once('connect', () => resolve(true));
    socket.once('error', () => resolve(false));
    socket.once('connect', () => socket.destroy());
  });
}

/** An address of the loopback that nobody listens on. */
async function freeAddress(): Promise<MonitoringAddress> {
  const host = '127.0.0.1';
  const probe = createServer().listen(0, host);
  await once(probe, 'listening');
  const { port } = probe.address() as AddressInfo;
  probe.close();
  await once(probe, 'close');
  return { host, port };
}

let first: MonitoringAddress;
let second: MonitoringAddress;
beforeEach(async () => {
  [first, second] = [await freeAddress(), await freeAddress()];
});

describe('monitoring', () => {
  it('is asked for by FelixConfiguration, each address once', () => {
    const on = { ...DEFAULT_FELIX_SETTINGS, prometheusMetricsEnabled: true, healthEnabled: true };
    expect(monitoringAddresses(DEFAULT_FELIX_SETTINGS)).toEqual([]);
    expect(monitoringAddresses(on)).toEqual([
      { host: '::', port: 9091 },
      { host: 'localhost', port: 9099 },
    ]);
    const same = { prometheusMetricsHost: 'localhost', prometheusMetricsPort: 9099 };
    expect(monitoringAddresses({ ...on, ...same })).toEqual([{ host: 'localhost', port: 9099 }]);
  });

  it('answers where it is wanted, and nowhere else any more', async () => {
    const { lines, monitoring } = setUp();
    monitoring.want([first]);
    monitoring.want([second]);
    await monitoring.settled();
    expect([await isListening(first), await isListening(second)]).toEqual([false, true]);
    const answer = await fetch(`http://127.0.0.1:${second.port}/readiness`);
    expect([answer.status, await answer.json()]).toEqual([503, { ok: false, reasons: ['a reason'] }]);
    await monitoring.close();
    expect(await isListening(second)).toBe(false);
    expect(lines).toEqual(['monitoring-opened', 'monitoring-opened']);
  });

  it('logs an address that is taken, and goes on', async () => {
    const [one, other] = [setUp(), setUp()];
    one.monitoring.want([first]);
    await one.monitoring.settled();
    other.monitoring.want([first, second]);
    await other.monitoring.settled();
    expect(other.lines).toEqual(['monitoring-failed', 'monitoring-opened']);
    await Promise.all([one.monitoring.close(), other.monitoring.close()]);
  });
});
