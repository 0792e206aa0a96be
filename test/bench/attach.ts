/** How long the daemon takes to attach a pod: addresses from IPAM, wiring, WorkloadEndpoint; as the daemon measures it. */
import { ControlClient } from '@weft/control';
import { createNetns, deleteNetns, netnsPath } from '@weft/kernel';
import { defaultTopology, resolveLab } from '@weft/lab';
import { withLab } from './bench-lab.ts';
import type { Figure } from './run.ts';
import { quantile } from './statistics.ts';

const pods = 200;
const warmUp = 20;

type Families = readonly ('ipv4' | 'ipv6')[];

export async function* attachBench(): AsyncGenerator<Figure> {
  for (const families of [['ipv4'], ['ipv4', 'ipv6']] as const) {
    const timings = await withLab('bench-attach', defaultTopology(1, 0), (lab) => attachMany(lab, families));
    const counted = timings.slice(warmUp);
    for (const part of ['total', 'ipam', 'wiring'] as const) {
      const milliseconds = counted.map((timing) => timing[`${part}Milliseconds`]);
      yield {
        benchmark: 'attach',
        families: families.join('+'),
        part,
        pods: counted.length,
        p50Milliseconds: quantile(milliseconds, 0.5),
        p99Milliseconds: quantile(milliseconds, 0.99),
      };
    }
  }
}

type Timing = Awaited<ReturnType<ControlClient['attachEndpoint']>>['timing'];

async function attachMany(lab: string, families: Families): Promise<Timing[]> {
  const [host] = (await resolveLab(lab)).hosts;
  const client = new ControlClient(host?.controlSocket ?? '');
  const names = Array.from({ length: pods + warmUp }, (_, index) => `weft.${lab}.bench${index}`);
  const timings: Timing[] = [];
  try {
    for (const name of names) {
      createNetns(name);
      timings.push((await client.attachEndpoint(name, request(name, families))).timing);
    }
    return timings;
  } finally {
    for (const name of names.slice(0, timings.length)) {
      await client.detachEndpoint(name);
      deleteNetns(name);
    }
  }
}

function request(name: string, families: Families): Parameters<ControlClient['attachEndpoint']>[1] {
  const containerId = Buffer.from(name).toString('hex').split('').reverse().join('');
  return {
    containerId,
    netns: netnsPath(name),
    interfaceName: 'eth0',
    orchestrator: 'lab',
    workload: name,
    families,
  };
}
