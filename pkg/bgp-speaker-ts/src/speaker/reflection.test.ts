import { address, prefix } from '@weft/ip';
import { describe, expect, test } from 'vitest';
import { Network, originate, peer, receivedBy, routesOf, speaker } from './test/network.ts';

const AS = 64512;

/** Two reflectors of one AS, each with two clients of its own cluster, joined by one session. */
function twoClusters(): Network {
  const network = new Network();
  const clients = (names: string[]) =>
    names.map((name) => peer(name, AS, { passive: true, routeReflectorClient: true }));
  network.add(
    speaker(
      '10.0.1.1',
      AS,
      [...clients(['10.0.1.11', '10.0.1.12']), peer('10.0.2.1', AS, { passive: true })],
      {
        clusterId: address('1.1.1.1'),
      },
    ),
  );
  network.add(
    speaker('10.0.2.1', AS, [...clients(['10.0.2.11', '10.0.2.12']), peer('10.0.1.1', AS)], {
      clusterId: address('2.2.2.2'),
    }),
  );
  for (const [client, reflector] of [
    ['10.0.1.11', '10.0.1.1'],
    ['10.0.1.12', '10.0.1.1'],
    ['10.0.2.11', '10.0.2.1'],
    ['10.0.2.12', '10.0.2.1'],
  ] as const) {
    network.add(speaker(client, AS, [peer(reflector, AS)]));
  }
  for (const name of network.nodes.keys()) originate(network, name);
  return network;
}

