/** `weftctl explain` where a tunnel carries the pods: by its route, by what is missing for it, and what happens to packets beside. */
import { openDatastore } from '@weft/datastore';
import { chooseTopology, resolveLab, restartDaemon, stopDaemon } from '@weft/lab';
import { describe, expect, it } from 'vitest';
import { useLab, weftctl } from '../../harness/test-lab.ts';
import { waitFor } from '../../harness/wait-for.ts';

interface Explained {
  readonly verdict: { readonly answer: string; readonly stage?: string; readonly sentence: string };
  readonly hops: readonly {
    readonly stage: string;
    readonly answer: string;
    readonly says: string;
    readonly rule?: string;
  }[];
}

describe('a pool in VXLAN, without BGP', () => {
  const file = `${import.meta.dirname}/../../topologies/overlay/topology.yaml`;
  const { topology, baseDirectory } = chooseTopology(file, 0, 0);
  const lab = useLab('t-overlay-why', topology, baseDirectory);

  async function explain(destination: string): Promise<Explained> {
    const { stdout } = await weftctl(
      '--lab',
      lab.name,
      'explain',
      destination,
      '--from',
      'node1',
      '-o',
      'json',
    );
    return JSON.parse(stdout).chains[0];
  }

  /** As another program may do it, or a Node that is new. */
  async function forgetTunnelAddress(name: string): Promise<void> {
    const store = await openDatastore((await resolveLab(lab.name)).datastore);
    try {
      const node = await store.get({ kind: 'Node', name });
      if (node === undefined) throw new Error(`no Node ${name}`);
      const { ipv4VXLANTunnelAddr: _, ...spec } = node.spec;
      await store.update({ ...node, spec });
    } finally {
      await store.close();
    }
  }

  it('is reached by its tunnel, and the route says whose', async () => {
    const { hops, verdict } = await explain(await lab.addressOf('node3-pod1'));
    expect(verdict.answer).toBe('yes');
    expect(hops.find(({ stage }) => stage === 'route')).toMatchObject({
      answer: 'yes',
      says: expect.stringContaining('dev vxlan.calico'),
      rule: expect.stringContaining('IPPool pods (VXLAN Always): by vxlan.calico to node3'),
    });
  });

  it('names what is missing where the tunnel cannot be used, and not the session nobody needs', async () => {
    const address = await lab.addressOf('node3-pod1');
    await stopDaemon(lab.name, 'node3', 'SIGTERM');
    await forgetTunnelAddress('node3');
    const { verdict } = await waitFor('the tunnel is missed', async () => {
      const explained = await explain(address);
      return explained.verdict.answer === 'no' ? explained : undefined;
    });
    expect(verdict.stage).toBe('tunnel');
    expect(verdict.sentence).toContain('Node node3 tells no address of its vxlan.calico yet');
    await restartDaemon(lab.name, 'node3');
    await waitFor('it is there again', async () => (await explain(address)).verdict.answer === 'yes');
  });

  it('says what is translated, and that the source guard lets the workload speak', async () => {
    const patch = JSON.stringify({ spec: { natOutgoing: true } });
    await weftctl('--lab', lab.name, 'patch', 'ippool', 'pods', '-p', patch);
    const saysOf = async (destination: string, stage: string): Promise<string | undefined> =>
      (await explain(destination)).hops.find((hop) => hop.stage === stage)?.says;
    const address = await lab.addressOf('node3-pod1');
    const out = (what: string): string =>
      `${what} gets the address of the interface it leaves by (natOutgoing of pods: what leaves the pools)`;
    await waitFor('it is masqueraded', async () => (await saysOf(address, 'nat')) !== undefined);
    expect(await saysOf(address, 'nat')).toBe(out('what it sends to the outside'));
    expect(await saysOf('192.0.2.1', 'nat')).toBe(out('what workloads of this node send to it'));
    expect(await saysOf(address, 'source guard')).toMatch(
      /^what it sends from \S+ is let through: .* leads to cali/,
    );
  });
});
