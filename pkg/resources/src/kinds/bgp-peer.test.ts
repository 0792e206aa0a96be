import { describe, expect, test } from 'vitest';
import { faults, parsed } from '../../test/parsing.ts';

const peer = { peerIP: '10.0.0.1', asNumber: 64512 };

describe('BGPPeer', () => {
  test.each([
    [peer],
    [{ peerIP: '10.0.0.1:1179', asNumber: '64512', node: 'n1' }],
    [{ peerIP: '[fd00::1]:1179', asNumber: 1, reachableBy: 'fd00::2', nodeSelector: 'rack == "a"' }],
    [{ peerSelector: 'has(route-reflector)', reversePeering: 'Manual' }],
    [{ localWorkloadSelector: "color == 'red'", asNumber: 65401, filters: ['a', 'b'] }],
    [{ ...peer, ttlSecurity: 1, keepaliveTime: '500ms', maxRestartTime: '2m', numAllowedLocalASNumbers: 2 }],
    [{ ...peer, keepOriginalNextHop: false, nextHopMode: 'Self', sourceAddress: 'None' }],
    [{ ...peer, node: '', nodeSelector: 'all()' }],
  ])('accepts %j', (spec) => {
    expect(faults('BGPPeer', spec)).toEqual([]);
  });

  test('keeps what the user left open', () => {
    expect(parsed('BGPPeer', peer).spec).toEqual(peer);
  });

  test.each([
    [{ ...peer, node: 'n1', nodeSelector: 'all()' }, 'spec.node: node and nodeSelector exclude each other'],
    [
      { peerIP: '10.0.0.1', peerSelector: 'all()' },
      'spec.peerIP: peerIP and peerSelector exclude each other',
    ],
    [{ asNumber: 1, peerSelector: 'all()' }, 'spec.asNumber: asNumber and peerSelector exclude each other'],
    [
      { ...peer, localWorkloadSelector: 'all()' },
      'spec.peerIP: peerIP and localWorkloadSelector exclude each other',
    ],
    [{ localWorkloadSelector: 'all()' }, 'spec.asNumber: is required with localWorkloadSelector'],
    [
      { ...peer, keepOriginalNextHop: true, nextHopMode: 'Keep' },
      'spec.keepOriginalNextHop: keepOriginalNextHop and nextHopMode exclude each other',
    ],
    [{ peerSelector: 'all()', reachableBy: '10.0.0.2' }, 'spec.reachableBy: needs an address to reach'],
    [{ ...peer, reachableBy: 'fd00::1' }, 'spec.reachableBy: fd00::1 and 10.0.0.1 are not of one family'],
    [{ peerIP: 'tor1', asNumber: 1 }, 'spec.peerIP: "tor1" is not an IP address with an optional port'],
    [{ peerIP: '10.0.0.1:0', asNumber: 1 }, 'spec.peerIP: "10.0.0.1:0" has no port between 1 and 65535'],
    [
      { peerIP: '[10.0.0.1]:179', asNumber: 1 },
      'spec.peerIP: "[10.0.0.1]:179" is not an IP address with an optional port',
    ],
    [{ ...peer, node: 'Node_1' }, 'spec.node: "Node_1" is not a name'],
    [{ ...peer, filters: ['ok', 'not ok'] }, 'spec.filters[1]: "not ok" is not a name'],
    [
      { peerIP: '192.168.0.0:', asNumber: 1 },
      'spec.peerIP: "192.168.0.0:" is not an IP address with an optional port',
    ],
    [
      { peerIP: '[9000::]:', asNumber: 1 },
      'spec.peerIP: "[9000::]:" is not an IP address with an optional port',
    ],
    [
      { peerIP: '[9000::]:65536', asNumber: 1 },
      'spec.peerIP: "[9000::]:65536" has no port between 1 and 65535',
    ],
    [
      { peerIP: '[9000::FFFFF]:170', asNumber: 1 },
      'spec.peerIP: "9000::FFFFF" is not an IP address with an optional port',
    ],
    [{ peerIP: ':8552', asNumber: 1 }, 'spec.peerIP: "" is not an IP address with an optional port'],
    [{ peerIP: '[]:8552', asNumber: 1 }, 'spec.peerIP: "[]:8552" is not an IP address with an optional port'],
    [{ ...peer, numAllowedLocalASNumbers: -1 }, 'spec.numAllowedLocalASNumbers: -1 is less than 0'],
    [
      { peerSelector: 'all()', localWorkloadSelector: 'all()', asNumber: 1 },
      'spec.asNumber: asNumber and peerSelector exclude each other',
      'spec.peerSelector: peerSelector and localWorkloadSelector exclude each other',
    ],
    [{ ...peer, reachableBy: '10.0.0' }, 'spec.reachableBy: "10.0.0" is not an IP address'],
    [{ ...peer, ttlSecurity: 256 }, 'spec.ttlSecurity: 256 is more than 255'],
    [
      { ...peer, password: { secretKeyRef: { name: 'x', keys: 'y' } } },
      'spec.password.secretKeyRef.key: is required',
      'spec.password.secretKeyRef.keys: is not a known field',
    ],
    [{ ...peer, sourceAddress: 'NodeIP' }, 'spec.sourceAddress: "NodeIP" is not one of UseNodeIP, None'],
    [{ ...peer, keepaliveTime: '-1s' }, 'spec.keepaliveTime: "-1s" is not a duration like 90s or 1m30s'],
  ])('refuses %j', (spec, ...expected) => {
    expect(faults('BGPPeer', spec)).toEqual(expected);
  });
});

