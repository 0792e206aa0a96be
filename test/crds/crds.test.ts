/**
 * The CRDs in manifests/ on a real API server: it takes them, and it refuses what weft refuses wherever a rule of schema or
 * CEL can say so.
 */
import { crdNames, type Kind, parseResource } from '@weft/resources';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { kubeAssets, startKubeApiServer, type TestKubeApiServer } from '../harness/kube-api-server.ts';

if (kubeAssets === undefined)
  console.warn('KUBEBUILDER_ASSETS is not set: the CRDs are not tried on an API server.');

interface Sample {
  readonly kind: Kind;
  readonly name?: string;
  readonly spec: object;
}

const pool = { cidr: '10.0.0.0/16' };
const block = {
  cidr: '10.0.0.0/30',
  allocations: [null, null, null, null],
  unallocated: [0, 1, 2, 3],
  attributes: [],
  strictAffinity: false,
};
const secret = { secretKeyRef: { name: 'bgp', key: 'password' } };
const rule = (fields: object) => ({ exportV4: [{ action: 'Accept', ...fields }] });

const good: readonly Sample[] = [
  { kind: 'IPPool', spec: pool },
  { kind: 'IPPool', name: 'six', spec: { cidr: 'fd00:10::/64', blockSize: 122, vxlanMode: 'Always' } },
  { kind: 'IPPool', name: 'lb', spec: { cidr: '10.9.0.0/24', allowedUses: ['LoadBalancer'] } },
  { kind: 'IPPool', name: 'tiny', spec: { cidr: '10.8.0.0/30', disabled: true } },
  { kind: 'IPReservation', spec: { reservedCIDRs: ['10.0.0.0/24', '10.0.1.1'] } },
  {
    kind: 'IPAMConfiguration',
    spec: { strictAffinity: true, autoAllocateBlocks: true, maxBlocksPerHost: 4 },
  },
  { kind: 'IPAMBlock', spec: block },
  { kind: 'IPAMBlock', name: 'owned', spec: { ...block, affinity: 'host:node-1.example' } },
  { kind: 'IPAMHandle', spec: { handleID: 'k8s-pod-network.Abc', block: { '10.0.0.0/26': 2 } } },
  {
    kind: 'BGPConfiguration',
    spec: { asNumber: 64512, nodeMeshPassword: secret, logSeverityScreen: 'dEBUG' },
  },
  { kind: 'BGPConfiguration', name: 'node.n1', spec: { listenPort: 1179 } },
  { kind: 'BGPPeer', spec: { peerIP: '10.0.0.1:1179', asNumber: 64512, nodeSelector: 'has(rack)' } },
  { kind: 'BGPFilter', spec: rule({ cidr: '10.0.0.0/8', matchOperator: 'In', prefixLength: { max: 26 } }) },
  { kind: 'BGPFilter', name: 'ops', spec: rule({ operations: [{ setPriority: { value: 7 } }] }) },
  { kind: 'FelixConfiguration', spec: { routeRefreshInterval: '90s', natPortRange: '1024:2048' } },
  { kind: 'FelixConfiguration', name: 'some', spec: { nodeSelector: 'has(rack)', iptablesBackend: 'nft' } },
  { kind: 'ClusterInformation', spec: { datastoreReady: true } },
  { kind: 'CalicoNodeStatus', spec: { node: 'n1', classes: ['BGP'], updatePeriodSeconds: 10 } },
];

