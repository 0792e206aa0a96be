/** The daemon goes, and comes back as it was or as a newer one: the kernel forwards, and peers keep the routes. */
import { hash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { type Installation, installation, restartDaemon, stopDaemon, type Topology } from '@weft/lab';
import { afterAll, describe, expect, it } from 'vitest';
import { smallTopology, type TestLab, topologyOf, useLab } from '../harness/test-lab.ts';
import { buildEarlier, type EarlierVersion, earlierCommit } from './earlier-version.ts';
import { measured } from './measured.ts';
import { isLong } from './report.ts';
import { daemonOf, passes, untilAway, untilBack } from './sessions.ts';

const NODES = ['node1', 'node2', 'node3'] as const;
const between = [
  ['node1-pod1', 'node2-pod1'],
  ['node2-pod1', 'node3-pod1'],
] as const;

describe('a weftd that ends', () => {
  const lab = useLab('f-daemon', smallTopology(3, 1, 90));
  const fault = { lab, group: 'daemon', between, lossless: true };

  it('by SIGTERM, and starts again', async () => {
    await measured({ ...fault, fault: 'weftd restarted (SIGTERM)' }, async (_, healed) => {
      await stopDaemon(lab.name, 'node2', 'SIGTERM');
      await untilAway(lab, 'node2');
      healed();
      await restartDaemon(lab.name, 'node2');
      await untilBack(lab, 'node2');
    });
  });

  it('by SIGKILL, and starts again', async () => {
    await measured({ ...fault, fault: 'weftd killed (SIGKILL), then started' }, async (_, healed) => {
      await stopDaemon(lab.name, 'node2', 'SIGKILL');
      await untilAway(lab, 'node2');
      healed();
      await restartDaemon(lab.name, 'node2');
      await untilBack(lab, 'node2');
    });
  });

  it('on all hosts at the same moment, by SIGKILL', async () => {
    await measured({ ...fault, fault: 'every weftd killed at once, then started' }, async (_, healed) => {
      await Promise.all(NODES.map((node) => stopDaemon(lab.name, node, 'SIGKILL')));
      healed();
      await Promise.all(NODES.map((node) => restartDaemon(lab.name, node)));
      for (const node of NODES) await untilBack(lab, node);
    });
  });
});

const commit = await earlierCommit();

describe.skipIf(commit === undefined)(
  `an upgrade from ${commit ?? 'a version that this clone does not have'}`,
  () => {
    let earlier: EarlierVersion;
    let current: Installation;
    const lab = useLab('f-upgrade', smallTopology(3, 1, 90), '/', async () => {
      current = await installation();
      earlier = await buildEarlier(commit ?? '');
      return earlier;
    });
    afterAll(() => earlier?.dispose());
    const fault = { lab, group: 'daemon', between, lossless: true };

    /** Ends one and starts another version: that one runs, and the routes of its host are settled, when this resolves. */
    async function replace(node: string, by = current): Promise<void> {
      const before = await bundleOf(lab, node);
      await stopDaemon(lab.name, node, 'SIGTERM');
      await restartDaemon(lab.name, node, by);
      await untilBack(lab, node);
      const after = await bundleOf(lab, node);
      expect(after).toEqual({ path: by.weftd, sha256: sha256(by.weftd) });
      expect(after.sha256).not.toBe(before.sha256);
    }

    it('of one host', async () => {
      await measured({ ...fault, fault: 'one weftd upgraded' }, async (_, healed) => {
        healed();
        await replace('node2');
      });
    });

    it('of the two others at once, while containers are attached beside them', async () => {
      const text = 'two of three upgraded at once, attaches going on';
      await measured({ ...fault, fault: text }, async (_, healed) => {
        healed();
        const attaches = lab.addPods('node2', 10);
        await Promise.all([replace('node1'), replace('node3')]);
        await attaches;
      });
    });

    it('taken back on all hosts at once', async () => {
      await measured({ ...fault, fault: 'all downgraded at once' }, async (_, healed) => {
        healed();
        await Promise.all(NODES.map((node) => replace(node, earlier)));
      });
    });

    it('of all hosts in a row, while containers are attached on each as soon as its weftd answers', async () => {
      await measured({ ...fault, fault: 'all upgraded in a row, attaches going on' }, async (_, healed) => {
        healed();
        for (const node of NODES) {
          await replace(node);
          await lab.addPods(node, 2);
        }
      });
    });
  },
);

/** The file that the weftd of a host runs. The number of a version does not change with each commit. */
async function bundleOf(lab: TestLab, node: string): Promise<{ path: string; sha256: string }> {
  const { pid } = await (await daemonOf(lab, node)).status();
  const words = readFileSync(`/proc/${pid}/cmdline`, 'utf8').split('\0');
  const path = words.find((word) => word.endsWith('/weftd.mjs')) ?? '';
  return { path, sha256: sha256(path) };
}

function sha256(path: string): string {
  return hash('sha256', readFileSync(path));
}

const REFLECTORS = ['rr1', 'rr2'] as const;

function reflectorTopology(): Topology {
  const addresses = ['10.1.0.251', '10.1.0.252'];
  const peers = addresses.map(
    (address, index) =>
      `  - { apiVersion: projectcalico.org/v3, kind: BGPPeer, metadata: { name: rr${index + 1} }, spec: { peerIP: ${address}, asNumber: 64512 } }`,
  );
  const hosts = [1, 2, 3].map(
    (node) => `  node${node}: { pods: 1, interfaces: { rack: [10.1.0.${node}/24, "fd00:1::${node}/64"] } }`,
  );
  const reflectors = addresses.map(
    (address, index) => `  rr${index + 1}: { runs: route-reflector, interfaces: { rack: [${address}/24] } }`,
  );
  const mesh =
    '  - { apiVersion: projectcalico.org/v3, kind: BGPConfiguration, metadata: { name: default }, spec: { nodeToNodeMeshEnabled: false } }';
  const topology = topologyOf(
    [
      'subnets:',
      '  rack: { prefixes: [10.1.0.0/24, "fd00:1::/64"] }',
      'hosts:',
      ...hosts,
      ...reflectors,
      'resources:',
      mesh,
      ...peers,
      'holdTimeSeconds: 3',
    ].join('\n'),
  );
  return topology;
}

describe('route reflectors that end', () => {
  const lab = useLab('f-reflector', reflectorTopology());
  const fault = { lab, group: 'daemon', between, lossless: true };

  it('one of two', async () => {
    await measured({ ...fault, fault: 'one of two route reflectors killed' }, async (_, healed) => {
      await stopDaemon(lab.name, 'rr1', 'SIGKILL');
      await untilAway(lab, 'rr1');
      healed();
      await restartDaemon(lab.name, 'rr1');
      await untilBack(lab, 'rr1');
    });
  });

  it('both, for longer than the hold time', async () => {
    const seconds = isLong ? 100 : 6;
    const text = `both route reflectors killed, away for ${seconds} s`;
    await measured({ ...fault, fault: text }, async (_, healed) => {
      await Promise.all(REFLECTORS.map((name) => stopDaemon(lab.name, name, 'SIGKILL')));
      await passes(seconds);
      healed();
      await Promise.all(REFLECTORS.map((name) => restartDaemon(lab.name, name)));
      for (const name of REFLECTORS) await untilBack(lab, name);
    });
  });
});