describe('route reflection over two clusters (RFC 4456)', () => {
  test('a route of one client reaches every other speaker, its next hop unchanged', () => {
    const network = twoClusters();
    originate(network, '10.0.1.11', '10.1.0.0/26', 'fd00:1::/122');
    network.advance(10_000);
    for (const name of ['10.0.1.12', '10.0.2.11', '10.0.2.12', '10.0.1.1', '10.0.2.1']) {
      expect(routesOf(network, name), name).toEqual({ '10.1.0.0/26': '10.0.1.11' });
    }
  });

  test('§8: each reflector adds ORIGINATOR_ID once and its CLUSTER_ID in front', () => {
    const network = twoClusters();
    originate(network, '10.0.1.11', '10.1.0.0/26');
    network.advance(10_000);
    expect(receivedBy(network, '10.0.1.12', '10.0.1.1').get('10.1.0.0/26')?.attributes).toMatchObject({
      originatorId: '10.0.1.11',
      clusterList: ['1.1.1.1'],
      localPref: 100,
    });
    expect(receivedBy(network, '10.0.2.12', '10.0.2.1').get('10.1.0.0/26')?.attributes).toMatchObject({
      originatorId: '10.0.1.11',
      clusterList: ['2.2.2.2', '1.1.1.1'],
    });
  });

  test('the client never gets its own route back, and the reflectors do not echo each other', () => {
    const network = twoClusters();
    originate(network, '10.0.1.11', '10.1.0.0/26');
    network.advance(10_000);
    expect(receivedBy(network, '10.0.1.11', '10.0.1.1').size).toBe(0);
    expect(receivedBy(network, '10.0.1.1', '10.0.2.1').size).toBe(0);
  });

  test('a withdrawn route is gone everywhere', () => {
    const network = twoClusters();
    originate(network, '10.0.1.11', '10.1.0.0/26');
    network.advance(10_000);
    originate(network, '10.0.1.11');
    network.advance(10_000);
    for (const name of network.nodes.keys()) expect(routesOf(network, name), name).toEqual({});
  });

  test('when another client becomes the best source, it loses the route it had and the first one gets it', () => {
    const network = twoClusters();
    originate(network, '10.0.1.12', '10.1.0.0/26');
    network.advance(10_000);
    expect(receivedBy(network, '10.0.1.11', '10.0.1.1').size).toBe(1);
    // The lower identifier wins, and the reflector now tells the other client instead.
    originate(network, '10.0.1.11', '10.1.0.0/26');
    network.advance(10_000);
    expect(receivedBy(network, '10.0.1.11', '10.0.1.1').size).toBe(0);
    expect(receivedBy(network, '10.0.1.12', '10.0.1.1').get('10.1.0.0/26')?.attributes.nextHop).toBe(
      '10.0.1.11',
    );
  });

  test('§6: a route of a non-client goes to clients alone', () => {
    const network = new Network();
    network.add(
      speaker('10.0.0.1', AS, [
        peer('10.0.0.2', AS, { passive: true }),
        peer('10.0.0.3', AS, { passive: true }),
        peer('10.0.0.4', AS, { passive: true, routeReflectorClient: true }),
      ]),
    );
    for (const name of ['10.0.0.2', '10.0.0.3', '10.0.0.4'])
      network.add(speaker(name, AS, [peer('10.0.0.1', AS)]));
    for (const name of network.nodes.keys()) originate(network, name);
    originate(network, '10.0.0.2', '10.1.0.0/26');
    network.advance(10_000);
    expect(routesOf(network, '10.0.0.4')).toEqual({ '10.1.0.0/26': '10.0.0.2' });
    expect(routesOf(network, '10.0.0.3')).toEqual({});
  });

  test('§8: a route that passed our cluster already is a loop: kept for explain, never selected', () => {
    // Both reflectors have the same cluster and are clients of a third speaker, which brings the route back.
    const network = new Network();
    const same = { clusterId: address('9.9.9.9') };
    network.add(
      speaker(
        '10.0.0.1',
        AS,
        [peer('10.0.0.9', AS, { passive: true, routeReflectorClient: true }), peer('10.0.0.3', AS)],
        same,
      ),
    );
    network.add(speaker('10.0.0.2', AS, [peer('10.0.0.3', AS)], same));
    network.add(
      speaker('10.0.0.3', AS, [
        peer('10.0.0.1', AS, { passive: true, routeReflectorClient: true }),
        peer('10.0.0.2', AS, { passive: true, routeReflectorClient: true }),
      ]),
    );
    network.add(speaker('10.0.0.9', AS, [peer('10.0.0.1', AS)]));
    for (const name of network.nodes.keys()) originate(network, name);
    originate(network, '10.0.0.9', '10.1.0.0/26');
    network.advance(10_000);
    expect(receivedBy(network, '10.0.0.2', '10.0.0.3').get('10.1.0.0/26')).toMatchObject({
      rejection: 'cluster-loop',
      best: false,
    });
    expect(routesOf(network, '10.0.0.2')).toEqual({});
    const [path] = network.node('10.0.0.2').speaker.explain(prefix('10.1.0.0/26')).paths;
    expect(path?.lost).toEqual({ kind: 'rejected', rejection: 'cluster-loop', rule: 'cluster-loop' });
  });

  test('§8: a client that becomes a reflector of the same cluster refuses at once what was reflected to it', () => {
    const network = twoClusters();
    originate(network, '10.0.1.11', '10.1.0.0/26');
    network.advance(10_000);
    expect(routesOf(network, '10.0.1.12')).toEqual({ '10.1.0.0/26': '10.0.1.11' });
    const successor = (clusterId: string) =>
      network.send('10.0.1.12', {
        kind: 'configure',
        config: speaker('10.0.1.12', AS, [peer('10.0.1.1', AS)], { clusterId: address(clusterId) }),
      });
    successor('1.1.1.1');
    network.run();
    expect(routesOf(network, '10.0.1.12')).toEqual({});
    expect(receivedBy(network, '10.0.1.12', '10.0.1.1').get('10.1.0.0/26')?.rejection).toBe('cluster-loop');
    successor('3.3.3.3');
    network.run();
    expect(routesOf(network, '10.0.1.12')).toEqual({ '10.1.0.0/26': '10.0.1.11' });
  });

  test('a client of a cluster of its own has both clusters in the list', () => {
    const network = new Network();
    network.add(
      speaker(
        '10.0.0.1',
        AS,
        [
          peer('10.0.0.2', AS, { passive: true, routeReflectorClient: true, clusterId: address('2.2.2.2') }),
          peer('10.0.0.3', AS, { passive: true, routeReflectorClient: true, clusterId: address('3.3.3.3') }),
        ],
        { clusterId: address('1.1.1.1') },
      ),
    );
    for (const name of ['10.0.0.2', '10.0.0.3']) network.add(speaker(name, AS, [peer('10.0.0.1', AS)]));
    for (const name of network.nodes.keys()) originate(network, name);
    originate(network, '10.0.0.2', '10.1.0.0/26');
    network.advance(10_000);
    expect(receivedBy(network, '10.0.0.3', '10.0.0.1').get('10.1.0.0/26')?.attributes.clusterList).toEqual([
      '3.3.3.3',
      '2.2.2.2',
    ]);
  });

  test('clients that send the very same attributes are told apart by ORIGINATOR_ID', () => {
    const network = new Network();
    const names = ['10.0.0.2', '10.0.0.3', '10.0.0.4'];
    const clients = names.map((name) => peer(name, AS, { passive: true, routeReflectorClient: true }));
    network.add(speaker('10.0.0.1', AS, clients));
    // One next hop for all, so that nothing in the attributes says who sent them.
    for (const name of names) {
      network.add(
        speaker(name, AS, [peer('10.0.0.1', AS, { nextHopAddresses: { ipv4: address('10.0.0.99') } })]),
      );
    }
    network.advance(10_000);
    originate(network, '10.0.0.1');
    for (const [index, name] of names.entries()) originate(network, name, `10.1.${index}.0/26`);
    network.run();
    const received = receivedBy(network, '10.0.0.4', '10.0.0.1');
    expect(received.get('10.1.0.0/26')?.attributes.originatorId).toBe('10.0.0.2');
    expect(received.get('10.1.1.0/26')?.attributes.originatorId).toBe('10.0.0.3');
  });
});
