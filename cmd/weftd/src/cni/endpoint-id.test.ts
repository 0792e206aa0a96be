import { endpointIdSchema } from '@weft/control';
import { describe, expect, it } from 'vitest';
import { handleOf } from '../endpoints/assign-addresses.ts';
import { cniEndpointId, isOfNetwork } from './endpoint-id.ts';

const drawn = 'ab'.repeat(32);

describe('the id of a CNI attachment', () => {
  const keys = [
    { network: 'net', containerId: 'c1', interfaceName: 'eth0' },
    { network: 'net', containerId: 'c1', interfaceName: 'eth1' },
    { network: 'net', containerId: 'c', interfaceName: '1eth0' },
    { network: 'net', containerId: 'c1', interfaceName: 'e@th+0é' },
    { network: 'net.c1', containerId: 'c1', interfaceName: 'eth0' },
    { network: 'n'.repeat(300), containerId: 'c'.repeat(300), interfaceName: 'eth0' },
    { network: 'n'.repeat(301), containerId: 'c'.repeat(300), interfaceName: 'eth0' },
    { network: 'net', containerId: drawn, interfaceName: 'eth0' },
  ];

  it('is one that the control API takes, and another for each attachment', () => {
    const ids = keys.map(cniEndpointId);
    for (const id of ids) expect(endpointIdSchema.safeParse(id)).toMatchObject({ success: true });
    expect(new Set(ids).size).toBe(ids.length);
    expect(new Set(ids.map((id) => handleOf('node1', id))).size).toBe(ids.length);
  });

  it('tells its network', () => {
    for (const key of keys) expect(isOfNetwork(cniEndpointId(key), key.network)).toBe(true);
    expect(isOfNetwork('net.c1:c1:eth0', 'net')).toBe(false);
  });
});

describe('the handle of a CNI attachment', () => {
  it.each([
    ["is Calico's where the container's id was drawn", `net:${drawn}:eth0`, `net.${drawn}`],
    ['names the node where somebody chose the id', 'net:web:eth0', 'net.node1.web.eth0'],
    ['names the node for a further interface', `net:${drawn}:eth1`, `net.node1.${drawn}.eth1`],
    ['is of weft for other ids', 'pod1', 'weft.node1.pod1'],
  ])('%s', (_, id, handle) => {
    expect(handleOf('node1', id)).toBe(handle);
  });
});
