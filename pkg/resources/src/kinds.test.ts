import { describe, expect, test } from 'vitest';
import { parsed } from '../test/parsing.ts';
import type { Kind, ResourceOf } from './generated/types.ts';
import { definitionOf, jsonSchemaOf, kindByAlias, kindNames, kinds } from './kinds.ts';

const context = { defaultAsNumber: 64512 };

function table<K extends Kind>(resource: ResourceOf<K>, output: 'ps' | 'wide'): Record<string, string> {
  const columns = definitionOf(resource.kind as K).columns[output];
  return Object.fromEntries(columns.map(({ header, value }) => [header, value(resource, context)]));
}

describe('kinds on the command line, as in calicoctl', () => {
  test.each([
    ['IPPool', 'ippool ippools ipp ipps pool pools IPPool'],
    ['BGPPeer', 'bgppeer bgppeers bgpp bgpps bp bps'],
    ['BGPConfiguration', 'bgpconfiguration bgpconfigurations bgpconfig bgpconfigs'],
    ['BGPFilter', 'bgpfilter bgpfilters bgpf bgpfs bf bfs'],
    ['Node', 'node nodes no nos'],
    ['WorkloadEndpoint', 'workloadendpoint workloadendpoints wep weps'],
    ['IPReservation', 'ipreservation ipreservations reservation reservations'],
    ['IPAMConfiguration', 'ipamconfiguration ipamconfigurations ipamconfig ipamconfigs'],
    ['FelixConfiguration', 'felixconfiguration felixconfigurations felixconfig felixconfigs'],
    ['ClusterInformation', 'clusterinformation clusterinformations clusterinfo clusterinfos'],
    ['CalicoNodeStatus', 'caliconodestatus caliconodestatuses nodestatus nodestatuses'],
    ['BlockAffinity', 'blockaffinity blockaffinities affinity affinities'],
  ] as const)('%s: %s', (kind, aliases) => {
    for (const alias of aliases.split(' ')) expect(kindByAlias(alias)).toBe(kind);
  });

  test('no alias means two kinds', () => {
    const all = kindNames.flatMap((kind) => [kind.toLowerCase(), kinds[kind].plural, ...kinds[kind].aliases]);
    expect(all).toHaveLength(new Set(all).size);
    expect(kindByAlias('pod')).toBeUndefined();
    expect(kindByAlias('constructor')).toBeUndefined();
  });

  test('headers are those of calicoctl', () => {
    const headers = (kind: Kind, output: 'ps' | 'wide') =>
      kinds[kind].columns[output].map(({ header }) => header).join(' ');
    expect(headers('IPPool', 'ps')).toBe('NAME CIDR SELECTOR');
    expect(headers('IPPool', 'wide')).toBe(
      'NAME CIDR NAT IPIPMODE VXLANMODE DISABLED DISABLEBGPEXPORT SELECTOR ASSIGNMENTMODE',
    );
    expect(headers('BGPPeer', 'wide')).toBe('NAME PEERIP NODE ASN');
    expect(headers('BGPConfiguration', 'ps')).toBe('NAME LOGSEVERITY MESHENABLED ASNUMBER');
    expect(headers('BGPFilter', 'ps')).toBe('NAME NUMEXPORTV4 NUMIMPORTV4 NUMEXPORTV6 NUMIMPORTV6');
    expect(headers('Node', 'wide')).toBe('NAME ASN IPV4 IPV6');
    expect(headers('WorkloadEndpoint', 'ps')).toBe('WORKLOAD NODE NETWORKS INTERFACE');
    expect(headers('WorkloadEndpoint', 'wide')).toBe('NAME WORKLOAD NODE NETWORKS INTERFACE PROFILES NATS');
    expect(headers('IPReservation', 'wide')).toBe('NAME CIDRS');
    expect(headers('FelixConfiguration', 'wide')).toBe('NAME');
    expect(headers('ClusterInformation', 'ps')).toBe(
      'NAME CLUSTERGUID CLUSTERTYPE CALICOVERSION DATASTOREREADY',
    );
    expect(headers('CalicoNodeStatus', 'ps')).toBe('NAME NODE');
    expect(headers('CalicoNodeStatus', 'wide')).toBe('NAME NODE CLASSES');
    expect(headers('IPAMConfiguration', 'wide')).toBe(
      'NAME STRICTAFFINITY AUTOALLOCATEBLOCKS MAXBLOCKSPERHOST',
    );
  });

  test('cells print fields, lists and what is inherited', () => {
    expect(
      table(parsed('IPPool', { cidr: '10.0.0.0/16', natOutgoing: true }, { name: 'p' }), 'wide'),
    ).toMatchObject({
      NAME: 'p',
      NAT: 'true',
      DISABLED: 'false',
      IPIPMODE: 'Never',
    });
    expect(table(parsed('Node', { bgp: { ipv4Address: '10.0.0.1/24' } }, { name: 'n' }), 'wide')).toEqual({
      NAME: 'n',
      ASN: '(64512)',
      IPV4: '10.0.0.1/24',
      IPV6: '',
    });
    expect(table(parsed('Node', { bgp: { asNumber: 1 } }), 'wide')).toMatchObject({ ASN: '1' });
    expect(table(parsed('BGPPeer', { peerSelector: 'all()' }), 'ps')).toMatchObject({
      NODE: '(global)',
      PEERIP: '',
    });
    expect(table(parsed('BGPPeer', { peerIP: '10.0.0.1', nodeSelector: 'has(a)' }), 'ps')).toMatchObject({
      NODE: 'has(a)',
    });
    expect(table(parsed('BGPConfiguration', {}), 'ps')).toMatchObject({ MESHENABLED: '-', ASNUMBER: '-' });
    expect(table(parsed('BGPFilter', { importV6: [{ action: 'Accept' }] }), 'ps')).toMatchObject({
      NUMIMPORTV6: '1',
      NUMEXPORTV4: '0',
    });
    expect(table(parsed('IPReservation', { reservedCIDRs: ['10.0.0.1', '10.0.0.2'] }), 'wide')).toMatchObject(
      {
        CIDRS: '10.0.0.1/32,10.0.0.2/32',
      },
    );
  });
});

describe('JSON Schema for editors', () => {
  test.each(kindNames)('%s: every field has a description, and no keyword of ours leaks', (kind) => {
    const text = JSON.stringify(jsonSchemaOf(kind));
    expect(text).not.toMatch(/"(typescript|typeName|immutable|crd|defaulted|jsonSchema|words)"/);
    for (const field of Object.values(jsonSchemaOf(kind).properties?.spec?.properties ?? {}))
      expect(field.description).toMatch(/\.$/);
  });

  test('defaults are optional, unknown fields wrong', () => {
    const spec = jsonSchemaOf('IPPool').properties?.spec;
    expect(spec).toMatchObject({ required: ['cidr'], additionalProperties: false });
    expect(spec?.properties?.ipipMode).toMatchObject({
      default: 'Never',
      enum: ['Never', 'Always', 'CrossSubnet'],
    });
  });
});
