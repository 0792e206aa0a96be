/** The routes of weft that are in the kernel, and their lines in a record. */
import type { DesiredRoute } from '@weft/calc';
import type { Dataplane } from '@weft/dataplane';
import type { Prefix } from '@weft/ip';
import type { KernelLine } from '@weft/recording';

/** A route that is in the kernel; without `route` when nobody wants it. */
export interface RouteInKernel extends Pick<KernelLine, 'metric' | 'route'> {
  readonly prefix: Prefix;
}

/** Each with what it is wanted as; without that when nobody wants it. */
export function* routesInKernel(dataplane: Dataplane): Generator<RouteInKernel> {
  for (const { destination, metric, wanted } of dataplane.present())
    yield wanted === undefined ? { prefix: destination, metric } : routeInKernel(wanted);
}

/** A wanted route that is in the kernel. */
export function routeInKernel({ destination: prefix, ...route }: DesiredRoute): RouteInKernel {
  return { prefix, metric: route.metric, route };
}

/** One line for routes in a row that are alike in all but their destination. */
export function kernelLines(change: 'repaired' | 'written', routes: Iterable<RouteInKernel>): KernelLine[] {
  const lines: (KernelLine & { prefixes: Prefix[] })[] = [];
  for (const { metric, prefix, route } of routes) {
    const last = lines.at(-1);
    if (last !== undefined && last.metric === metric && isSameRoute(last.route, route))
      last.prefixes.push(prefix);
    else lines.push({ kind: 'kernel', change, prefixes: [prefix], metric, route });
  }
  return lines;
}

function isSameRoute(left: KernelLine['route'], right: KernelLine['route']): boolean {
  if (left === undefined || right === undefined) return left === right;
  return (
    left.reason === right.reason &&
    left.class === right.class &&
    left.metric === right.metric &&
    left.type === right.type &&
    left.preferredSource === right.preferredSource &&
    left.via.length === right.via.length &&
    left.via.every(
      ({ gateway, interface: name }, index) =>
        gateway === right.via[index]?.gateway && name === right.via[index]?.interface,
    )
  );
}