describe('annotations of weft on a BGPPeer', () => {
  const annotated = (annotations: Record<string, string>) => faults('BGPPeer', peer, { annotations });

  test('BFD', () => {
    expect(annotated({ 'weft.dev/bfd': '300ms x 3', 'example.org/anything': 'goes' })).toEqual([]);
    expect(annotated({ 'weft.dev/bfd': 'fast' })).toEqual([
      'metadata.annotations["weft.dev/bfd"]: "fast" is not an interval and a multiplier like 300ms x 3',
    ]);
  });

  test('an interface in place of an address', () => {
    const at = (annotations: Record<string, string>, spec = {}) => faults('BGPPeer', spec, { annotations });
    const name = 'metadata.annotations["weft.dev/interface"]';
    const remote = 'metadata.annotations["weft.dev/remote-as"]';
    expect(at({ 'weft.dev/interface': 'eth1', 'weft.dev/remote-as': 'external' })).toEqual([]);
    expect(at({ 'weft.dev/interface': 'eth1' }, { asNumber: 65000, node: 'n1' })).toEqual([]);
    expect(at({ 'weft.dev/interface': 'a b' })).toEqual([`${name}: "a b" is not the name of an interface`]);
    expect(at({ 'weft.dev/interface': 'eth1' }, peer)).toEqual([
      `${name}: weft.dev/interface and peerIP exclude each other`,
    ]);
    expect(at({ 'weft.dev/remote-as': 'external' }, peer)).toEqual([
      `${remote}: is for peers on an interface`,
    ]);
    expect(at({ 'weft.dev/interface': 'eth1', 'weft.dev/remote-as': 'other' })).toEqual([
      `${remote}: "other" is neither internal nor external`,
    ]);
    expect(
      at({ 'weft.dev/interface': 'eth1', 'weft.dev/remote-as': 'external' }, { asNumber: 65000 }),
    ).toEqual([`${remote}: weft.dev/remote-as and asNumber exclude each other`]);
  });

  test('none that weft does not know', () => {
    expect(annotated({ 'weft.dev/bdf': '300ms x 3' })).toEqual([
      'metadata.annotations["weft.dev/bdf"]: is not a known annotation of weft',
    ]);
  });
});
