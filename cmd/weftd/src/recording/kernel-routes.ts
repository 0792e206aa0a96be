/** The routes of weft that are in the kernel, for the snapshot of a record. */
import type { DesiredRoute } from '@weft/calc';
import type { Dataplane } from '@weft/dataplane';
import type { Prefix } from '@weft/ip';
import type { KernelLine } from '@weft/recording';

/** Each with what it is wanted as; without that when nobody wants it. */
export function* routesInKernel(
  dataplane: Dataplane,
): Generator<Pick<KernelLine, 'metric' | 'route'> & { readonly prefix: Prefix }> {
  for (const {
    class: routeClass,
    destination: prefix,
    metric,
    reason,
    state,
    type,
    via,
  } of dataplane.routes()) {
    if (state === 'stale') yield { prefix, metric };
    if (state !== 'in-kernel' || routeClass === undefined) continue;
    const kind: DesiredRoute['type'] = type === 'blackhole' ? 'blackhole' : 'unicast';
    yield { prefix, metric, route: { type: kind, via, metric, class: routeClass, reason } };
  }
}
