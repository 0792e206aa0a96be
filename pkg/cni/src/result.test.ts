import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { decodeResult, encodeResult, type Result } from './result.ts';
import { type SpecVersion, SUPPORTED_VERSIONS } from './versions.ts';

const result: Result = {
  interfaces: [
    { name: 'cali0d7763386da' },
    { name: 'eth0', mac: '02:00:00:00:00:01', mtu: 1400, sandbox: '/run/netns/c1' },
  ],
  ips: [
    { address: '10.0.0.5/32', interface: 1 },
    { address: 'fd00::5/128', interface: 1 },
  ],
  routes: [{ dst: '10.0.0.5/32' }, { dst: 'fd00::5/128', mtu: 1400 }],
  dns: { nameservers: ['10.96.0.10'] },
};
const dns = { nameservers: ['10.96.0.10'] };

describe('a result as each version writes it', () => {
  const byFamily = {
    ip4: { ip: '10.0.0.5/32', routes: [{ dst: '10.0.0.5/32' }] },
    ip6: { ip: 'fd00::5/128', routes: [{ dst: 'fd00::5/128' }] },
    dns,
  };
  const older = {
    interfaces: [
      { name: 'cali0d7763386da' },
      { name: 'eth0', mac: '02:00:00:00:00:01', sandbox: '/run/netns/c1' },
    ],
    routes: [{ dst: '10.0.0.5/32' }, { dst: 'fd00::5/128' }],
    dns,
  };
  const named = {
    ...older,
    ips: [
      { version: '4', address: '10.0.0.5/32', interface: 1 },
      { version: '6', address: 'fd00::5/128', interface: 1 },
    ],
  };
  const expected: Record<SpecVersion, object> = {
    '0.1.0': byFamily,
    '0.2.0': byFamily,
    '0.3.0': named,
    '0.3.1': named,
    '0.4.0': named,
    '1.0.0': { ...older, ips: result.ips },
    '1.1.0': result,
  };

  it.each(SUPPORTED_VERSIONS)('%s', (version) => {
    expect(encodeResult(result, version)).toEqual({ cniVersion: version, ...expected[version] });
  });

  it('leaves out what is empty', () => {
    const bare = { interfaces: [], ips: [{ address: '10.0.0.5/32' }], routes: [], dns: {} };
    expect(encodeResult(bare, '0.2.0')).toEqual({ cniVersion: '0.2.0', ip4: { ip: '10.0.0.5/32' } });
    expect(encodeResult(bare, '1.0.0')).not.toHaveProperty('dns');
  });
});

describe('a result that another plugin gave', () => {
  it.each(SUPPORTED_VERSIONS)(
    'of %s is read, its own version before that of the configuration',
    (version) => {
      const decoded = decodeResult(encodeResult(result, version), '1.1.0', 'prevResult');
      expect(decoded).toMatchObject({ ips: [{ address: '10.0.0.5/32' }, { address: 'fd00::5/128' }], dns });
    },
  );

  it("host-local's: a gateway, no interfaces, null for what is empty", () => {
    const given = {
      cniVersion: '1.0.0',
      interfaces: null,
      ips: [{ address: '10.22.0.2/16', gateway: '10.22.0.1' }],
      routes: [{ dst: '0.0.0.0/0' }],
      dns: {},
    };
    expect(decodeResult(given, '1.0.0', 'the result of host-local')).toEqual({
      interfaces: [],
      ips: [{ address: '10.22.0.2/16', gateway: '10.22.0.1' }],
      routes: [{ dst: '0.0.0.0/0' }],
      dns: {},
    });
  });

  it.each([
    ['of a version that is not spoken', { cniVersion: '2.0.0' }, 1],
    ['that is a text', 'eth0', 6],
    ['whose addresses are no list', { cniVersion: '1.0.0', ips: 'x' }, 6],
    ['whose address is a number', { cniVersion: '0.2.0', ip4: { ip: 5 } }, 6],
  ])('%s is an error that names it', (_, given, code) => {
    expect(decodeResult(given, '1.0.0', 'prevResult')).toMatchObject({
      code,
      message: expect.stringMatching(/^prevResult/),
    });
  });

  it('comes back as it was when it is of 1.1.0', () => {
    const text = fc.string({ minLength: 1 });
    const optional = <T>(of: fc.Arbitrary<T>) => fc.option(of, { nil: undefined });
    const uint = fc.nat();
    const compact = <T extends object>(of: fc.Arbitrary<T>) =>
      of.map((value) => Object.fromEntries(Object.entries(value).filter(([, entry]) => entry !== undefined)));
    const results = fc.record({
      interfaces: fc.array(
        compact(fc.record({ name: text, mac: optional(text), mtu: optional(uint), sandbox: optional(text) })),
      ),
      ips: fc.array(
        compact(fc.record({ address: text, gateway: optional(text), interface: optional(uint) })),
      ),
      routes: fc.array(
        compact(
          fc.record({ dst: text, gw: optional(text), priority: optional(uint), table: optional(uint) }),
        ),
      ),
    }) as unknown as fc.Arbitrary<Result>;
    fc.assert(
      fc.property(results, (given) => {
        expect(decodeResult(encodeResult(given, '1.1.0'), '0.2.0', 'prevResult')).toEqual(given);
      }),
    );
  });
});
