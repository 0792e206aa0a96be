/**
 * What each component does with the API, from its start to the rarest of its duties.
 */
import { join } from 'node:path';
import { ControlClient } from '@weft/control';
import { createIpam } from '@weft/ipam';
import { cniCall } from '../harness/cni-call.ts';
import { waitFor } from '../harness/wait-for.ts';
import type { Component, Trial } from './rbac-trial.ts';

const root = join(import.meta.dirname, '../..');
const CRD = 'crd.projectcalico.org/v1';

/** Where the bundles are. */
export const PROGRAMS: string = join(root, 'node_modules/.cache/weft/rbac');

/** The components, with the sources of their programs. */
export const components: readonly (Component & { readonly source: string })[] = [
  {
    account: 'kube-system/weftd',
    source: join(root, 'cmd/weftd/src/main.ts'),
    program: join(PROGRAMS, 'weftd.mjs'),
    environment: (directory) => ({ WEFT_NODE_NAME: 'node1', ...places(directory) }),
    withheldTogether: () => 'all',
    prepare: async (trial) => prepareNode(trial),
    scenario: nodeScenario,
  },
  {
    account: 'kube-system/weft-route-reflector',
    source: join(root, 'cmd/weftd/src/main.ts'),
    program: join(PROGRAMS, 'weftd.mjs'),
    environment: (directory) => ({
      WEFT_NODE_NAME: 'reflector',
      WEFT_ROLE: 'route-reflector',
      ...places(directory),
    }),
    withheldTogether: () => 'all',
    prepare: async ({ server: { objects } }) => void objects.put(`${CRD}/bgppeers`, passwordPeer),
    scenario: async ({ directory, server }) => {
      const control = new ControlClient(join(directory, 'weftd.sock'));
      await until('it is ready', () => isReady(control));
      await until('it watches', () => server.watchCount === 4);
    },
  },
  {
    account: 'kube-system/weft-controller',
    source: join(root, 'cmd/weft-controller/src/main.ts'),
    program: join(PROGRAMS, 'weft-controller.mjs'),
    environment: () => ({ WEFT_LEAK_GRACE_PERIOD: '1s' }),
    // It waits twice as long after every failure.
    withheldTogether: ({ verb }) => (/^(get|update|delete)$/.test(verb) ? verb : 'the others'),
    prepare: prepareLeaks,
    scenario: async ({ store }) => {
      await until('all is taken back', async () => {
        const { items } = await store.list('IPAMBlock');
        const isEmpty = items.every(({ spec }) => spec.allocations.every((index) => index === null));
        return isEmpty && items.length === 1;
      });
    },
  },
];

function places(directory: string): Record<string, string> {
  return {
    WEFT_CONTROL_SOCKET: join(directory, 'weftd.sock'),
    WEFT_IPAM_JOURNAL: join(directory, 'journal.db'),
    WEFT_CNI_SPOOL: join(directory, 'spool'),
    WEFT_NODENAME_FILE: join(directory, 'nodename'),
    WEFT_RECORD_DIRECTORY: join(directory, 'record'),
  };
}

async function isReady(control: ControlClient): Promise<boolean> {
  return control.readiness().then(
    ({ ok }) => ok,
    () => false,
  );
}

const passwordPeer = {
  metadata: { name: 'tor' },
  spec: {
    peerIP: '10.0.0.254',
    asNumber: 64700,
    node: 'another-node',
    password: { secretKeyRef: { name: 'bgp-secrets', key: 'tor' } },
  },
};

/** A Node, Pods on it, a Service, a report that somebody wants, a session with a password. */
function prepareNode({ server: { objects } }: Trial): void {
  objects.put('v1/namespaces', { metadata: { name: 'default' } });
  objects.put('v1/nodes', { metadata: { name: 'node1' }, status: { conditions: [] } });
  for (const [name, annotations] of [
    ['p1', {}],
    ['p2', { 'cni.projectcalico.org/ipv4pools': '["full"]' }],
  ] as const)
    objects.put('v1/pods', {
      metadata: { name, namespace: 'default', annotations },
      spec: { nodeName: 'node1' },
      status: { phase: 'Pending' },
    });
  objects.put(`${CRD}/bgpconfigurations`, {
    metadata: { name: 'default' },
    spec: { serviceClusterIPs: [{ cidr: '10.96.0.0/16' }] },
  });
  objects.put(`${CRD}/bgppeers`, {
    metadata: { name: 'workloads' },
    spec: { localWorkloadSelector: "app == 'router'", asNumber: 64701, node: 'node1' },
  });
  objects.put(`${CRD}/bgppeers`, passwordPeer);
  objects.put(`${CRD}/caliconodestatuses`, {
    metadata: { name: 'report' },
    spec: { node: 'node1', classes: ['BGP'], updatePeriodSeconds: 1 },
  });
}

