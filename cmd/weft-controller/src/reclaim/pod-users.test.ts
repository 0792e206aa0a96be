import type { KubernetesObject } from '@weft/datastore';
import { expect, it } from 'vitest';
import { essence, userOfPod } from './pod-users.ts';

const metadata = { name: 'web', namespace: 'shop' };
const spec = { nodeName: 'node1', containers: [{ image: 'large' }] };
const status = { phase: 'Running', podIP: '10.1.0.5', podIPs: [{ ip: '10.1.0.5' }, { ip: 'fd00::5' }] };
const plugged = {
  'cni.projectcalico.org/podIPs': '10.1.0.5/32,fd00::5/128',
  'cni.projectcalico.org/podIP': '10.1.0.5/32',
};
const both = ['10.1.0.5', 'fd00::5'];
const web = { name: 'shop/web', node: 'node1' };

it.each<[string, KubernetesObject, object]>([
  ['has the addresses of its status', { metadata, spec, status }, { ...web, addresses: both }],
  [
    'has those of its annotations until the kubelet reports',
    { metadata: { ...metadata, annotations: plugged }, spec, status: { phase: 'Pending' } },
    { ...web, addresses: both },
  ],
  [
    'has both while its status lags behind a sandbox that was made anew, and those of further interfaces',
    {
      metadata: {
        ...metadata,
        annotations: {
          'cni.projectcalico.org/podIPs': '10.1.0.6/32',
          'k8s.v1.cni.cncf.io/network-status':
            '[{"ips":["10.1.0.6"]},{"interface":"net1","ips":["10.1.0.7"]}]',
        },
      },
      spec,
      status: { phase: 'Running', podIP: '10.1.0.5' },
    },
    { ...web, addresses: ['10.1.0.5', '10.1.0.6', '10.1.0.7'] },
  ],
  ['has none yet', { metadata, spec, status: { phase: 'Pending' } }, { ...web, addresses: [] }],
  [
    'has no node yet',
    { metadata, spec: {}, status: { phase: 'Pending' } },
    { ...web, node: '', addresses: [] },
  ],
  [
    'may have any if it tells one that nobody can read',
    { metadata, spec, status: { phase: 'Running', podIP: 'ten' } },
    web,
  ],
  [
    'has ended when it failed',
    { metadata, spec, status: { ...status, phase: 'Failed' } },
    { ...web, hasEnded: true },
  ],
  [
    'has ended when it is deleted and was taken out',
    {
      metadata: { ...metadata, deletionTimestamp: 'now', annotations: { 'cni.projectcalico.org/podIP': '' } },
      spec,
      status,
    },
    { ...web, hasEnded: true },
  ],
])('a Pod %s, and what is kept of it says so, too', (_, pod, user) => {
  expect(userOfPod(pod)).toMatchObject(user);
  expect('addresses' in userOfPod(pod)).toBe(!('addresses' in user) ? 'hasEnded' in user : true);
  expect(userOfPod(essence(pod))).toEqual(userOfPod(pod));
});

it('little is kept of a Pod', () => {
  const annotations = { ...plugged, 'kubectl.kubernetes.io/last-applied-configuration': 'long' };
  const pod = {
    metadata: { ...metadata, annotations, labels: { app: 'web' }, managedFields: [{}] },
    spec,
    status,
  };
  expect(essence(pod)).toEqual({
    metadata: { ...metadata, annotations: plugged },
    spec: { nodeName: 'node1' },
    status,
  });
});
