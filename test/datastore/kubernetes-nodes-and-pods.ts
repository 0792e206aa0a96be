/**
 * Nodes and WorkloadEndpoints in Kubernetes, on whichever API server: they are Nodes and Pods of Kubernetes, and weft writes
 * only annotations of theirs.
 */
import type { Datastore } from '@weft/datastore';
import type { Node, WorkloadEndpoint } from '@weft/resources';
import { beforeEach, describe, expect, it } from 'vitest';

/** A store, and a way to its server beside it. */
export interface KubernetesSubject {
  readonly store: Datastore;
  readonly ask: (
    method: string,
    path: string,
    body?: unknown,
    // biome-ignore lint/suspicious/noExplicitAny: the shape differs from path to path
  ) => Promise<{ readonly status: number; readonly body: any }>;
}

const nodeKey = { kind: 'Node', name: 'n1' } as const;
const nodePath = '/api/v1/nodes/n1';
const podsPath = '/api/v1/namespaces/default/pods';
const podPath = `${podsPath}/web-1`;
const endpointKey = { kind: 'WorkloadEndpoint', namespace: 'default', name: 'n1-k8s-web--1-eth0' } as const;

const pod = {
  apiVersion: 'v1',
  kind: 'Pod',
  metadata: { name: 'web-1', labels: { app: 'web' } },
  spec: {
    nodeName: 'n1',
    serviceAccountName: 'builder',
    terminationGracePeriodSeconds: 0,
    containers: [{ name: 'c', image: 'none', ports: [{ name: 'http', containerPort: 80 }] }],
  },
};

