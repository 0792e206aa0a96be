import { createHash } from 'node:crypto';
import { expect, test } from 'vitest';
import { serviceHandle, TUNNELS, tunnelAttributes, tunnelHandle } from './attributes.ts';

const digest = (text: string): string => createHash('sha256').update(text).digest('base64url');

test('the handle of a service is lb- and its digest without what names may not hold', () => {
  const service = { name: 'Web', namespace: 'shop', uid: '0b7a' };
  const hash = digest('web-shop-0b7a');
  expect(serviceHandle(service, digest)).toBe(`lb-${hash.replaceAll('-', '').replaceAll('_', '')}`);
});

test('every tunnel has the handle and the attributes of calico-node', () => {
  expect(TUNNELS.map((tunnel) => [tunnelHandle(tunnel, 'n1'), tunnelAttributes(tunnel, 'n1').type])).toEqual([
    ['ipip-tunnel-addr-n1', 'ipipTunnelAddress'],
    ['vxlan-tunnel-addr-n1', 'vxlanTunnelAddress'],
    ['vxlan-v6-tunnel-addr-n1', 'vxlanV6TunnelAddress'],
    ['wireguard-tunnel-addr-n1', 'wireguardTunnelAddress'],
    ['wireguard-v6-tunnel-addr-n1', 'wireguardV6TunnelAddress'],
  ]);
});
