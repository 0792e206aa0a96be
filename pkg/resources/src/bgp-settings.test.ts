import { describe, expect, test } from 'vitest';
import { parsed } from '../test/parsing.ts';
import { effectiveBgpSettings } from './bgp-settings.ts';

const cluster = parsed('BGPConfiguration', {
  asNumber: 65000,
  listenPort: 1179,
  nodeToNodeMeshEnabled: false,
});
const node = parsed('BGPConfiguration', { listenPort: 2179, bindMode: 'NodeIP' }, { name: 'node.n1' });

describe('the BGP settings of a node', () => {
  test("are Calico's defaults when nobody says anything", () => {
    expect(effectiveBgpSettings(undefined, undefined)).toEqual({
      logSeverityScreen: 'Info',
      nodeToNodeMeshEnabled: true,
      asNumber: 64512,
      listenPort: 179,
      bindMode: 'None',
      serviceLoadBalancerAggregation: 'Enabled',
      programClusterRoutes: 'EnabledNoEncapOnly',
      ipv4NormalRoutePriority: 1024,
      ipv6NormalRoutePriority: 1024,
      prefixAdvertisements: [],
    });
  });

  test('come from the node before the cluster', () => {
    expect(effectiveBgpSettings(cluster, undefined)).toMatchObject({
      asNumber: 65000,
      listenPort: 1179,
      bindMode: 'None',
    });
    expect(effectiveBgpSettings(cluster, node)).toMatchObject({
      asNumber: 65000,
      listenPort: 2179,
      bindMode: 'NodeIP',
    });
  });

  test('ignore what a node says about the whole cluster', () => {
    const stored = { ...node, spec: { ...node.spec, asNumber: 1, nodeToNodeMeshEnabled: true } };
    const expected = { asNumber: 65000, nodeToNodeMeshEnabled: false, listenPort: 2179 };
    expect(effectiveBgpSettings(cluster, stored)).toMatchObject(expected);
    expect(effectiveBgpSettings(undefined, stored)).toMatchObject({ asNumber: 64512 });
  });
});
