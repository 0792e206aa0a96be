import { expect, it } from 'vitest';
import { inputOf, resource } from '../test/fixtures.ts';
import { allowedSources } from './allowed-sources.ts';
import { DEFAULT_FELIX_SETTINGS } from './felix-settings.ts';

/** An endpoint of node1. */
function endpoint(name: string, containerID: string, spec: Record<string, unknown>) {
  const common = { node: 'node1', orchestrator: 'cni', containerID, endpoint: 'eth0' };
  return resource('WorkloadEndpoint', name, { ...common, ...spec }, { namespace: 'default' });
}

const first = endpoint('node1-cni-a-eth0', 'a', {
  interfaceName: 'cali1',
  ipNetworks: ['10.1.0.1/32', 'fd00::1/128'],
});
const second = endpoint('node1-cni-a-eth1', 'a', {
  endpoint: 'eth1',
  interfaceName: 'cali2',
  ipNetworks: ['10.2.0.1/32'],
});
const asking = endpoint('node1-cni-b-eth0', 'b', {
  interfaceName: 'cali3',
  ipNetworks: ['10.1.0.9/32'],
  allowSpoofedSourcePrefixes: ['10.9.0.0/16', '10.9.1.0/24'],
});
const elsewhere = endpoint('node2-cni-a-eth0', 'a', {
  node: 'node2',
  interfaceName: 'cali4',
  ipNetworks: ['10.3.0.1/32'],
});

function allowed(workloadSourceSpoofing: 'Disabled' | 'Any') {
  const felix = { ...DEFAULT_FELIX_SETTINGS, workloadSourceSpoofing };
  return allowedSources({
    ...inputOf(),
    felix,
    nodeName: 'node1',
    endpoints: [asking, second, first, elsewhere],
  });
}

const ofSiblings = [
  { hostInterface: 'cali1', family: 4, prefixes: ['10.2.0.1/32'] },
  { hostInterface: 'cali2', family: 4, prefixes: ['10.1.0.1/32'] },
  { hostInterface: 'cali2', family: 6, prefixes: ['fd00::1/128'] },
];

it('the interfaces of one container may send from the addresses of each other, and nobody from those of others', () => {
  expect(allowed('Disabled')).toEqual(ofSiblings);
});

it('what a workload asks for counts where workloadSourceSpoofing is Any', () => {
  expect(allowed('Any')).toEqual([
    ...ofSiblings,
    { hostInterface: 'cali3', family: 4, prefixes: ['10.9.0.0/16'] },
  ]);
});
