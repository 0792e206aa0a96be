/**
 * Policies as the speaker evaluates them.
 */
import { familyOf, prefix, prefixBytes, prefixLength } from '@weft/ip';
import {
  applyOperations,
  createRouteFacts,
  type PathAttributes,
  Policy,
  type PolicyRule,
  type RouteFacts,
  type RouteSource,
} from 'bgp-speaker-ts';
import { describe, expect, it } from 'vitest';
import { affinity, inputOf, node, pool, resource } from '../test/fixtures.ts';
import { calculate } from './calculate.ts';
import type { CalcInput } from './input.ts';

interface Route {
  readonly prefix: string;
  readonly source?: RouteSource;
  readonly attributes?: PathAttributes;
  readonly interface?: string;
}

function factsOf(route: Route): RouteFacts {
  const destination = prefix(route.prefix);
  const facts = createRouteFacts(familyOf(destination) === 4 ? 'ipv4-unicast' : 'ipv6-unicast');
  const view = new DataView(prefixBytes(destination).buffer);
  facts.word0 = view.getUint32(0);
  if (view.byteLength === 16)
    [facts.word1, facts.word2, facts.word3] = [4, 8, 12].map((at) => view.getUint32(at)) as [
      number,
      number,
      number,
    ];
  facts.length = prefixLength(destination);
  facts.source = route.source ?? 'local';
  facts.attributes = route.attributes ?? {};
  facts.interface = route.interface;
  return facts;
}

function verdict(
  rules: readonly PolicyRule[],
  route: Route,
  peerType: 'internal' | 'external' = 'internal',
): string {
  const { accepted, rule } = new Policy(rules, { peerType }).evaluate(factsOf(route));
  return `${accepted ? 'accept' : 'reject'}: ${rule}`;
}

function policies(given: Partial<CalcInput>, filters: readonly string[] = []) {
  const input = inputOf({
    nodes: [node('node1', { ipv4: '10.0.0.1/24' })],
    bgpPeers: [resource('BGPPeer', 'tor', { peerIP: '10.0.0.254', asNumber: 65000, filters })],
    ...given,
  });
  const { speaker } = calculate(input);
  const [peer] = speaker.kind === 'bgp' ? speaker.config.peers : [];
  if (peer === undefined) throw new Error('there is one peer');
  return peer;
}

const normal: PathAttributes = { localPref: 2_147_482_623 };

