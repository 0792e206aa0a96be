/** Services and EndpointSlices as API servers have them, and what is read out of them. */
import { expect, test } from 'vitest';
import { joinServices, readService, readSlice } from './read-services.ts';

const metadata = { name: 'web', namespace: 'shop' };

test('a load balancer of both families', () => {
  expect(
    readService({
      metadata,
      spec: {
        type: 'LoadBalancer',
        clusterIP: '10.96.3.4',
        clusterIPs: ['10.96.3.4', 'fd96::34'],
        externalIPs: ['203.0.113.9'],
        externalTrafficPolicy: 'Local',
      },
      status: { loadBalancer: { ingress: [{ ip: '192.0.2.1' }, { hostname: 'lb.example' }] } },
    }),
  ).toEqual({
    name: 'shop/web',
    clusterIPs: ['10.96.3.4', 'fd96::34'],
    externalIPs: ['203.0.113.9'],
    loadBalancerIPs: ['192.0.2.1'],
    isLocal: true,
  });
});

test.each([
  ['headless', { clusterIP: 'None', clusterIPs: ['None'] }],
  ['ExternalName', { type: 'ExternalName', externalName: 'example.org' }],
  ['waiting for its address', { type: 'ClusterIP', clusterIP: '' }],
])('%s has no cluster address', (_name, spec) => {
  expect(readService({ metadata, spec })).toMatchObject({ clusterIPs: [], isLocal: false });
});

test.each([
  ['here and ready', [{ nodeName: 'node1', conditions: { ready: true } }], true, true],
  ['ready is null', [{ nodeName: 'node1', conditions: { ready: null } }], true, true],
  ['no conditions', [{ nodeName: 'node1' }], true, true],
  ['here and not ready', [{ nodeName: 'node1', conditions: { ready: false } }], false, false],
  ['ready elsewhere', [{ nodeName: 'node2', conditions: { ready: true } }], false, true],
  ['none', null, false, false],
])('endpoints of a slice: %s', (_name, endpoints, isReadyHere, isReadyAnywhere) => {
  const slice = {
    metadata: { ...metadata, name: 'web-x', labels: { 'kubernetes.io/service-name': 'web' } },
    addressType: 'IPv4',
    endpoints,
  };
  expect(readSlice(slice, 'node1')).toEqual({ service: 'shop/web', family: 4, isReadyHere, isReadyAnywhere });
});

test.each([
  ['of no Service', { addressType: 'IPv4', metadata }],
  [
    'of names',
    { addressType: 'FQDN', metadata: { ...metadata, labels: { 'kubernetes.io/service-name': 'web' } } },
  ],
])('a slice %s says nothing', (_name, slice) => {
  expect(readSlice(slice, 'node1')).toBeUndefined();
});

test('a service is ready in a family when one of its slices is', () => {
  const spec = readService({ metadata, spec: { clusterIP: '10.96.3.4' } });
  const slice = { service: 'shop/web', family: 4, isReadyHere: false, isReadyAnywhere: true } as const;
  const services = joinServices([spec], [slice, { ...slice, isReadyHere: true }, { ...slice, family: 6 }]);
  expect(services).toEqual([{ ...spec, readyHere: [4], readyAnywhere: [4, 6] }]);
});
