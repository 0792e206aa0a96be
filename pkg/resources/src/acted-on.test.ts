import { describe, expect, test } from 'vitest';
import { z } from 'zod';
import { parsed } from '../test/parsing.ts';
import { effectOf, notActedOn } from './acted-on.ts';
import type { Kind } from './generated/types.ts';
import type { KindDefinition } from './kind-definition.ts';
import { kindNames, kinds } from './kinds.ts';
import { readResource } from './parse-resource.ts';
import { unwrap } from './schema/unwrap.ts';

describe('fields that have no effect', () => {
  test.each<[Kind, object, string[]]>([
    ['IPPool', { cidr: '10.0.0.0/16', disabled: true, nodeSelector: 'has(a)' }, []],
    ['IPPool', { cidr: '10.0.0.0/16', natOutgoing: true, ipipMode: 'Always', vxlanMode: 'Never' }, []],
    ['Node', { bgp: { asNumber: 64512, ipv4Address: '10.0.0.1/24' } }, []],
    [
      'Node',
      { bgp: { ipv4Address: '10.0.0.1/24', ipv4IPIPTunnelAddr: '10.1.0.1' }, wireguard: {} },
      ['spec.wireguard'],
    ],
    ['BGPConfiguration', { asNumber: 64512, logSeverityScreen: 'Info' }, ['spec.logSeverityScreen']],
    ['BGPFilter', { exportV4: [{ action: 'Reject', source: 'RemotePeers' }] }, []],
    ['FelixConfiguration', { bpfEnabled: false }, ['spec.bpfEnabled']],
  ])('%s %j: %j', (kind, spec, expected) => {
    const order = (paths: readonly string[]) => [...paths].sort();
    expect(order(notActedOn(parsed(kind, spec)))).toEqual(order(expected));
  });

  test('a field of a newer Calico is one of them', () => {
    const value = {
      apiVersion: 'projectcalico.org/v3',
      kind: 'IPPool',
      metadata: { name: 'p' },
      spec: { cidr: '10.0.0.0/16', newer: { deep: 1 } },
    };
    const result = readResource(value);
    expect(result.ok && notActedOn(result.resource)).toEqual(['spec.newer']);
  });

  test('a path stands for what is below it, and only for that', () => {
    const definition = { actsOn: ['bgp.asNumber', 'peer'] };
    expect(effectOf(definition, 'bgp')).toBe('part');
    expect(effectOf(definition, 'bgp.asNumber')).toBe('all');
    expect(effectOf(definition, 'bgp.asNumbers')).toBe('none');
    expect(effectOf(definition, 'peer.name')).toBe('all');
    expect(effectOf(definition, 'peers')).toBe('none');
    expect(effectOf({ actsOn: 'all' }, 'anything')).toBe('all');
  });

  test.each(kindNames)('%s: what weft says it acts on exists', (kind) => {
    const { actsOn, spec } = kinds[kind] as unknown as KindDefinition;
    for (const path of actsOn === 'all' ? [] : actsOn) {
      const field = path
        .split('.')
        .reduce<unknown>((schema, step) => (unwrap(schema) as z.ZodObject).shape[step], spec);
      expect(field, path).toBeInstanceOf(z.ZodType);
    }
  });
});
