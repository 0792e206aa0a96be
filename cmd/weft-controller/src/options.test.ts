import { afterEach, describe, expect, it, vi } from 'vitest';
import { readOptions } from './options.ts';

const read = (environment: NodeJS.ProcessEnv, ...flags: string[]) =>
  readOptions(['node', 'weft-controller', ...flags], environment);

describe('the settings', () => {
  it("are the cluster this runs in, Calico's times and loopback unless told otherwise", () => {
    expect(read({})).toMatchObject({
      cluster: { type: 'kubernetes' },
      leakGraceMs: 900_000,
      reconcilerPeriodMs: 300_000,
      metricsAddress: { host: '127.0.0.1', port: 9094 },
      leaseNamespace: 'kube-system',
      logLevel: 'info',
    });
  });

  it("are understood in Calico's words, too", () => {
    const calico = { RECONCILER_PERIOD: '2m', LOG_LEVEL: 'Warning', K8S_API_ENDPOINT: 'https://k:6443' };
    expect(read(calico)).toMatchObject({
      cluster: { server: 'https://k:6443' },
      reconcilerPeriodMs: 120_000,
      logLevel: 'warn',
    });
    expect(read(calico, '--reconciler-period', '30s', '--log-level', 'debug')).toMatchObject({
      reconcilerPeriodMs: 30_000,
      logLevel: 'debug',
    });
  });

  it('take addresses of either family, and 0 for off', () => {
    expect(read({}, '--metrics-address', '[::1]:80', '--leak-grace-period', '0')).toMatchObject({
      metricsAddress: { host: '::1', port: 80 },
      leakGraceMs: 0,
    });
  });
});

describe('weft-controller refuses', () => {
  afterEach(() => void vi.restoreAllMocks());

  it.each<[string[], NodeJS.ProcessEnv, RegExp]>([
    [
      ['--datastore', 'etcd://a:2379'],
      {},
      /needs Kubernetes and was given the datastore etcd.*weftctl ipam check --fix/,
    ],
    [['--leak-grace-period', 'soon'], {}, /"soon" is not a duration like 90s/],
    [['--metrics-address', '9094'], {}, /must look like 127.0.0.1:9094/],
    [[], { RECONCILER_PERIOD: 'x' }, /the environment's RECONCILER_PERIOD: "x" is not a duration/],
    [[], { DATASTORE_TYPE: 'consul' }, /the environment's datastoreType is "consul"/],
  ])('%j with %j, in words', (flags, environment, why) => {
    const written: string[] = [];
    vi.spyOn(process.stderr, 'write').mockImplementation((text) => written.push(String(text)) > 0);
    vi.spyOn(process, 'exit').mockImplementation((code) => {
      throw new Error(`exit ${code}`);
    });
    expect(() => read(environment, ...flags)).toThrow('exit 2');
    expect(written.join('')).toMatch(why);
  });
});