/** What weft refuses, and what the API server can refuse as well. */
const bad: readonly Sample[] = [
  { kind: 'IPPool', spec: {} },
  { kind: 'IPPool', spec: { cidr: '10.0.0.0' } },
  { kind: 'IPPool', spec: { cidr: '169.254.0.0/24' } },
  { kind: 'IPPool', spec: { cidr: 'fe80::/64' } },
  { kind: 'IPPool', spec: { ...pool, blockSize: 19 } },
  { kind: 'IPPool', spec: { cidr: 'fd00::/64', blockSize: 26 } },
  { kind: 'IPPool', spec: { cidr: '10.0.0.0/27' } },
  { kind: 'IPPool', spec: { ...pool, ipipMode: 'always' } },
  { kind: 'IPPool', spec: { ...pool, ipipMode: 'Always', vxlanMode: 'Always' } },
  { kind: 'IPPool', spec: { cidr: 'fd00::/64', ipipMode: 'Always' } },
  { kind: 'IPPool', spec: { ...pool, nodeSelector: 'global()' } },
  { kind: 'IPPool', spec: { ...pool, nodeSelector: `a == "${'x'.repeat(1024)}"` } },
  { kind: 'IPPool', spec: { ...pool, allowedUses: ['Workload', 'Workload'] } },
  { kind: 'IPPool', spec: { ...pool, allowedUses: ['Workload', 'LoadBalancer'] } },
  { kind: 'IPPool', spec: { ...pool, allowedUses: ['LoadBalancer'], nodeSelector: 'has(x)' } },
  { kind: 'IPPool', spec: { ...pool, allowedUses: ['LoadBalancer'], vxlanMode: 'Always' } },
  { kind: 'IPPool', spec: { ...pool, allowedUses: ['LoadBalancer'], disableBGPExport: true } },
  { kind: 'IPPool', spec: { ...pool, allowedUses: ['Tunnel'], namespaceSelector: 'all()' } },
  { kind: 'IPPool', spec: { ...pool, natOutgoing: 'yes' } },
  {
    kind: 'IPAMConfiguration',
    spec: { strictAffinity: true, autoAllocateBlocks: true, ipCooldownSeconds: 1201 },
  },
  { kind: 'IPAMConfiguration', name: 'other', spec: { strictAffinity: true, autoAllocateBlocks: true } },
  { kind: 'IPAMBlock', spec: { ...block, affinity: 'node-1' } },
  { kind: 'BGPConfiguration', name: 'other', spec: {} },
  { kind: 'BGPConfiguration', name: 'node.n1', spec: { asNumber: 64512 } },
  { kind: 'BGPConfiguration', name: 'node.n1', spec: { serviceClusterIPs: [{ cidr: '10.96.0.0/12' }] } },
  { kind: 'BGPConfiguration', spec: { nodeToNodeMeshEnabled: false, nodeMeshPassword: secret } },
  { kind: 'BGPConfiguration', spec: { communities: [{ name: 'a', value: '1:1' }] } },
  { kind: 'BGPConfiguration', spec: { asNumber: 4_294_967_296 } },
  { kind: 'BGPConfiguration', spec: { logSeverityScreen: 'Loud' } },
  { kind: 'BGPPeer', spec: { peerIP: '10.0.0.1', asNumber: 1, node: 'n1', nodeSelector: 'all()' } },
  { kind: 'BGPPeer', spec: { peerSelector: 'all()', asNumber: 1 } },
  { kind: 'BGPPeer', spec: { localWorkloadSelector: 'all()' } },
  { kind: 'BGPPeer', spec: { peerSelector: 'all()', reachableBy: '10.0.0.2' } },
  { kind: 'BGPPeer', spec: { peerIP: '10.0.0.1', asNumber: 1, ttlSecurity: 256 } },
  {
    kind: 'BGPPeer',
    spec: { peerIP: '10.0.0.1', asNumber: 1, keepOriginalNextHop: true, nextHopMode: 'Keep' },
  },
  { kind: 'BGPFilter', spec: { exportV4: [{}] } },
  { kind: 'BGPFilter', spec: rule({ cidr: '10.0.0.0/8' }) },
  { kind: 'BGPFilter', spec: rule({ prefixLength: { max: 8 } }) },
  { kind: 'BGPFilter', spec: rule({ operations: [{}] }) },
  { kind: 'BGPFilter', spec: rule({ operations: [{ setPriority: { value: 1 } }], action: 'Reject' }) },
  { kind: 'FelixConfiguration', spec: { nodeSelector: 'all()' } },
  { kind: 'FelixConfiguration', spec: { routeTableRange: { min: 9, max: 8 } } },
  { kind: 'FelixConfiguration', spec: { routeTableRanges: [{ min: 9, max: 8 }] } },
  { kind: 'FelixConfiguration', spec: { routeTableRange: { min: 1, max: 2 }, routeTableRanges: [] } },
  { kind: 'FelixConfiguration', spec: { chainInsertMode: 'Prepend' } },
  { kind: 'FelixConfiguration', spec: { ipv4NormalRoutePriority: 0 } },
  { kind: 'ClusterInformation', name: 'other', spec: {} },
  { kind: 'CalicoNodeStatus', spec: { node: 'n1', classes: ['BGP', 'BGP'], updatePeriodSeconds: 10 } },
  { kind: 'CalicoNodeStatus', spec: { node: 'n1', classes: ['BGP'], updatePeriodSeconds: 86_401 } },
];

