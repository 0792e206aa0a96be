import { randomUUID } from 'node:crypto';
import { FIRST_FOUND, type LocalFacts } from '@weft/calc';
import { createMemoryStore, type Datastore } from '@weft/datastore';
import { createLogger } from '@weft/telemetry';
import { beforeEach, describe, expect, it, vi } from 'vitest';
import type { Options } from '../options.ts';
import { NodeRegistration } from './node-registration.ts';

let store: Datastore;
let facts: LocalFacts;

beforeEach(() => {
  store = createMemoryStore({ now: Date.now, uuid: randomUUID });
  facts = factsOf('10.0.0.1/24');
});

function factsOf(...addresses: string[]): LocalFacts {
  const eth0 = { name: 'eth0', up: true, running: true, mtuBytes: 1500, addresses };
  return { interfaces: [eth0], routes: [] };
}

function registration(more: Partial<Options> = {}, isLocked = () => false): NodeRegistration {
  const options = {
    nodeName: 'node1',
    datastore: { type: 'embedded', path: '/x.db' },
    addresses: ([4, 6] as const).map((family) => ({ family, wanted: 'autodetect', method: FIRST_FOUND })),
    checksNodeAddress: true,
    ...more,
  } as Options;
  const log = createLogger({ name: 'test', level: 'error' });
  return new NodeRegistration({ options, store, facts: () => facts, isLocked, log });
}

const node = async (name = 'node1') => (await store.get({ kind: 'Node', name }))?.spec;

async function putNode(name: string, spec: object): Promise<void> {
  const outcome = await store.create({
    apiVersion: 'projectcalico.org/v3',
    kind: 'Node',
    metadata: { name },
    spec,
  } as never);
  expect(outcome.kind).toBe('written');
}

describe('the Node of a daemon', () => {
  it('is made with what was chosen, and written again only when that changes', async () => {
    const registered = registration();
    await registered.register();
    expect(await node()).toEqual({ bgp: { ipv4Address: '10.0.0.1/24' } });
    const { revision } = await store.list('Node');
    await registered.register();
    expect((await store.list('Node')).revision).toBe(revision);
    facts = factsOf('10.0.0.2/24', 'fd00::2/64');
    await registered.register();
    expect(await node()).toEqual({ bgp: { ipv4Address: '10.0.0.2/24', ipv6Address: 'fd00::2/64' } });
    expect(registered.addresses.map(({ address }) => address)).toEqual(['10.0.0.2/24', 'fd00::2/64']);
  });

  it('keeps what others wrote, the AS number unless one is given, and an address that is found no more', async () => {
    const bgp = { asNumber: 65001, ipv6Address: 'fd00::9/64', routeReflectorClusterID: '1.0.0.1' };
    await putNode('node1', { bgp, ipv4VXLANTunnelAddr: '10.9.0.1' });
    await registration().register();
    const rest = { ipv4VXLANTunnelAddr: '10.9.0.1' };
    expect(await node()).toEqual({ bgp: { ...bgp, ipv4Address: '10.0.0.1/24' }, ...rest });
    facts = factsOf();
    await registration({ asNumber: 65002, kubernetesNode: 'kube1' }).register();
    expect(await node()).toEqual({
      bgp: { ...bgp, ipv4Address: '10.0.0.1/24', asNumber: 65002 },
      orchRefs: [{ nodeName: 'kube1', orchestrator: 'k8s' }],
      ...rest,
    });
  });

  it.each(['10.0.0.1/24', '10.0.0.1/32'])(
    'is not written with the address of another, %s',
    async (theirs) => {
      await putNode('other', { bgp: { ipv4Address: theirs } });
      await expect(registration().register()).rejects.toMatchObject({
        name: 'StartupError',
        message: 'the address 10.0.0.1/24 is that of Node other, too',
      });
      expect(await node()).toBeUndefined();
      await registration({ checksNodeAddress: false }).register();
      expect((await node())?.bgp?.ipv4Address).toBe('10.0.0.1/24');
    },
  );

  it('that has an address already is not stopped by a newcomer with the same', async () => {
    await registration().register();
    await putNode('newcomer', { bgp: { ipv4Address: '10.0.0.1/24' } });
    await registration({ asNumber: 65002 }).register();
    expect((await node())?.bgp?.asNumber).toBe(65002);
  });

  it('follows an address that is detected, but not while the datastore is locked', async () => {
    let locked = true;
    const looked = vi.fn(() => locked);
    const registered = registration({ autodetectPollIntervalMs: 5 }, looked);
    await registered.register();
    registered.watch();
    facts = factsOf('10.0.0.2/24');
    await vi.waitFor(() => expect(looked.mock.calls.length).toBeGreaterThan(2));
    expect((await node())?.bgp?.ipv4Address).toBe('10.0.0.1/24');
    locked = false;
    await vi.waitFor(async () => expect((await node())?.bgp?.ipv4Address).toBe('10.0.0.2/24'));
    registered.close();
  });

  it('that is told its addresses is not looked at again', async () => {
    const wanted = '10.0.0.1/24';
    const addresses = [{ family: 4, wanted, method: FIRST_FOUND }] as const;
    vi.useFakeTimers();
    const registered = registration({ addresses, autodetectPollIntervalMs: 5 });
    registered.watch();
    expect(vi.getTimerCount()).toBe(0);
    vi.useRealTimers();
  });

  it('is not made without any address', async () => {
    facts = factsOf('169.254.0.1/16');
    await expect(registration().register()).rejects.toThrow(
      /^this node has no address that others could reach \(IPv4: first-found: .*; IPv6: first-found: /,
    );
    expect(await node()).toBeUndefined();
  });
});
