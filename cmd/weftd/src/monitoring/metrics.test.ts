import type { SessionDecision } from '@weft/calc';
import { expect, it } from 'vitest';
import type { Bgp } from '../bgp/bgp.ts';
import { Metrics } from './metrics.ts';

it('tells sessions with workloads from those of the network', () => {
  const status = { updatesReceived: 0, families: [] };
  const peers = [
    { ...status, address: '10.0.0.2', state: 'Connect', establishedCount: 4 },
    { ...status, address: '10.244.1.5', state: 'Established', establishedCount: 9 },
  ];
  const sessions = [
    { kind: 'session', peer: '10.0.0.2', type: 'node-to-node mesh' },
    { kind: 'session', peer: '10.244.1.5', type: 'local workload' },
    // Both ask for the address; the first has it.
    { kind: 'left-out', peer: '10.0.0.2', type: 'local workload' },
  ] as unknown as SessionDecision[];
  const metrics = new Metrics('node');
  metrics.watchPeers({
    bgp: () => ({ peers: () => peers }) as unknown as Bgp,
    sessions: () => sessions,
    inSync: () => true,
    ready: () => true,
  });
  expect(metrics.render().match(/^weft_bgp_(peer_up|sessions_established_total)\{.*$/gm)).toEqual([
    'weft_bgp_peer_up{peer="10.0.0.2",type="node-to-node mesh"} 0',
    'weft_bgp_peer_up{peer="10.244.1.5",type="local workload"} 1',
    'weft_bgp_sessions_established_total{peer="10.0.0.2",type="node-to-node mesh"} 4',
    'weft_bgp_sessions_established_total{peer="10.244.1.5",type="local workload"} 9',
  ]);
});
