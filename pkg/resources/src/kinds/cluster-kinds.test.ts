import { describe, expect, test } from 'vitest';
import { faults, parsed } from '../../test/parsing.ts';
import { readResource } from '../parse-resource.ts';

describe('ClusterInformation', () => {
  test('takes what Calico writes', () => {
    const spec = {
      clusterGUID: '0123456789abcdef0123456789abcdef',
      clusterType: 'k8s,bgp,kdd',
      calicoVersion: 'v3.32.1',
      datastoreReady: false,
      variant: 'Calico',
    };
    expect(parsed('ClusterInformation', spec).spec).toEqual(spec);
    expect(parsed('ClusterInformation', {}).spec).toEqual({});
  });

  test.each([
    [{ datastoreReady: 'yes' }, {}, 'spec.datastoreReady: must be a boolean, not "yes"'],
    [{ clusterGuid: 'a' }, {}, 'spec.clusterGuid: is not a known field'],
    [{}, { name: 'other' }, 'metadata.name: no ClusterInformation can be called "other"'],
  ])('refuses %j %j', (spec, metadata, fault) => {
    expect(faults('ClusterInformation', spec, metadata)).toEqual([fault]);
  });
});

describe('CalicoNodeStatus', () => {
  const wanted = { node: 'worker-1', classes: ['Agent', 'BGP', 'Routes'], updatePeriodSeconds: 10 };

  test.each([
    [wanted],
    [{ ...wanted, updatePeriodSeconds: 0 }],
    [{ ...wanted, updatePeriodSeconds: 86_400 }],
    [{ ...wanted, classes: [] }],
  ])('takes %j', (spec) => {
    expect(parsed('CalicoNodeStatus', spec).spec).toEqual(spec);
  });

  test.each([
    [{ ...wanted, node: undefined }, 'spec.node: is required'],
    [{ ...wanted, node: 'Worker' }, 'spec.node: "Worker" is not the name of a node'],
    [{ ...wanted, classes: undefined }, 'spec.classes: is required'],
    [{ ...wanted, classes: ['Bgp'] }, 'spec.classes[0]: "Bgp" is not one of Agent, BGP, Routes'],
    [{ ...wanted, classes: ['BGP', 'BGP'] }, 'spec.classes[1]: "BGP" is listed twice'],
    [{ ...wanted, updatePeriodSeconds: undefined }, 'spec.updatePeriodSeconds: is required'],
    [{ ...wanted, updatePeriodSeconds: -1 }, 'spec.updatePeriodSeconds: -1 is less than 0'],
    [{ ...wanted, updatePeriodSeconds: 86_401 }, 'spec.updatePeriodSeconds: 86401 is more than 86400'],
  ])('refuses %j', (spec, fault) => {
    expect(faults('CalicoNodeStatus', spec)).toEqual([fault]);
  });

  test('takes the report Calico writes, empty parts and all', () => {
    const daemon = {
      state: 'Ready',
      version: 'v0.3.3+birdv1.6.8',
      routerID: '192.0.2.1',
      lastBootTime: '2026-01-01 10:00:00',
      lastReconfigurationTime: '2026-01-01 10:00:01',
    };
    const value = {
      apiVersion: 'projectcalico.org/v3',
      kind: 'CalicoNodeStatus',
      metadata: { name: 'worker-1' },
      spec: wanted,
      status: {
        lastUpdated: '2026-01-01T10:00:00Z',
        agent: { birdV4: daemon, birdV6: {} },
        bgp: {
          numberEstablishedV4: 1,
          numberNotEstablishedV4: 0,
          numberEstablishedV6: 0,
          numberNotEstablishedV6: 0,
          peersV4: [{ peerIP: '192.0.2.2', type: 'NodeMesh', state: 'Established', since: '10:00:05' }],
        },
        routes: {
          routesV4: [
            {
              type: 'FIB',
              destination: '10.65.0.0/26',
              gateway: '192.0.2.2',
              interface: 'eth0',
              learnedFrom: { sourceType: 'NodeMesh', peerIP: '192.0.2.2' },
            },
            { type: 'RIB', destination: '10.65.0.64/26', learnedFrom: {} },
          ],
        },
      },
    };
    expect(readResource(value)).toEqual({ ok: true, resource: value });
    const unreported = { ...value, status: { lastUpdated: null, agent: {}, bgp: {}, routes: {} } };
    expect(readResource(unreported)).toMatchObject({ ok: true, resource: { status: { agent: {} } } });
  });
});