describe('export', () => {
  const given: Partial<CalcInput> = {
    pools: [
      pool('open', '10.1.0.0/16'),
      pool('disabled', '10.2.0.0/16', { disabled: true }),
      pool('closed', '10.3.0.0/16', { disableBGPExport: true }),
      pool('open6', 'fd00:1::/48'),
    ],
    blockAffinities: [
      affinity('node1', '10.1.0.0/26'),
      affinity('node1', '10.1.0.64/26', { state: 'pending' }),
      affinity('node1', '10.3.0.0/26'),
      affinity('node1', '10.99.0.0/26'),
      affinity('node1', 'fd00:1::/122'),
    ],
  };
  const cases: readonly (Route & { readonly name: string; readonly expected: string })[] = [
    { name: 'an own block', prefix: '10.1.0.0/26', expected: 'accept: own block 10.1.0.0/26' },
    { name: 'an own block, IPv6', prefix: 'fd00:1::/122', expected: 'accept: own block fd00:1::/122' },
    { name: 'an own block of no pool', prefix: '10.99.0.0/26', expected: 'accept: own block 10.99.0.0/26' },
    {
      name: 'an address inside an own block',
      prefix: '10.1.0.5/32',
      attributes: normal,
      source: 'internal',
      expected: 'reject: inside own block 10.1.0.0/26',
    },
    {
      name: 'an address inside an own block whose workload is moving',
      prefix: '10.1.0.5/32',
      attributes: { localPref: 2_147_483_135 },
      source: 'internal',
      expected: 'accept: moving within own block 10.1.0.0/26',
    },
    {
      name: 'a block whose claim is pending, as others announce it',
      prefix: '10.1.0.64/26',
      source: 'internal',
      expected: 'accept: IPPool open',
    },
    {
      name: 'an own block of a pool that is not exported',
      prefix: '10.3.0.0/26',
      expected: 'reject: IPPool closed with disableBGPExport',
    },
    {
      name: 'a block of another node',
      prefix: '10.1.9.0/26',
      source: 'internal',
      expected: 'accept: IPPool open',
    },
    { name: 'a borrowed address', prefix: '10.1.9.7/32', expected: 'accept: IPPool open' },
    {
      name: 'a pool where nothing new is allocated',
      prefix: '10.2.0.0/26',
      source: 'internal',
      expected: 'accept: IPPool disabled',
    },
    { name: 'a default route', prefix: '0.0.0.0/0', source: 'external', expected: 'reject: in no pool' },
    { name: 'a network of the underlay', prefix: '10.0.0.0/24', expected: 'reject: in no pool' },
    { name: 'more than a pool', prefix: '10.0.0.0/8', expected: 'reject: in no pool' },
    {
      name: 'a block of IPv6',
      prefix: 'fd00:1::40/122',
      source: 'internal',
      expected: 'accept: IPPool open6',
    },
    { name: 'a default route of IPv6', prefix: '::/0', source: 'external', expected: 'reject: in no pool' },
  ];
  it.each(cases)('$name', ({ expected, ...route }) => {
    expect(verdict(policies(given).exportPolicy, route)).toBe(expected);
  });

  it('adds the communities of every prefixAdvertisement around the route, by name and by value', () => {
    const configuration = resource('BGPConfiguration', 'default', {
      communities: [{ name: 'pods', value: '64512:1' }],
      prefixAdvertisements: [
        { cidr: '10.1.0.0/16', communities: ['pods', '64512:2:3'] },
        { cidr: '10.1.0.0/26', communities: ['64512:4'] },
        { cidr: '10.4.0.0/16', communities: ['64512:5'] },
      ],
    });
    const { exportPolicy } = policies({ ...given, bgpConfigurations: [configuration] });
    const { operations, rule } = new Policy(exportPolicy, { peerType: 'external' }).evaluate(
      factsOf({ prefix: '10.1.0.0/26' }),
    );
    expect(rule).toBe('own block 10.1.0.0/26');
    expect(operations).toHaveLength(3);
  });

  it('leaves out a community nothing defines, which the store may hold', () => {
    const configuration = resource('BGPConfiguration', 'default', {
      prefixAdvertisements: [{ cidr: '10.1.0.0/16', communities: ['64512:1'] }],
    });
    const spec = {
      ...configuration.spec,
      prefixAdvertisements: [{ cidr: prefix('10.1.0.0/16'), communities: ['gone', '64512:1'] }],
    };
    const { exportPolicy } = policies({ ...given, bgpConfigurations: [{ ...configuration, spec }] });
    expect(
      new Policy(exportPolicy, { peerType: 'external' }).evaluate(factsOf({ prefix: '10.1.0.0/26' }))
        .operations,
    ).toHaveLength(1);
  });
});

