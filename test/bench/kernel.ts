/** What the kernel door costs: routes in bulk, one route with its answer, events; and plugging an endpoint, without daemon. */
import { type EndpointSpec, hostInterfaceName, plugEndpoint, unplugEndpoint } from '@weft/endpoint';
import { address, hostPrefix } from '@weft/ip';
import {
  type Change,
  createNetns,
  deleteNetns,
  type Kernel,
  MAIN_TABLE,
  netnsPath,
  openKernel,
  type Route,
  WEFT_ROUTE_PROTOCOL,
} from '@weft/kernel';
import type { Figure } from './run.ts';
import { quantile, round } from './statistics.ts';

const routeCount = 100_000;
const singleCount = 5000;
const eventCount = 2000;
const endpointCount = 200;

const nameOf = (role: string | number): string => `wt-bench-${process.pid}-${role}`;

export async function* kernelBench(): AsyncGenerator<Figure> {
  const names = [nameOf('host'), nameOf('pod')];
  for (const name of names) createNetns(name);
  const [host, pod] = names.map((name) => openKernel({ netns: netnsPath(name) })) as [Kernel, Kernel];
  try {
    const interfaceIndex = connect(host, pod);
    const routes = Array.from({ length: routeCount }, (_, index) => routeTo(index, interfaceIndex));
    yield* bulk(host, routes);
    yield single(host, routeTo(0, interfaceIndex));
    yield await events(host, routeTo(0, interfaceIndex));
  } finally {
    for (const kernel of [host, pod]) kernel.close();
    for (const name of names) deleteNetns(name);
  }
}

function connect(host: Kernel, pod: Kernel): number {
  host.apply([{ op: 'add-veth', host: { name: 'veth0' }, peer: { name: 'veth1', netnsFd: pod.netnsFd } }]);
  const index = host.link('veth0')?.index ?? 0;
  pod.apply([{ op: 'set-link', index: pod.link('veth1')?.index ?? 0, up: true }]);
  host.apply([{ op: 'set-link', index, up: true }]);
  return index;
}

function routeTo(index: number, interfaceIndex: number): Route {
  const destination = hostPrefix(address(`10.${index >> 16}.${(index >> 8) & 255}.${index & 255}`));
  const common = { table: MAIN_TABLE, metric: 1024, type: 'unicast', protocol: WEFT_ROUTE_PROTOCOL } as const;
  return { ...common, destination, scope: 'link', nextHops: [{ interfaceIndex }] };
}

function* bulk(host: Kernel, routes: readonly Route[]): Generator<Figure> {
  for (const op of ['add-route', 'replace-route', 'delete-route'] as const) {
    if (op === 'delete-route')
      yield timed('read-routes', () => host.routes({ protocol: WEFT_ROUTE_PROTOCOL }));
    yield timed(op, () => host.apply(routes.map((route): Change => ({ op, route }))));
  }
}

function timed(what: string, run: () => readonly unknown[]): Figure {
  const cpu = process.cpuUsage();
  const start = performance.now();
  const count = run().length;
  const milliseconds = performance.now() - start;
  const { user } = process.cpuUsage(cpu);
  return {
    benchmark: 'kernel',
    what,
    routes: count,
    routesPerSecond: Math.round((count / milliseconds) * 1000),
    userMilliseconds: Math.round(user / 1000),
  };
}

function single(host: Kernel, route: Route): Figure {
  const microseconds = Array.from({ length: singleCount }, () => {
    const start = performance.now();
    host.apply([{ op: 'replace-route', route }]);
    return (performance.now() - start) * 1000;
  });
  return figure('one-route-acknowledged', singleCount, 'Microseconds', microseconds);
}

async function events(host: Kernel, route: Route): Promise<Figure> {
  const microseconds: number[] = [];
  let arrived = (): void => {};
  const stop = host.subscribe(({ kind }) => {
    if (kind === 'route') arrived();
  });
  for (let count = 0; count < eventCount; count += 1) {
    const arrival = new Promise<void>((resolve) => {
      arrived = resolve;
    });
    // A route replaced by itself is no event; at the start it is there.
    const [refusal] = host.apply([{ op: count % 2 === 0 ? 'delete-route' : 'add-route', route }]);
    if (refusal) throw new Error(refusal.errno);
    const start = performance.now();
    await arrival;
    microseconds.push((performance.now() - start) * 1000);
  }
  stop();
  return figure('event-after-change', eventCount, 'Microseconds', microseconds);
}

export async function* plugBench(): AsyncGenerator<Figure> {
  const names = [nameOf('host'), ...Array.from({ length: endpointCount }, (_, index) => nameOf(index))];
  for (const name of names) createNetns(name);
  const host = openKernel({ netns: netnsPath(nameOf('host')) });
  try {
    const specs = Array.from({ length: endpointCount }, (_, index) => specOf(index));
    yield figure(
      'plug',
      endpointCount,
      'Milliseconds',
      await measure(specs, async (spec) => plugEndpoint(host, spec)),
    );
    yield figure(
      'plug-again',
      endpointCount,
      'Milliseconds',
      await measure(specs, async (spec) => plugEndpoint(host, spec)),
    );
    yield figure(
      'unplug',
      endpointCount,
      'Milliseconds',
      await measure(specs, (spec) => unplugEndpoint(host, spec)),
    );
  } finally {
    host.close();
    for (const name of names) deleteNetns(name);
  }
}

function specOf(index: number): EndpointSpec {
  return {
    hostInterface: hostInterfaceName({ kind: 'pod', namespace: 'default', pod: `pod${index}` }),
    containerInterface: 'eth0',
    netns: netnsPath(nameOf(index)),
    addresses: [address(`10.0.0.${index}`), address(`fd00::${(index + 1).toString(16)}`)],
    mtuBytes: 1400,
  };
}

async function measure(
  specs: readonly EndpointSpec[],
  run: (spec: EndpointSpec) => Promise<{ readonly kind: string }>,
): Promise<number[]> {
  const milliseconds: number[] = [];
  for (const spec of specs) {
    const start = performance.now();
    const { kind } = await run(spec);
    milliseconds.push(performance.now() - start);
    if (kind !== 'plugged' && kind !== 'unplugged') throw new Error(`${spec.hostInterface}: ${kind}`);
  }
  return milliseconds;
}

function figure(what: string, samples: number, unit: string, values: readonly number[]): Figure {
  return {
    benchmark: unit === 'Milliseconds' ? 'plug' : 'kernel',
    what,
    samples,
    [`p50${unit}`]: round(quantile(values, 0.5)),
    [`p99${unit}`]: round(quantile(values, 0.99)),
  };
}
