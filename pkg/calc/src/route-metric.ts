/**
 * Metric of a kernel route and LOCAL_PREF of a BGP route: one number, counted from the two ends.
 *
 * Source: Calico 3.32 (LOCAL_PREF = 2147483647 - metric), so that of two paths to a prefix the one with the smaller
 * metric at its origin wins everywhere.
 */
import { familyOf, type Prefix } from '@weft/ip';
import type { BgpSettings } from '@weft/resources';

/** The largest metric, and the LOCAL_PREF of metric 0. */
export const MAX_ROUTE_METRIC = 2_147_483_647;

/** The LOCAL_PREF that a route of this metric (0…2147483647) is announced with. */
export function localPrefOfMetric(metric: number): number {
  return MAX_ROUTE_METRIC - metric;
}

/**
 * The kernel metric of a path with this LOCAL_PREF. A LOCAL_PREF of 2147483647 and above gives 1, because metric 0
 * belongs to routes written by hand (and is 1024 to IPv6).
 */
export function metricOfLocalPref(localPref: number): number {
  return Math.max(1, MAX_ROUTE_METRIC - localPref);
}

/** The metric of this node's own routes of a prefix's family. Source: Calico 3.32, normal route priority. */
export function normalMetric(prefix: Prefix, settings: BgpSettings): number {
  return familyOf(prefix) === 4 ? settings.ipv4NormalRoutePriority : settings.ipv6NormalRoutePriority;
}