/** Declares the cases; each begins with one Node, `n1`, and no Pod. */
export function describeNodesAndPods(use: () => KubernetesSubject): void {
  beforeEach(async () => {
    const { ask } = use();
    await ask('DELETE', `${podPath}?gracePeriodSeconds=0`);
    await ask('DELETE', nodePath);
    const metadata = { name: 'n1', labels: { zone: 'east' }, annotations: { 'example.org/other': 'stays' } };
    expect((await ask('POST', '/api/v1/nodes', { apiVersion: 'v1', kind: 'Node', metadata })).status).toBe(
      201,
    );
  });

  describe('a Node', () => {
    it('is written into annotations, and only into those', async () => {
      const { store, ask } = use();
      const { revision } = await store.list('Node');
      const before = (await store.get(nodeKey)) as Node;
      expect(before.spec.orchRefs).toEqual([{ nodeName: 'n1', orchestrator: 'k8s' }]);
      const wanted = {
        ...before,
        metadata: { ...before.metadata, labels: { ...before.metadata.labels, rack: 'r1' } },
        spec: { ...before.spec, bgp: { ipv4Address: '10.0.0.1/24', asNumber: 64512 } },
      } as Node;
      const outcome = await store.update(wanted);
      expect(outcome).toMatchObject({
        kind: 'written',
        resource: {
          metadata: { labels: { zone: 'east', rack: 'r1' }, uid: before.metadata.uid },
          spec: { bgp: { ipv4Address: '10.0.0.1/24', asNumber: 64512 } },
        },
      });
      const { body } = await ask('GET', nodePath);
      expect(body.metadata.labels).toEqual({ zone: 'east' });
      expect(body.metadata.annotations).toEqual({
        'example.org/other': 'stays',
        'projectcalico.org/IPv4Address': '10.0.0.1/24',
        'projectcalico.org/ASNumber': '64512',
        'projectcalico.org/labels': '{"rack":"r1"}',
      });
      const stop = new AbortController();
      const { value } = await store.watch('Node', revision, stop.signal)[Symbol.asyncIterator]().next();
      stop.abort();
      expect(value).toMatchObject({ kind: 'put', resource: { spec: { bgp: { asNumber: 64512 } } } });
    });

    it('loses the annotations of fields that are emptied', async () => {
      const { store, ask } = use();
      const before = (await store.get(nodeKey)) as Node;
      const written = await store.update({ ...before, spec: { bgp: { ipv4Address: '10.0.0.1/24' } } });
      if (written.kind !== 'written') throw new Error(written.kind);
      await store.update({ ...written.resource, spec: {} });
      expect((await ask('GET', nodePath)).body.metadata.annotations).toEqual({
        'example.org/other': 'stays',
      });
    });

    it('keeps compare-and-swap', async () => {
      const { store } = use();
      const before = (await store.get(nodeKey)) as Node;
      const changed = (address: string) => ({ ...before, spec: { bgp: { ipv4Address: address } } }) as Node;
      const outcomes = await Promise.all(['10.0.0.1/24', '10.0.0.2/24'].map((a) => store.update(changed(a))));
      expect(outcomes.map(({ kind }) => kind).sort()).toEqual(['conflict', 'written']);
      const missing = { ...before, metadata: { ...before.metadata, name: 'n2' } } as Node;
      expect(await store.update(missing)).toEqual({ kind: 'not-found' });
    });

    it('is made and removed by Kubernetes alone', async () => {
      const { store } = use();
      const node = (name: string) =>
        ({ apiVersion: 'projectcalico.org/v3', kind: 'Node', metadata: { name }, spec: {} }) as Node;
      expect(store.ownedElsewhere?.has('Node')).toBe(true);
      expect(await store.create(node('n1'))).toEqual({ kind: 'already-exists' });
      await expect(store.create(node('n2'))).rejects.toMatchObject({
        code: 'invalid-resource',
        message: expect.stringMatching(/Cannot create Node "n2".*belong to Kubernetes\. Start the kubelet/),
      });
      await expect(store.delete(nodeKey)).rejects.toMatchObject({
        code: 'invalid-resource',
        message: expect.stringMatching(/Cannot delete Node "n1".*kubectl delete node n1/),
      });
      expect(await store.delete({ kind: 'Node', name: 'n2' })).toEqual({ kind: 'not-found' });
    });
  });

  describe('a WorkloadEndpoint', () => {
    const endpoint = {
      apiVersion: 'projectcalico.org/v3',
      kind: 'WorkloadEndpoint',
      metadata: { name: endpointKey.name, namespace: 'default' },
      spec: {
        node: 'n1',
        orchestrator: 'k8s',
        pod: 'web-1',
        endpoint: 'eth0',
        containerID: 'c1',
        ipNetworks: ['10.0.0.5/32', 'fd00::5/128'],
      },
    } as unknown as WorkloadEndpoint & { readonly kind: 'WorkloadEndpoint' };

    it('is there with its Pod, plugged in by create, taken out by delete', async () => {
      const { store, ask } = use();
      expect(await store.get(endpointKey)).toBeUndefined();
      await expect(store.create(endpoint)).rejects.toMatchObject({
        code: 'invalid-resource',
        message: expect.stringMatching(
          /Cannot create WorkloadEndpoint "default\/n1-k8s-web--1-eth0".*no Pod/,
        ),
      });
      expect((await ask('POST', podsPath, pod)).status).toBe(201);
      expect(await store.get(endpointKey)).toMatchObject({
        metadata: { labels: { app: 'web', 'projectcalico.org/serviceaccount': 'builder' } },
        spec: { pod: 'web-1', profiles: ['kns.default', 'ksa.default.builder'] },
      });
      expect(await store.create(endpoint)).toMatchObject({
        kind: 'written',
        resource: { spec: { ipNetworks: ['10.0.0.5/32', 'fd00::5/128'], containerID: 'c1' } },
      });
      expect(await store.create(endpoint)).toEqual({ kind: 'already-exists' });
      expect((await ask('GET', podPath)).body.metadata.annotations).toEqual({
        'cni.projectcalico.org/podIP': '10.0.0.5/32',
        'cni.projectcalico.org/podIPs': '10.0.0.5/32,fd00::5/128',
        'cni.projectcalico.org/containerID': 'c1',
      });
      expect((await store.list('WorkloadEndpoint', { namespace: 'default' })).items).toHaveLength(1);
      expect((await store.list('WorkloadEndpoint', { namespace: 'other' })).items).toEqual([]);
      expect(await store.delete(endpointKey)).toMatchObject({ kind: 'written' });
      expect(await store.delete(endpointKey)).toEqual({ kind: 'not-found' });
      expect((await ask('GET', podPath)).body.metadata.annotations).toEqual({
        'cni.projectcalico.org/podIP': '',
        'cni.projectcalico.org/podIPs': '',
        'cni.projectcalico.org/containerID': 'c1',
      });
    });

    it('is never written into another Pod of its name', async () => {
      const { store, ask } = use();
      await ask('POST', podsPath, pod);
      const first = (await store.get(endpointKey)) as WorkloadEndpoint;
      await ask('DELETE', `${podPath}?gracePeriodSeconds=0`);
      await ask('POST', podsPath, pod);
      const plugged = {
        ...first,
        spec: { ...first.spec, ipNetworks: ['10.0.0.5/32'] },
      } as unknown as typeof endpoint;
      expect(await store.update(plugged)).toEqual({ kind: 'conflict' });
      expect((await ask('GET', podPath)).body.metadata.annotations).toBeUndefined();
    });

    it('of another node is neither listed nor told to whoever asks for those of one', async () => {
      const { store, ask } = use();
      const other = { ...pod, metadata: { name: 'web-2' }, spec: { ...pod.spec, nodeName: 'n2' } };
      const { revision } = await store.list('WorkloadEndpoint', { node: 'n1' });
      await ask('POST', podsPath, other);
      await ask('POST', podsPath, pod);
      const { items } = await store.list('WorkloadEndpoint', { node: 'n1' });
      expect(items.map(({ metadata }) => metadata.name)).toEqual([endpointKey.name]);
      const stop = new AbortController();
      const events = store.watch('WorkloadEndpoint', revision, stop.signal, { node: 'n1' });
      const { value } = await events[Symbol.asyncIterator]().next();
      stop.abort();
      expect(value).toMatchObject({ kind: 'put', resource: { metadata: { name: endpointKey.name } } });
      await ask('DELETE', `${podsPath}/web-2?gracePeriodSeconds=0`);
    });

    it('is watched as its Pod changes', async () => {
      const { store, ask } = use();
      const { revision } = await store.list('WorkloadEndpoint');
      await ask('POST', podsPath, {
        ...pod,
        metadata: { name: 'host-1' },
        spec: { ...pod.spec, hostNetwork: true, containers: [{ name: 'c', image: 'none' }] },
      });
      await ask('DELETE', `${podsPath}/host-1?gracePeriodSeconds=0`);
      await ask('POST', podsPath, pod);
      await store.create(endpoint);
      await ask('DELETE', `${podPath}?gracePeriodSeconds=0`);
      const stop = new AbortController();
      const events = store.watch('WorkloadEndpoint', revision, stop.signal)[Symbol.asyncIterator]();
      expect((await events.next()).value).toMatchObject({ kind: 'put' });
      expect((await events.next()).value).toMatchObject({
        kind: 'put',
        resource: { spec: { ipNetworks: ['10.0.0.5/32', 'fd00::5/128'] } },
      });
      let last = (await events.next()).value;
      // A real server first says that the Pod is being deleted.
      if (last?.kind === 'put') last = (await events.next()).value;
      expect(last).toMatchObject({ kind: 'delete', key: endpointKey });
      stop.abort();
    });
  });
}
