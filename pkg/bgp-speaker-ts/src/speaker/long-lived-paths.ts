/**
 * The beginning of the long-lived part of a graceful restart: paths without NO_LLGR stay, marked LLGR_STALE.
 *
 * The mark is part of their attributes from here on, so that the decision process takes them last, peers are told it, and
 * a path its peer sends again is another one. Source: RFC 9494 §4.2, §4.3.
 */

import { PathFlag } from '../rib/path-table.ts';
import type { Rib } from '../rib/rib.ts';
import type { Tables } from '../rib/tables.ts';
import type { Family } from '../wire/family.ts';
import type { SpeakerAction } from './events.ts';
import { LongLivedMarker } from './long-lived-marker.ts';
import type { LongLivedPeriod, Neighbour } from './neighbour.ts';
import type { Succession } from './succession.ts';

/** What the functions about stale paths work on. */
export interface StaleContext {
  readonly tables: Tables;
  readonly succession: Succession;
  readonly now: number;
  emit(action: SpeakerAction): void;
}

/** Makes the stale paths of a family long-lived ones. */
export function beginLongLived(
  context: StaleContext,
  { address, index }: Neighbour,
  family: Family,
  period: LongLivedPeriod,
): void {
  period.begun = true;
  period.beginsAt = Number.POSITIVE_INFINITY;
  const rib = context.tables.ribs[family];
  const { kept, removed } = markPaths(context, rib, index);
  if (removed > 0) {
    context.emit({ kind: 'stale-paths-removed', peer: address, family, paths: removed, cause: 'no-llgr' });
  }
  if (kept > 0) {
    context.emit({
      kind: 'stale-paths-long-lived',
      peer: address,
      family,
      paths: kept,
      until: period.endsAt,
    });
  }
}

function markPaths({ tables }: StaleContext, rib: Rib, peer: number): { kept: number; removed: number } {
  const marker = new LongLivedMarker(tables.attributes);
  let kept = 0;
  let removed = 0;
  rib.forEachPath((path) => {
    const { paths } = rib;
    if (!paths.has(path, PathFlag.stale) || paths.has(path, PathFlag.longLived)) return;
    const effective = paths.effective[path] as number;
    if (marker.refuses(effective) || marker.refuses(paths.received[path] as number)) {
      rib.removePath(path);
      removed += 1;
      return;
    }
    paths.set(path, PathFlag.longLived);
    rib.judgeAgain(path, marker.mark(effective), paths.rejections[path] as number);
    kept += 1;
  }, peer);
  marker.end();
  return { kept, removed };
}