describe('BGPFilters', () => {
  const filter = (name: string, spec: Record<string, unknown>) => resource('BGPFilter', name, spec);

  it('come before everything else, in the order the peer names them, and decide only for their own family', () => {
    const bgpFilters = [
      filter('first', { exportV4: [{ cidr: '10.1.1.0/24', matchOperator: 'In', action: 'Reject' }] }),
      filter('second', {
        exportV4: [
          { cidr: '10.1.0.0/16', matchOperator: 'In', prefixLength: { min: 26, max: 26 }, action: 'Accept' },
        ],
        exportV6: [{ action: 'Reject' }],
      }),
    ];
    const pools = [pool('closed', '10.1.0.0/16', { disableBGPExport: true }), pool('open6', 'fd00:1::/48')];
    const { exportPolicy } = policies({ bgpFilters, pools }, ['first', 'gone', 'second']);
    expect(verdict(exportPolicy, { prefix: '10.1.1.0/26' })).toBe('reject: BGPFilter first exportV4[0]');
    expect(verdict(exportPolicy, { prefix: '10.1.2.0/26' })).toBe('accept: BGPFilter second exportV4[0]');
    expect(verdict(exportPolicy, { prefix: '10.1.2.0/27' })).toBe(
      'reject: IPPool closed with disableBGPExport',
    );
    expect(verdict(exportPolicy, { prefix: 'fd00:1::/122' })).toBe('reject: BGPFilter second exportV6[0]');
  });

  const rules: readonly {
    readonly name: string;
    readonly rule: Record<string, unknown>;
    readonly yes: Route;
    readonly no: Route;
    readonly peerType?: 'internal' | 'external';
  }[] = [
    {
      name: 'In, the network itself included',
      rule: { cidr: '10.1.0.0/16', matchOperator: 'In' },
      yes: { prefix: '10.1.0.0/16' },
      no: { prefix: '10.0.0.0/15' },
    },
    {
      name: 'NotIn',
      rule: { cidr: '10.1.0.0/16', matchOperator: 'NotIn' },
      yes: { prefix: '10.2.0.0/16' },
      no: { prefix: '10.1.2.0/24' },
    },
    {
      name: 'Equal',
      rule: { cidr: '10.1.0.0/16', matchOperator: 'Equal' },
      yes: { prefix: '10.1.0.0/16' },
      no: { prefix: '10.1.0.0/24' },
    },
    {
      name: 'NotEqual',
      rule: { cidr: '10.1.0.0/16', matchOperator: 'NotEqual' },
      yes: { prefix: '10.1.0.0/24' },
      no: { prefix: '10.1.0.0/16' },
    },
    {
      name: 'prefixLength',
      rule: { cidr: '10.1.0.0/16', matchOperator: 'In', prefixLength: { min: 24, max: 26 } },
      yes: { prefix: '10.1.0.0/25' },
      no: { prefix: '10.1.0.0/27' },
    },
    {
      name: 'source',
      rule: { source: 'RemotePeers' },
      yes: { prefix: '10.1.0.0/26', source: 'internal' },
      no: { prefix: '10.1.0.0/26', source: 'local' },
    },
    {
      name: 'interface',
      rule: { interface: 'eth*' },
      yes: { prefix: '10.1.0.0/26', interface: 'eth0' },
      no: { prefix: '10.1.0.0/26' },
    },
    {
      name: 'communities',
      rule: { communities: { values: ['64512:7'] } },
      yes: { prefix: '10.1.0.0/26', attributes: { communities: [64512 * 65536 + 7] } },
      no: { prefix: '10.1.0.0/26' },
    },
    {
      name: 'large communities',
      rule: { communities: { values: ['1:2:3'] } },
      yes: {
        prefix: '10.1.0.0/26',
        attributes: { largeCommunities: [{ globalAdministrator: 1, localData1: 2, localData2: 3 }] },
      },
      no: { prefix: '10.1.0.0/26', attributes: { communities: [65538] } },
    },
    {
      name: 'asPathPrefix',
      rule: { asPathPrefix: [65000, 65001] },
      yes: {
        prefix: '10.1.0.0/26',
        attributes: { asPath: [{ kind: 'sequence', asns: [65000, 65001, 65002] }] },
      },
      no: { prefix: '10.1.0.0/26', attributes: { asPath: [{ kind: 'sequence', asns: [65000] }] } },
    },
    {
      name: 'priority, as LOCAL_PREF',
      rule: { priority: 512 },
      yes: { prefix: '10.1.0.0/26', attributes: { localPref: 2_147_483_135 } },
      no: { prefix: '10.1.0.0/26', attributes: normal },
    },
    { name: 'nothing', rule: {}, yes: { prefix: '0.0.0.0/0' }, no: { prefix: '::/0' } },
  ];
  it.each(rules)('match by $name', ({ rule, yes, no }) => {
    const bgpFilters = [filter('one', { importV4: [{ ...rule, action: 'Reject' }] })];
    const { importPolicy } = policies({ bgpFilters }, ['one']);
    expect(verdict(importPolicy, yes, 'external')).toBe('reject: BGPFilter one importV4[0]');
    expect(verdict(importPolicy, no, 'external')).toBe('accept: default');
  });

  it('match by the type of the peer', () => {
    const bgpFilters = [
      filter('one', {
        exportV4: [
          { peerType: 'eBGP', action: 'Reject' },
          { peerType: 'iBGP', action: 'Accept' },
        ],
      }),
    ];
    const { exportPolicy } = policies({ bgpFilters }, ['one']);
    expect(verdict(exportPolicy, { prefix: '10.1.0.0/26' }, 'external')).toBe(
      'reject: BGPFilter one exportV4[0]',
    );
    expect(verdict(exportPolicy, { prefix: '10.1.0.0/26' }, 'internal')).toBe(
      'accept: BGPFilter one exportV4[1]',
    );
  });

  it('change what they accept', () => {
    const operations = [
      { addCommunity: { value: '64512:9' } },
      { addCommunity: { value: '1:2:3' } },
      { prependASPath: { prefix: [65000, 65000] } },
      { setPriority: { value: 512 } },
    ];
    const bgpFilters = [filter('one', { importV4: [{ action: 'Accept', operations }] })];
    const { importPolicy } = policies({ bgpFilters }, ['one']);
    expect(importPolicy[0]?.operations).toEqual([
      { kind: 'add-community', community: '64512:9' },
      { kind: 'add-community', community: '1:2:3' },
      { kind: 'prepend-as-path', asns: [65000, 65000] },
      { kind: 'set-local-pref', localPref: 2_147_483_135 },
    ]);
    expect(
      new Policy(importPolicy, { peerType: 'external' }).evaluate(factsOf({ prefix: '10.1.0.0/26' }))
        .operations,
    ).toHaveLength(4);
  });
});

