/**
 * Labs of 1 to 100 hosts, in a mesh and behind reflectors: time until all sessions are there, time from a pod's attach until
 * all other hosts route to it, and what each daemon costs.
 */
import { readFileSync } from 'node:fs';
import { ControlClient } from '@weft/control';
import { type Address, prefixOf } from '@weft/ip';
import { addPod, defaultTopology, resolveLab, type Topology } from '@weft/lab';
import { Arrivals } from './arrivals.ts';
import { withLab } from './bench-lab.ts';
import type { Figure } from './run.ts';
import { quantile, round } from './statistics.ts';

interface Size {
  readonly hosts: number;
  /** Further hosts that reflect routes; without them the hosts are a mesh. */
  readonly reflectors: number;
}

const sizes: readonly Size[] = [
  { hosts: 1, reflectors: 0 },
  { hosts: 10, reflectors: 0 },
  { hosts: 50, reflectors: 0 },
  { hosts: 100, reflectors: 0 },
  { hosts: 100, reflectors: 3 },
];
/** How many hosts get a pod, one after the other; its block is one that nobody has routes to yet. */
const attaches = 10;
const blockSize = 26;
/** Of clock ticks in /proc: `getconf CLK_TCK` on every Linux of today. */
const millisecondsPerTick = 10;

export async function* scaleBench(): AsyncGenerator<Figure> {
  for (const size of sizes) {
    const start = performance.now();
    yield await withLab('bench-scale', topologyOf(size), async (lab) => {
      const establishedSeconds = round((performance.now() - start) / 1000);
      const started = await daemonsOf(lab);
      const milliseconds = await attachToHosts(lab, size.hosts);
      const settled = await daemonsOf(lab);
      return {
        benchmark: 'scale',
        ...size,
        sessions: settled.sessions / 2,
        establishedSeconds,
        attachToAllRoutesP50Milliseconds: quantile(milliseconds, 0.5),
        attachToAllRoutesMaxMilliseconds: quantile(milliseconds, 1),
        rssP50Mebibytes: quantile(settled.mebibytes, 0.5),
        rssMaxMebibytes: quantile(settled.mebibytes, 1),
        startProcessorP50Seconds: quantile(started.processorSeconds, 0.5),
        processorP50Seconds: quantile(settled.processorSeconds, 0.5),
        processorMaxSeconds: quantile(settled.processorSeconds, 1),
      };
    });
  }
}

function topologyOf({ hosts, reflectors }: Size): Topology {
  const topology = defaultTopology(hosts + reflectors, 0);
  if (reflectors === 0) return topology;
  const reflecting = topology.hosts.slice(hosts);
  return {
    ...topology,
    hosts: [
      ...reflecting.map((host) => ({ ...host, runs: 'route-reflector' as const })),
      ...topology.hosts.slice(0, hosts),
    ],
    resources: [
      resource('BGPConfiguration', 'default', { nodeToNodeMeshEnabled: false }),
      ...reflecting.map(({ name, interfaces }) =>
        resource('BGPPeer', name, {
          peerIP: interfaces[0]?.addresses[0]?.split('/')[0],
          asNumber: 64512,
        }),
      ),
    ],
  };
}

function resource(kind: string, name: string, spec: Record<string, unknown>) {
  return { apiVersion: 'projectcalico.org/v3', kind, metadata: { name }, spec };
}

/** Gives hosts their first pod, which claims a block; the times until the last of the other hosts has its route, in ms. */
async function attachToHosts(lab: string, hosts: number): Promise<number[]> {
  const names = Array.from({ length: hosts }, (_, index) => `node${index + 1}`);
  const arrivals = new Map(names.map((name) => [name, new Arrivals(lab, name)]));
  const samples: number[] = [];
  try {
    for (const host of names.slice(0, attaches)) {
      const start = performance.now();
      const { addresses } = await addPod(lab, host);
      const block = prefixOf(addresses[0] as Address, blockSize);
      const others = names.filter((name) => name !== host);
      const times = others.map((name) => arrivals.get(name)?.of(block));
      const last = Math.max(performance.now(), ...(await Promise.all(times)).map(Number));
      samples.push(last - start);
    }
    return samples;
  } finally {
    for (const arrival of arrivals.values()) arrival.close();
  }
}

/** Of all daemons: ends of sessions that are Established, resident memory, and processor time since their start. */
async function daemonsOf(lab: string) {
  const { hosts } = await resolveLab(lab);
  const clients = hosts.map(({ controlSocket }) => new ControlClient(controlSocket));
  const peers = await Promise.all(clients.map(async (client) => (await client.bgpPeers()).peers));
  const pids = await Promise.all(clients.map(async (client) => (await client.status()).pid));
  return {
    sessions: peers.flat().filter(({ state }) => state === 'Established').length,
    mebibytes: pids.map(residentMebibytes),
    processorSeconds: pids.map(processorSeconds),
  };
}

function residentMebibytes(pid: number): number {
  const kibibytes = /^VmRSS:\s+(\d+)/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1];
  return Number(kibibytes) / 1024;
}

/** User and system time: fields 14 and 15 of proc_pid_stat(5), counted behind the name, which may hold spaces. */
function processorSeconds(pid: number): number {
  const [, fields = ''] = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ');
  const [user, system] = fields.split(' ').slice(11, 13).map(Number);
  return (((user ?? 0) + (system ?? 0)) * millisecondsPerTick) / 1000;
}
