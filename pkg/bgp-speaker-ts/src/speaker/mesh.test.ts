import { prefix } from '@weft/ip';
import { describe, expect, test } from 'vitest';
import { Network, peer, speaker } from './test/network.ts';

describe('full mesh of internal peers (RFC 4271 §9.2.1)', () => {
  test('every speaker has the routes of every other, with the originator as next hop', () => {
    const names = ['10.0.0.1', '10.0.0.2', '10.0.0.3'];
    const network = new Network();
    for (const name of names) {
      const others = names.filter((other) => other !== name);
      network.add(
        speaker(
          name,
          64512,
          others.map((other) => peer(other, 64512, { passive: other > name })),
        ),
      );
    }
    for (const [index, name] of names.entries()) {
      network.send(name, { kind: 'set-local-routes', routes: [{ prefix: prefix(`10.1.${index}.0/26`) }] });
    }
    network.advance(10_000);
    for (const name of names) {
      const node = network.node(name);
      expect(node.speaker.status().map((status) => status.state)).toEqual(['Established', 'Established']);
      expect([...node.routes.keys()].sort()).toEqual(['10.1.0.0/26', '10.1.1.0/26', '10.1.2.0/26']);
    }
    expect(network.node('10.0.0.1').routes.get('10.1.1.0/26')?.best).toMatchObject({
      source: 'internal',
      peer: '10.0.0.2',
      nextHops: [{ address: '10.0.0.2' }],
      localPref: 100,
    });
  });
});
