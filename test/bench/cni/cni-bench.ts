/** ADD and DEL as processes, in turn with Debian's bridge and host-local, from the first pod on a host to the 250th. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createNetns, deleteNetns } from '@weft/kernel';
import { defaultTopology, namespaceOf, resolveLab } from '@weft/lab';
import { withLab } from '../bench-lab.ts';
import type { Figure } from '../run.ts';
import { quantile, round } from '../statistics.ts';
import { bridgePlugin, type Plugin, timePlugin, weftPlugin } from './plugins.ts';

const runs = 3;
const pods = 250;
/** Pods at the beginning and at the end that are compared with each other. */
const edge = 25;

type Times = Readonly<Record<Plugin['name'], readonly number[]>>;

export async function* cniBench(): AsyncGenerator<Figure> {
  for (let run = 1; run <= runs; run++) {
    const { added, deleted } = await withLab('bench-cni', defaultTopology(1, 0), measure);
    for (const [verb, times] of [
      ['ADD', added],
      ['DEL', deleted],
    ] as const) {
      yield figureOf(run, verb, 'weft', times);
      yield figureOf(run, verb, 'bridge', times);
    }
  }
}

function figureOf(run: number, verb: string, plugin: Plugin['name'], times: Times): Figure {
  const own = times[plugin];
  return {
    benchmark: 'cni',
    run,
    verb,
    plugin,
    pods,
    p50Milliseconds: quantile(own, 0.5),
    p99Milliseconds: quantile(own, 0.99),
    firstPodsP50Milliseconds: quantile(own.slice(0, edge), 0.5),
    lastPodsP50Milliseconds: quantile(own.slice(-edge), 0.5),
    p50OfBridges: round(quantile(own, 0.5) / quantile(times.bridge, 0.5)),
    p99OfBridges: round(quantile(own, 0.99) / quantile(times.bridge, 0.99)),
  };
}

async function measure(lab: string): Promise<{ added: Times; deleted: Times }> {
  const [host] = (await resolveLab(lab)).hosts;
  if (host === undefined) throw new Error(`lab ${lab} has no host`);
  const directory = mkdtempSync(join(tmpdir(), 'weft-bench-'));
  const bridgeHost = 'bench-cni-bridge';
  const namespaces = [bridgeHost];
  const plugins = [
    weftPlugin(namespaceOf(lab, host.name), host.controlSocket),
    bridgePlugin(bridgeHost, directory),
  ];
  try {
    createNetns(bridgeHost);
    const names = Array.from({ length: pods }, (_, index) => `bench-cni-${index}`);
    const podsOf = (plugin: Plugin): string[] => names.map((name) => `${name}-${plugin.name}`);
    for (const pod of plugins.flatMap(podsOf)) {
      createNetns(pod);
      namespaces.push(pod);
    }
    return { added: inTurn(plugins, podsOf, 'ADD'), deleted: inTurn(plugins, podsOf, 'DEL') };
  } finally {
    for (const name of namespaces) deleteNetns(name);
    rmSync(directory, { recursive: true });
  }
}

function inTurn(
  plugins: readonly Plugin[],
  podsOf: (plugin: Plugin) => string[],
  verb: 'ADD' | 'DEL',
): Times {
  const times: Record<Plugin['name'], number[]> = { weft: [], bridge: [] };
  for (let index = 0; index < pods; index++) {
    for (const plugin of plugins) {
      times[plugin.name].push(timePlugin(plugin, verb, podsOf(plugin)[index] ?? ''));
    }
  }
  return times;
}