async function nodeScenario(trial: Trial): Promise<void> {
  const { run, server, store } = trial;
  const starts = (): number => run.said.split('"daemon-started"').length - 1;
  await until('weftd runs', () => starts() === 1);
  // Somebody made the object anew, without what weftd needs of it.
  server.objects.put(`${CRD}/clusterinformations`, { metadata: { name: 'default' }, spec: {} });
  await run.restart();
  await until('weftd runs again', () => starts() === 2);
  await cni(trial, 'ADD', 'p1');
  await cni(trial, 'DEL', 'p1');
  const full = await store.create({
    apiVersion: 'projectcalico.org/v3',
    kind: 'IPPool',
    metadata: { name: 'full' },
    // In VXLAN, so that blocks are followed; without an address for the tunnel, so that the block stays free.
    spec: { cidr: '10.250.0.0/26', blockSize: 26, vxlanMode: 'Always', allowedUses: ['Workload'] },
  } as never);
  if (full.kind !== 'written') throw new Error(full.kind);
  await loseClaim(trial, () => cni(trial, 'ADD', 'p2'));
  await cni(trial, 'DEL', 'p2');
  const status = () => server.objects.get(`${CRD}/caliconodestatuses`, 'report')?.status;
  await until('the report is written', () => status() !== undefined);
}

/** Another node takes the only block of a pool in the moment in which this one does. */
async function loseClaim({ server }: Trial, add: () => Promise<void>): Promise<void> {
  const claims = () => server.requests.filter((line) => /^POST .*\/ipamblocks$/.test(line)).length;
  const before = claims();
  server.fail(/^POST .*\/ipamblocks$/, { kind: 'slow', milliseconds: 500 }, 1);
  const take = async (): Promise<void> => {
    await until('the block is claimed', () => claims() > before);
    server.objects.put(`${CRD}/ipamblocks`, OTHERS_BLOCK);
  };
  await Promise.all([add(), take()]);
}

const OTHERS_BLOCK = {
  metadata: { name: '10-250-0-0-26' },
  spec: {
    cidr: '10.250.0.0/26',
    affinity: 'host:another-node',
    allocations: Array(64).fill(null),
    unallocated: [...Array(64).keys()],
    attributes: [],
    strictAffinity: false,
    deleted: false,
    sequenceNumber: 1,
  },
};

/** Calls weftd as a kubelet's runtime does, until it has done it. */
async function cni({ directory, namespace, run }: Trial, command: string, pod: string): Promise<void> {
  const args = `K8S_POD_NAMESPACE=default;K8S_POD_NAME=${pod};K8S_POD_INFRA_CONTAINER_ID=${pod}`;
  const netns = `/run/netns/${namespace}-pod`;
  await until(`${command} of ${pod}`, async () => {
    const answer = await cniCall(join(directory, 'weftd.sock'), { command, containerId: pod, netns, args });
    run.heard(answer);
    return answer.exitCode === 0;
  });
}

/** A busy machine, and a component that waits longer from attempt to attempt, need time. */
function until(wanted: string, ask: () => boolean | Promise<boolean>): Promise<boolean> {
  return waitFor(wanted, ask, 60_000, 50);
}

async function prepareLeaks({ server, store }: Trial): Promise<void> {
  server.objects.put('v1/nodes', { metadata: { name: 'node1' } });
  server.objects.put(`${CRD}/ipamconfigs`, {
    metadata: { name: 'default' },
    spec: { strictAffinity: false, autoAllocateBlocks: true, ipCooldownSeconds: 0 },
  });
  await store.create({
    apiVersion: 'projectcalico.org/v3',
    kind: 'IPPool',
    metadata: { name: 'pods' },
    spec: { cidr: '10.244.0.0/24', blockSize: 28 },
  } as never);
  const ipam = createIpam({ store, now: Date.now });
  for (const [node, address] of [
    ['node1', '10.244.0.1'],
    ['node1', '10.244.0.17'],
    ['dead', '10.244.0.33'],
  ] as const) {
    const outcome = await ipam.assignIp({
      node,
      handle: `k8s-pod-network.${address}`,
      attributes: { pod: 'gone', namespace: 'default', node, timestamp: '2026-01-01 00:00:00 +0000 UTC' },
      intendedUse: 'Workload',
      address: address as never,
    });
    if (outcome.kind !== 'assigned') throw new Error(outcome.message);
  }
}