const written = ({ kind, name = 'default', spec }: Sample) => ({
  apiVersion: 'projectcalico.org/v3',
  kind,
  metadata: { name },
  spec,
});

describe('the samples', () => {
  test.each(good)('weft takes %j', (sample) => {
    expect(parseResource(written(sample))).toMatchObject({ ok: true });
  });

  test.each(bad)('weft refuses %j', (sample) => {
    expect(parseResource(written(sample))).toMatchObject({ ok: false });
  });
});

describe.skipIf(kubeAssets === undefined).each(['v1', 'v3'] as const)(
  'an API server with the CRDs of %s',
  (version) => {
    let server: TestKubeApiServer;

    beforeAll(async () => {
      server = await startKubeApiServer();
      await server.installCrds(version);
    });
    afterAll(async () => server?.dispose());

    function request({ kind, name = 'default', spec }: Sample): { path: string; object: object } {
      const names = crdNames(kind, version);
      if (names === undefined) throw new Error(`${kind} has no CRD`);
      const apiVersion = `${names.group}/${version}`;
      const object = { apiVersion, kind: names.kind, metadata: { name }, spec };
      return { path: `/apis/${apiVersion}/${names.plural}`, object };
    }

    const create = async (sample: Sample) => {
      const { path, object } = request(sample);
      return server.ask('POST', path, object);
    };

    test('calls every definition structural and established', async () => {
      const { body } = await server.ask('GET', '/apis/apiextensions.k8s.io/v1/customresourcedefinitions');
      expect(body.items).toHaveLength(12);
      for (const { metadata, status } of body.items) {
        const conditions = status.conditions.map(
          ({ type, status }: Record<string, string>) => `${type}=${status}`,
        );
        expect(conditions, metadata.name).toEqual(
          expect.arrayContaining(['Established=True', 'NamesAccepted=True']),
        );
        expect(conditions, metadata.name).not.toContain('NonStructuralSchema=True');
      }
    });

    test.each(good)('takes %j', async (sample) => {
      const { status, body } = await create(sample);
      expect([status, body.message]).toEqual([201, undefined]);
      const { path } = request(sample);
      expect((await server.ask('DELETE', `${path}/${sample.name ?? 'default'}`)).status).toBe(200);
    });

    test.each(bad)('refuses %j', async (sample) => {
      const { status } = await create(sample);
      expect(status).toBe(422);
    });

    test('an affinity is stored as the group has it: `deleted` is text in v1', async () => {
      const spec = {
        cidr: '10.0.0.0/26',
        node: 'n1',
        state: '',
        deleted: version === 'v1' ? 'false' : false,
      };
      expect((await create({ kind: 'BlockAffinity', spec })).status).toBe(201);
      const wrong = { ...spec, deleted: version === 'v1' ? false : 'false' };
      expect((await create({ kind: 'BlockAffinity', name: 'wrong', spec: wrong })).status).toBe(422);
    });

    test('a sequence number beyond 2^53 comes back digit for digit', async () => {
      const { path } = request({ kind: 'IPAMBlock', spec: block });
      await create({ kind: 'IPAMBlock', name: 'large', spec: block });
      const sequenceNumber = 9_007_199_254_740_993n;
      expect((await server.ask('PATCH', `${path}/large`, { spec: { sequenceNumber } })).status).toBe(200);
      expect((await server.ask('GET', `${path}/large`)).body.spec.sequenceNumber).toBe(sequenceNumber);
    });

    test('what a newer Calico writes is kept', async () => {
      const sample: Sample = { kind: 'IPPool', name: 'newer', spec: { ...pool, newer: { deep: [1] } } };
      await create(sample);
      const { body } = await server.ask('GET', `${request(sample).path}/newer`);
      expect(body.spec.newer).toEqual({ deep: [1] });
    });

    test('cidr and block size cannot change, nor a use for load balancers', async () => {
      const path = request({ kind: 'IPPool', spec: pool }).path;
      await create({ kind: 'IPPool', name: 'fixed', spec: { ...pool, blockSize: 26 } });
      await create({
        kind: 'IPPool',
        name: 'balancer',
        spec: { cidr: '10.9.0.0/24', allowedUses: ['LoadBalancer'] },
      });
      const change = async (name: string, spec: object) =>
        (await server.ask('PATCH', `${path}/${name}`, { spec })).status;
      expect(await change('fixed', { cidr: '10.1.0.0/16' })).toBe(422);
      expect(await change('fixed', { blockSize: 27 })).toBe(422);
      expect(await change('fixed', { disabled: true })).toBe(200);
      expect(await change('balancer', { allowedUses: ['Workload'] })).toBe(422);
      expect(await change('balancer', { allowedUses: null })).toBe(422);
    });

    test('takes the report on a node that Calico writes before it knows anything', async () => {
      const sample: Sample = {
        kind: 'CalicoNodeStatus',
        name: 'fresh',
        spec: { node: 'n1', classes: ['BGP'], updatePeriodSeconds: 10 },
      };
      const { body } = await create(sample);
      const counts = { numberEstablishedV4: 0, numberNotEstablishedV4: 0 };
      const bgp = { ...counts, numberEstablishedV6: 0, numberNotEstablishedV6: 0 };
      const status = { lastUpdated: null, agent: { birdV4: {}, birdV6: {} }, bgp, routes: {} };
      const { path } = request(sample);
      const answer = await server.ask('PUT', `${path}/fresh/status`, { ...body, status });
      expect([answer.status, answer.body.message]).toEqual([200, undefined]);
      expect(answer.body.status.bgp).toEqual(bgp);
    });

    test('the status of a pool is written apart from it', async () => {
      const sample: Sample = { kind: 'IPPool', name: 'with-status', spec: pool };
      const { body } = await create(sample);
      const condition = {
        type: 'Allocatable',
        status: 'False',
        reason: 'PoolDisabled',
        message: '',
        lastTransitionTime: '2026-01-01T00:00:00Z',
      };
      const { path } = request(sample);
      const status = { conditions: [condition] };
      const main = await server.ask('PUT', `${path}/with-status`, { ...body, status });
      expect(main.body.status).toBeUndefined();
      const apart = await server.ask('PUT', `${path}/with-status/status`, { ...main.body, status });
      expect(apart.body.status).toEqual(status);
      const twice = { conditions: [condition, condition] };
      expect(
        (await server.ask('PUT', `${path}/with-status/status`, { ...apart.body, status: twice })).status,
      ).toBe(422);
    });

    test('says which field and what to do', async () => {
      const { body } = await create({
        kind: 'IPPool',
        name: 'both',
        spec: { ...pool, ipipMode: 'Always', vxlanMode: 'Always' },
      });
      expect(body.message).toContain(
        'ipipMode: IPIP and VXLAN cannot both be on; set ipipMode or vxlanMode to Never',
      );
    });

    test('fills in what Calico fills in', async () => {
      const { body } = await create({ kind: 'IPPool', name: 'defaults', spec: pool });
      expect(body.spec).toEqual({ ...pool, nodeSelector: 'all()', assignmentMode: 'Automatic' });
    });
  },
);
