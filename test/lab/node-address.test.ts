/** Which address a node takes on real interfaces, why, and what becomes of it while weftd runs. */
import { readFileSync } from 'node:fs';
import { ControlClient } from '@weft/control';
import { openDatastore } from '@weft/datastore';
import { resolveLab } from '@weft/lab';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { topologyOf, useLab } from '../harness/test-lab.ts';
import { waitFor } from '../harness/wait-for.ts';
import { WeftdProcess } from '../harness/weftd-process.ts';

const topology = topologyOf(`
subnets:
  rack: { prefixes: [10.1.0.0/24, "fd00:1::/64"] }
  storage: { prefixes: [10.9.0.0/24, "fd00:9::/64"] }
hosts:
  node1: { interfaces: { rack: [10.1.0.1/24, "fd00:1::1/64"] } }
  bare:
    runs: none
    interfaces: { rack: [10.1.0.2/24, "fd00:1::2/64"], storage: [10.9.0.2/24, "fd00:9::2/64"] }
    routes: [{ to: 198.51.100.0/24, via: 10.1.0.1 }]
holdTimeSeconds: 3`);
const lab = useLab('t-address', topology);

let weftd: WeftdProcess;
beforeEach(() => {
  weftd = new WeftdProcess();
});
afterEach(() => weftd.dispose());

async function datastore(): Promise<string> {
  const { datastore: choice } = await resolveLab(lab.name);
  return choice.type === 'embedded' ? choice.path : '';
}

async function start(args: readonly string[], environment: Record<string, string> = {}): Promise<void> {
  const common = ['--no-default-pools', '--hold-time-seconds', '3'];
  const all = [...common, '--datastore', await datastore(), ...args];
  await weftd.start({
    lab: lab.name,
    host: 'bare',
    args: all,
    environment: { NODENAME: 'bare', ...environment },
  });
}

/** What the Node of the host says, and what its daemon says of it. */
async function addresses(): Promise<{ node: unknown[]; reasons: string[] }> {
  const status = await weftd.status();
  return { node: await nodeAddresses(), reasons: status.addresses.map(({ reason }) => reason) };
}

async function nodeAddresses(): Promise<unknown[]> {
  const store = await openDatastore({ type: 'embedded', path: await datastore() });
  const node = await store.get({ kind: 'Node', name: 'bare' });
  await store.close();
  return [node?.spec.bgp?.ipv4Address, node?.spec.bgp?.ipv6Address, node?.spec.bgp?.asNumber];
}

/** With the first address of a subnet go the others, so the new one comes afterwards. */
async function move(from: string, to: string): Promise<void> {
  await lab.run('bare', 'ip', 'address', 'del', from, 'dev', 'eth0');
  await lab.run('bare', 'ip', 'address', 'add', to, 'dev', 'eth0');
}

