import type { Address } from '@weft/ip';
import type { FelixConfiguration, FelixConfigurationSpec } from '@weft/resources';
import { describe, expect, it } from 'vitest';
import { node, resource } from '../test/fixtures.ts';
import { DEFAULT_FELIX_SETTINGS, effectiveFelixSettings, type FelixSources } from './felix-settings.ts';

function configuration(name: string, spec: FelixConfigurationSpec, created = '2026-01-01T00:00:00Z') {
  const made = resource('FelixConfiguration', name, { ...spec });
  return { ...made, metadata: { ...made.metadata, creationTimestamp: created } } as FelixConfiguration;
}

function effective(given: Partial<FelixSources>) {
  return effectiveFelixSettings({
    nodeName: 'node1',
    node: node('node1', { labels: { rack: 'a' } }),
    configurations: [],
    environment: {},
    ...given,
  });
}

const everywhere = configuration('default', { ipv4NormalRoutePriority: 1, healthPort: 1 });
const selected = configuration('rack-a', { nodeSelector: 'rack == "a"', ipv4NormalRoutePriority: 2 });
const here = configuration('node.node1', { ipv4NormalRoutePriority: 3 });

describe('the settings of a node', () => {
  it("are Calico's defaults where nobody says anything", () => {
    expect(effective({})).toEqual({ settings: DEFAULT_FELIX_SETTINGS, problems: [] });
  });

  const layers = [
    { name: 'default', configurations: [everywhere], expected: 1 },
    {
      name: 'before it an object that selects the node',
      configurations: [selected, everywhere],
      expected: 2,
    },
    {
      name: 'before those the object of the node',
      configurations: [here, selected, everywhere],
      expected: 3,
    },
    {
      name: 'before all the environment, in any case',
      configurations: [everywhere, selected, here],
      environment: { Felix_IPv4NormalRoutePriority: '4' },
      expected: 4,
    },
  ];
  it.each(layers)('$name', ({ expected, ...sources }) => {
    const { settings } = effective(sources);
    expect(settings.ipv4NormalRoutePriority).toBe(expected);
    expect(settings.healthPort).toBe(1);
    const reversed = { ...sources, configurations: sources.configurations.toReversed() };
    expect(effective(reversed).settings).toEqual(settings);
  });

  it('pass over objects for others', () => {
    const configurations = [
      configuration('node.node2', { ipv6Support: false }),
      configuration('rack-b', { nodeSelector: 'rack == "b"', ipv6Support: false }),
    ];
    expect(effective({ configurations }).settings.ipv6Support).toBe(true);
  });

  it('are those of the oldest of several objects that select the node', () => {
    const configurations = [
      configuration('a', { nodeSelector: 'all()', healthPort: 2 }, '2026-02-01T00:00:00Z'),
      configuration('b', { nodeSelector: 'all()', healthPort: 3 }, '2026-01-01T00:00:00Z'),
    ];
    expect(effective({ configurations }).settings.healthPort).toBe(3);
  });

  it('read every field that is acted on, from objects and from variables', () => {
    const spec: FelixConfigurationSpec = {
      routeRefreshInterval: '1m30s',
      interfacePrefix: 'cali,tap',
      ipForwarding: 'Disabled',
      routeSyncDisabled: true,
      allowVXLANPacketsFromWorkloads: true,
      allowIPIPPacketsFromWorkloads: true,
      natPortRange: '30000:32000',
      natOutgoingAddress: '192.0.2.9' as Address,
      natOutgoingExclusions: 'IPPoolsAndHostIPs',
      iptablesNATOutgoingInterfaceFilter: 'eth+',
      prometheusMetricsEnabled: true,
      prometheusMetricsHost: '127.0.0.1',
    };
    const variables = {
      FELIX_ROUTEREFRESHINTERVAL: '90',
      FELIX_INTERFACEPREFIX: 'cali,tap',
      FELIX_IPFORWARDING: 'Disabled',
      FELIX_ROUTESYNCDISABLED: 'true',
      FELIX_ALLOWVXLANPACKETSFROMWORKLOADS: 'true',
      FELIX_ALLOWIPIPPACKETSFROMWORKLOADS: 'true',
      FELIX_NATPORTRANGE: '30000:32000',
      FELIX_NATOUTGOINGADDRESS: '192.0.2.9',
      FELIX_NATOUTGOINGEXCLUSIONS: 'IPPoolsAndHostIPs',
      FELIX_IPTABLESNATOUTGOINGINTERFACEFILTER: 'eth+',
      FELIX_PROMETHEUSMETRICSENABLED: '1',
      FELIX_PROMETHEUSMETRICSHOST: '127.0.0.1',
    };
    const expected = {
      ...DEFAULT_FELIX_SETTINGS,
      routeRefreshIntervalMs: 90_000,
      interfacePrefixes: ['cali', 'tap'],
      ipForwarding: false,
      routeSyncDisabled: true,
      allowVxlanFromWorkloads: true,
      allowIpipFromWorkloads: true,
      natPortRange: { first: 30_000, last: 32_000 },
      natOutgoingAddress: '192.0.2.9',
      natOutgoingExclusions: 'IPPoolsAndHostIPs',
      iptablesNATOutgoingInterfaceFilter: 'eth+',
      prometheusMetricsEnabled: true,
      prometheusMetricsHost: '127.0.0.1',
    };
    expect(effective({ configurations: [configuration('default', spec)] }).settings).toEqual(expected);
    expect(effective({ environment: variables }).settings).toEqual(expected);
  });

  it.each<[string | number, object | undefined]>([
    [30_000, { first: 30_000, last: 30_000 }],
    ['1:65535', { first: 1, last: 65_535 }],
  ])('take %s for a range of ports', (natPortRange, expected) => {
    const configurations = [configuration('default', { natPortRange })];
    expect(effective({ configurations }).settings.natPortRange).toEqual(expected);
  });

  it.each(['0', '2:1', '1:2:3', '1:70000', 'a:b', '1:'])('do not take %s for a range of ports', (text) => {
    const { problems, settings } = effective({ environment: { FELIX_NATPORTRANGE: text } });
    expect(settings.natPortRange).toBeUndefined();
    expect(problems).toEqual([`FELIX_NATPORTRANGE cannot be "${text}"`]);
  });

  it('take "none" for the built-in default, and say what makes no sense', () => {
    const configurations = [configuration('default', { healthPort: 7, ipv6Support: false })];
    const environment = { FELIX_HEALTHPORT: 'none', FELIX_IPV6SUPPORT: 'perhaps', FELIX_BPFENABLED: 'x' };
    const { problems, settings } = effective({ configurations, environment });
    expect(settings).toMatchObject({ healthPort: 9099, ipv6Support: false });
    expect(problems).toEqual(['FELIX_IPV6SUPPORT cannot be "perhaps"']);
  });
});
