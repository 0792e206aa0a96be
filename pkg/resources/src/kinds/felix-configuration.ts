/**
 * FelixConfiguration: settings of the daemon on the nodes: of all (`default`), of one (`node.<name>`), or of those a
 * selector picks (any other name).
 *
 * Absent on an object means: as the object of the next lower precedence says.
 */
import type { FelixConfiguration } from '../generated/types.ts';
import { formatPath, type ValidationIssue } from '../issue.ts';
import { defineKind, type KindDefinition, nameColumn, specRule } from '../kind-definition.ts';
import { object, selectorField } from '../schema/fields.ts';
import { bpf, daemon, logging, tables } from './felix/filtering.ts';
import { interfaces, nat, observation, refreshing, routes, tunnels, wireguard } from './felix/networking.ts';

const spec = object('FelixConfigurationSpec', {
  nodeSelector: selectorField()
    .optional()
    .describe('The nodes the object is for; not on default and node.<name>. Of several the oldest counts.'),
  ...refreshing,
  ...interfaces,
  ...routes,
  ...tunnels,
  ...nat,
  ...wireguard,
  ...observation,
  ...daemon,
  ...logging,
  ...tables,
  ...bpf,
});

function selectorHasPlace({ metadata, spec }: FelixConfiguration): ValidationIssue[] {
  const isForAllOrOne = metadata.name === 'default' || metadata.name.startsWith('node.');
  if (!isForAllOrOne || spec.nodeSelector === undefined) return [];
  const reason = `the name ${metadata.name} says already which nodes are meant`;
  return [{ path: 'spec.nodeSelector', reason, hint: 'remove nodeSelector or give the object another name' }];
}

function logFilterIssues({ spec }: FelixConfiguration): ValidationIssue[] {
  return Object.keys(spec.bpfLogFilters ?? {}).flatMap((name) => {
    if (/^[a-zA-Z0-9_.-]{1,15}$/.test(name)) return [];
    const path = formatPath(['spec', 'bpfLogFilters', name]);
    const reason = `${JSON.stringify(name)} is not an interface name of up to 15 characters`;
    return [{ path, reason, hint: 'write the name of an interface, or all' }];
  });
}

const mostTables = 65_535;

function rangesInOrder({ spec }: FelixConfiguration): ValidationIssue[] {
  const single =
    spec.routeTableRange === undefined ? [] : [{ ...spec.routeTableRange, path: 'spec.routeTableRange' }];
  const several = (spec.routeTableRanges ?? []).map((range, index) => ({
    ...range,
    path: `spec.routeTableRanges[${index}]`,
  }));
  return [...single, ...several]
    .filter(({ min, max }) => min > max)
    .map(({ path, min, max }) => ({
      path,
      reason: `min ${min} is greater than max ${max}`,
      hint: 'exchange min and max',
    }));
}

/** FelixConfiguration. Source: Calico FelixConfigurationSpec and its validation. */
export const felixConfiguration: KindDefinition<'FelixConfiguration'> = defineKind({
  kind: 'FelixConfiguration',
  plural: 'felixconfigurations',
  aliases: ['felixconfig', 'felixconfigs'],
  description: 'Settings of the daemon on the nodes.',
  crd: true,
  spec,
  actsOn: [
    'nodeSelector',
    'routeRefreshInterval',
    'interfacePrefix',
    'deviceRouteSourceAddress',
    'deviceRouteSourceAddressIPv6',
    'ipv4NormalRoutePriority',
    'ipv6NormalRoutePriority',
    'ipv6Support',
    'ipForwarding',
    'routeSyncDisabled',
    'vxlanVNI',
    'vxlanPort',
    'allowVXLANPacketsFromWorkloads',
    'allowIPIPPacketsFromWorkloads',
    'externalNodesList',
    'vxlanMTU',
    'vxlanMTUV6',
    'ipipMTU',
    'mtuIfacePattern',
    'workloadSourceSpoofing',
    'natPortRange',
    'natOutgoingAddress',
    'natOutgoingExclusions',
    'iptablesNATOutgoingInterfaceFilter',
    'prometheusMetricsEnabled',
    'prometheusMetricsHost',
    'prometheusMetricsPort',
    'healthEnabled',
    'healthHost',
    'healthPort',
  ],
  columns: { ps: [nameColumn()], wide: [nameColumn()] },
  rules: [
    {
      refuses:
        '`spec.nodeSelector`: on `default` or `node.<name>`, whose names say already which nodes are meant',
      check: selectorHasPlace,
      cel: {
        rule: "!(self.metadata.name == 'default' || self.metadata.name.startsWith('node.')) || !has(self.spec) || !has(self.spec.nodeSelector)",
        message:
          'spec.nodeSelector: the name says already which nodes are meant; give the object another name',
        over: 'object',
      },
    },
    {
      refuses: '`spec.routeTableRange`, `spec.routeTableRanges[]`: `min` is greater than `max`',
      check: rangesInOrder,
    },
    { refuses: '`spec.bpfLogFilters`: a key is not the name of an interface', check: logFilterIssues },
    specRule({
      path: 'spec.routeTableRange',
      reason: 'routeTableRange and routeTableRanges exclude each other',
      hint: 'keep routeTableRanges',
      holds: ({ routeTableRange, routeTableRanges }) =>
        routeTableRange === undefined || routeTableRanges === undefined,
      cel: '!has(self.routeTableRange) || !has(self.routeTableRanges)',
    }),
    specRule({
      path: 'spec.routeTableRanges',
      reason: `names more than ${mostTables} tables`,
      hint: 'name fewer',
      holds: ({ routeTableRanges = [] }) =>
        routeTableRanges.reduce((sum, { min, max }) => sum + max - min + 1, 0) <= mostTables,
    }),
  ],
});