describe('the address of a host with two interfaces', () => {
  it.each([
    [{}, ['10.9.0.2/24', 'fd00:9::2/64'], /^first-found: 10\.9\.0\.2\/24 on eth1$/],
    [
      { IP_AUTODETECTION_METHOD: 'interface=eth0,ens.*' },
      ['10.1.0.2/24', 'fd00:9::2/64'],
      /^interface=eth0,ens/,
    ],
    [
      {
        IP_AUTODETECTION_METHOD: 'skip-interface=eth1',
        IP6_AUTODETECTION_METHOD: 'cidr=fd00:1::/32,10.0.0.0/8',
      },
      ['10.1.0.2/24', 'fd00:1::2/64'],
      /^skip-interface=eth1: 10\.1\.0\.2\/24 on eth0 \(passed over: eth1 is skipped\)$/,
    ],
    [
      { IP_AUTODETECTION_METHOD: 'can-reach=198.51.100.7', IP6_AUTODETECTION_METHOD: 'can-reach=fd00:1::7' },
      ['10.1.0.2/24', 'fd00:1::2/64'],
      /^can-reach=198\.51\.100\.7: packets of IPv4 leave with 10\.1\.0\.2, as 10\.1\.0\.2\/24 on eth0$/,
    ],
    [
      { IP: '10.1.0.2', IP6: 'none', AS: '64999' },
      ['10.1.0.2/24', 'fd00:1::2/64', 64999],
      /^10\.1\.0\.2 is set, and eth0 has it$/,
    ],
  ])('with %j is told with its reason', async (environment, node, reason) => {
    await start([], environment as Record<string, string>);
    const found = await addresses();
    expect(found.node.slice(0, node.length)).toEqual(node);
    expect(found.reasons[0]).toMatch(reason);
    expect(weftd.lines('node-address-chosen').map(({ msg }) => msg)).toEqual(found.reasons);
    await weftd.stop();
  });

  it('that nothing reaches is a start that fails, and says what was looked at', async () => {
    const nowhere = 'can-reach=203.0.113.1';
    const store = ['--datastore', `${weftd.directory}/own.db`];
    await start([...store, '--ip6', 'none'], { IP_AUTODETECTION_METHOD: nowhere });
    expect(await weftd.ended()).toBe(1);
    expect(weftd.output).toMatch(
      /^weftd: this node has no address .*can-reach=203\.0\.113\.1: no IPv4 route leads there.*\n {2}object: node bare\n {2}do: .*--ip ADDRESS/m,
    );
  });

  it("that is another Node's is a start that fails and names that Node, unless it is wanted", async () => {
    await lab.run('bare', 'ip', 'address', 'add', '10.1.0.1/24', 'dev', 'eth1');
    try {
      await start([], { IP: '10.1.0.1', IP6: 'none' });
      expect(await weftd.ended()).toBe(1);
      expect(weftd.output).toMatch(/^weftd: the address 10\.1\.0\.1\/24 is that of Node node1, too\n/m);
      expect(weftd.output).toMatch(/DISABLE_NODE_IP_CHECK=true/);
      expect((await nodeAddresses())[0]).toBe('10.1.0.2/24');
    } finally {
      await lab.run('bare', 'ip', 'address', 'del', '10.1.0.1/24', 'dev', 'eth1');
    }
  });

  it('that changes while weftd runs is taken over, and the session follows', async () => {
    await start(['--autodetect-poll-interval', '1s'], {
      IP_AUTODETECTION_METHOD: 'interface=eth0',
      IP6: 'none',
    });
    await weftd.ready();
    await move('10.1.0.2/24', '10.1.0.77/24');
    await waitFor(
      'the Node has the new address',
      async () => (await nodeAddresses())[0] === '10.1.0.77/24',
      20_000,
      50,
    );
    const node1 = (await resolveLab(lab.name)).hosts.find(({ name }) => name === 'node1');
    const peersOfNode1 = async () => (await new ControlClient(node1?.controlSocket ?? '').bgpPeers()).peers;
    await waitFor(
      'node1 has its session with the new address',
      async () =>
        (await peersOfNode1()).some(
          ({ address, state }) => address === '10.1.0.77' && state === 'Established',
        ),
      30_000,
      50,
    );
    expect(weftd.lines('node-address-chosen').at(-1)?.msg).toBe(
      'interface=eth0: 10.1.0.77/24 on eth0 (passed over: eth1 has another name)',
    );
    await move('10.1.0.77/24', '10.1.0.2/24');
  });
});

describe('the name of a node', () => {
  it('is kept in its file at the end of the start, and found there by the next', async () => {
    await start([], { IP6: 'none' });
    await weftd.status();
    await weftd.stop();
    expect(readFileSync(weftd.nodenameFile, 'utf8')).toBe('bare');
    await start([], { NODENAME: '', HOSTNAME: 'Other', IP6: 'none' });
    expect((await weftd.status()).node).toBe('bare');
  });
});
