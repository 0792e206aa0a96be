/** CalicoNodeStatus: whoever asks for a node's state finds it in the object. */
import { openDatastore } from '@weft/datastore';
import { resolveLab } from '@weft/lab';
import { apiVersion } from '@weft/resources';
import { expect, it } from 'vitest';
import { smallTopology, useLab } from '../harness/test-lab.ts';
import { waitFor } from '../harness/wait-for.ts';

const lab = useLab('t-node-status', smallTopology(2, 1));

it('the node that is named fills in its daemon, its sessions and its routes, again and again', async () => {
  const store = await openDatastore((await resolveLab(lab.name)).datastore);
  const key = { kind: 'CalicoNodeStatus', name: 'of-node1' } as const;
  await store.create({
    apiVersion,
    kind: key.kind,
    metadata: { name: key.name },
    spec: { node: 'node1', classes: ['Agent', 'BGP', 'Routes'], updatePeriodSeconds: 1 },
  });
  const status = await waitFor('a report', async () => (await store.get(key))?.status);
  expect(status).toMatchObject({
    agent: { birdV4: { state: 'Ready', routerID: '10.0.0.1' } },
    bgp: {
      numberEstablishedV4: 1,
      numberNotEstablishedV4: 0,
      peersV4: [{ peerIP: '10.0.0.2', type: 'NodeMesh', state: 'Established' }],
    },
  });
  const [block = ''] = await lab.blocksOf('node2');
  expect(status.routes?.routesV4).toContainEqual({
    type: 'FIB',
    destination: block,
    gateway: '10.0.0.2',
    interface: 'eth0',
    learnedFrom: { sourceType: 'NodeMesh', peerIP: '10.0.0.2' },
  });
  await waitFor('another report', async () => {
    const later = (await store.get(key))?.status?.lastUpdated;
    return later !== undefined && later !== status.lastUpdated;
  });
  await store.close();
});