describe('import', () => {
  it('takes everything when there is no filter, a default route included', () => {
    expect(policies({}).importPolicy).toEqual([]);
    expect(verdict([], { prefix: '0.0.0.0/0', source: 'external' })).toBe('accept: default');
  });
});

describe('the policies of a node that is being drained', () => {
  const given = {
    pools: [pool('pods', '10.244.0.0/16')],
    blockAffinities: [affinity('node1', '10.244.1.0/26')],
    bgpFilters: [
      resource('BGPFilter', 'let-out', {
        exportV4: [{ action: 'Accept', matchOperator: 'Equal', cidr: '192.0.2.0/24' }],
      }),
    ],
  };
  const draining = policies({ ...given, settings: { ...inputOf().settings, isDraining: true } }, ['let-out']);
  const inService = policies(given, ['let-out']);

  it.each(['10.244.1.0/26', '10.244.9.0/26', '192.0.2.0/24', '10.244.1.7/32', '198.51.100.0/24'])(
    'decide on %s by the same rule, and make it the last choice of whoever is told (RFC 8326 §4)',
    (name) => {
      const route: Route = { prefix: name, attributes: { communities: [1], localPref: 100 } };
      expect(verdict(draining.exportPolicy, route)).toBe(verdict(inService.exportPolicy, route));
      const policy = new Policy(draining.exportPolicy, { peerType: 'internal' });
      const { accepted, operations } = policy.evaluate(factsOf(route));
      const lastChoice = { communities: [1, 0xff_ff_00_00], localPref: 0 };
      expect(applyOperations(route.attributes ?? {}, operations)).toEqual(
        accepted ? lastChoice : route.attributes,
      );
    },
  );

  it('leave what is learned as it is', () => {
    expect(draining.importPolicy).toEqual(inService.importPolicy);
  });
});
