import { address, prefix } from '@weft/ip';
import { describe, expect, test } from 'vitest';
import { Network, originate, peer, speaker } from './test/network.ts';

const A = '10.0.0.1';
const [B, C, D] = ['10.0.0.2', '10.0.0.3', '10.0.0.4'] as const;
const ROUTE = prefix('10.1.0.0/26');

function create(): Network {
  const network = new Network();
  network.add(
    speaker(A, 64512, [
      peer(B, 64512, { passive: true }),
      peer(C, 64513, { passive: true, exportPolicy: [{ name: 'nothing to C', action: 'reject' }] }),
      peer(D, 64514, {
        passive: true,
        importPolicy: [
          { name: 'refuse D', match: { prefix: { operator: 'equal', prefix: ROUTE } }, action: 'reject' },
        ],
      }),
    ]),
  );
  network.add(speaker(B, 64512, [peer(A, 64512)]));
  network.add(speaker(C, 64513, [peer(A, 64512)]));
  network.add(speaker(D, 64514, [peer(A, 64512)]));
  for (const name of [A, B, C, D]) originate(network, name);
  for (const name of [B, C, D]) originate(network, name, '10.1.0.0/26');
  network.advance(10_000);
  return network;
}

describe('explain', () => {
  test('names the winner, and for each other path the step, the values and the rule that decided', () => {
    const { paths } = create().node(A).speaker.explain(ROUTE);
    expect(paths.map(({ peer: from, best, importRule, lost }) => ({ from, best, importRule, lost }))).toEqual(
      [
        { from: B, best: true, importRule: 'default', lost: undefined },
        {
          from: D,
          best: false,
          importRule: 'refuse D',
          lost: { kind: 'rejected', rejection: 'import-policy', rule: 'refuse D' },
        },
        {
          from: C,
          best: false,
          importRule: 'default',
          lost: {
            kind: 'decision',
            step: 'as-path-length',
            value: 1,
            against: { source: 'internal', peer: B, pathId: 0 },
            againstValue: 0,
          },
        },
      ],
    );
  });

  test('says what each peer is told, by which rule, with which attributes', () => {
    const { exports } = create().node(A).speaker.explain(ROUTE);
    expect(exports).toMatchObject([
      { peer: B, told: false, rule: 'split-horizon' },
      { peer: C, told: false, rule: 'nothing to C' },
      { peer: D, told: true, rule: 'default', attributes: { asPath: '64512', nextHop: A } },
    ]);
  });

  test('shows addresses where the step compares addresses', () => {
    const network = new Network();
    network.add(speaker(A, 1, [peer(B, 1, { passive: true }), peer(C, 1, { passive: true })]));
    for (const name of [B, C]) network.add(speaker(name, 1, [peer(A, 1)]));
    for (const name of [A, B, C]) originate(network, name, ...(name === A ? [] : ['10.1.0.0/26']));
    network.advance(10_000);
    const lost = network.node(A).speaker.explain(ROUTE).paths[1];
    expect(lost).toMatchObject({
      peer: C,
      multipath: true,
      lost: { step: 'identifier', value: C, againstValue: B },
    });
    originate(network, A, '10.1.0.0/26');
    network.run();
    const local = network.node(A).speaker.explain(ROUTE).paths.at(-1)?.lost;
    expect(local).toMatchObject({
      step: 'local',
      value: 'internal',
      againstValue: 'local',
      against: { source: 'local' },
    });
  });

  test('an internal peer is not told what another internal peer has sent', () => {
    const network = create();
    network.send(A, {
      kind: 'configure',
      config: {
        ...network.node(A).speaker.config,
        peers: [...network.node(A).speaker.config.peers, peer('10.0.0.5', 64512, { passive: true })],
      },
    });
    network.add(speaker('10.0.0.5', 64512, [peer(A, 64512)]));
    network.advance(10_000);
    expect(network.node(A).speaker.explain(ROUTE).exports.at(-1)).toEqual({
      peer: '10.0.0.5',
      told: false,
      rule: 'ibgp-to-ibgp',
    });
  });

  test('an unreachable next hop is the reason, not a step', () => {
    const network = create();
    network.send(A, {
      kind: 'set-next-hops',
      nextHops: [{ address: address(B), reachable: false, metric: 0 }],
    });
    network.run();
    expect(
      network
        .node(A)
        .speaker.explain(ROUTE)
        .paths.find((path) => path.peer === B)?.lost,
    ).toEqual({ kind: 'next-hop-unreachable' });
  });

  test('a prefix nobody knows has no paths and is told to nobody', () => {
    const { paths, exports } = create().node(A).speaker.explain(prefix('99.0.0.0/8'));
    expect(paths).toEqual([]);
    expect(new Set(exports.map(({ rule }) => rule))).toEqual(new Set(['no-route']));
  });

  test('a peer without a session is told nothing for that reason', () => {
    const network = create();
    network.kill(C);
    network.advance(1_000);
    expect(network.node(A).speaker.explain(ROUTE).exports[1]).toEqual({
      peer: C,
      told: false,
      rule: 'no-session',
    });
  });

  test('asking changes nothing: what is sent and selected afterwards is the same', () => {
    const network = create();
    const { speaker: machine } = network.node(A);
    const before = [...machine.locRib('ipv4-unicast')];
    for (let round = 0; round < 3; round += 1) machine.explain(ROUTE);
    machine.handle({ kind: 'flush' }, network.now);
    expect(machine.takeActions()).toEqual([]);
    expect([...machine.locRib('ipv4-unicast')]).toEqual(before);
  });
});
