/**
 * Another speaker at the address of one that is gone, told by its BGP Identifier: a route reflector beside a node takes the place
 * of the node's own sessions, or gives it back.
 *
 * Its F bits and its End-of-RIB speak of its own restart. They say nothing about the stale paths, which are of the one before it,
 * and which it may not have heard of yet. So each of those stays until anybody has told a path that is not stale, and at most for
 * the restart time that the one before has asked for. Departs from RFC 4724 §4.2, which knows a peer by its address alone.
 */

import { NO_PATH, PathFlag } from '../rib/path-table.ts';
import type { Rib } from '../rib/rib.ts';

/** Which peers have a predecessor whose stale paths are kept, by peer index. */
export class Succession {
  readonly #heirs: Set<number> = new Set();

  /** The stale paths of a peer are of one before it. All are selected again, and so reviewed. */
  begin(peer: number, ribs: readonly Rib[]): void {
    this.#heirs.add(peer);
    for (const rib of ribs) rib.forEachPath((path) => rib.touchPath(path), peer);
  }

  /** Whatever stale paths a peer has are its own. */
  end(peer: number): void {
    this.#heirs.delete(peer);
  }

  /** Says whether stale paths of a peer are of one before it. */
  has(peer: number): boolean {
    return this.#heirs.has(peer);
  }

  /** Removes kept paths of the prefixes just selected to which there is another way. */
  review(rib: Rib): void {
    if (this.#heirs.size === 0) return;
    const { ids, count } = rib.selected;
    for (let index = 0; index < count; index += 1) this.#reviewPrefix(rib, ids[index] as number);
  }

  #reviewPrefix(rib: Rib, prefix: number): void {
    const { decision, firstPaths, paths } = rib;
    const kept: number[] = [];
    let isReplaced = false;
    for (let path = firstPaths[prefix] as number; path !== NO_PATH; path = paths.next[path] as number) {
      if (paths.has(path, PathFlag.gone)) continue;
      if (!paths.has(path, PathFlag.stale)) isReplaced ||= decision.isSelectable(path);
      else if (this.#heirs.has(paths.peers[path] as number)) kept.push(path);
    }
    if (isReplaced) for (const path of kept) rib.removePath(path);
  }
}
