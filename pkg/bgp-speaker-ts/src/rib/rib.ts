/**
 * The routes of one family: Adj-RIBs-In and Loc-RIB.
 *
 *     announce, withdraw, drop… ──▶ paths, prefix marked dirty
 *                                        │ select (once per batch of input)
 *                                        ▼
 *                      selected: prefixes looked at ──▶ ADD-PATH update groups
 *                      changed: prefixes whose selected paths changed ──▶ Loc-RIB reports, update groups
 *                                        │ finish
 *                                        ▼
 *                      rows of withdrawn paths freed; empty prefixes freed when nobody needs their id any more
 *
 * Invariants (`checkRib` in the tests):
 *   - a live row is in the list of its prefix exactly once, and no two rows of a list have the same peer and path
 *     identifier, nor the same ordinal;
 *   - after `select` without a limit, `bestPaths` is what the decision process gives, and flag `multipath` marks its set;
 *   - every attribute id in a row is held once per column it stands in.
 */

import type { Family } from '../wire/family.ts';
import type { AttributeStore } from './attribute-store.ts';
import { grow, INITIAL_CAPACITY } from './columns.ts';
import { DecisionProcess } from './decision-process.ts';
import { IdList } from './id-list.ts';
import { NO_ATTRIBUTES, NO_PATH, PathFlag, PathTable } from './path-table.ts';
import { LOCAL_PEER, type PeerTable } from './peer-table.ts';
import { PrefixTable } from './prefix-table.ts';

/** Paths of one prefix that one peer may send; only with ADD-PATH can it be more than one. */
export const MAX_PATHS_OF_PREFIX = 1024;

/** Paths of one peer in one family, counted. */
export interface PathCounts {
  received: number;
  rejected: number;
  stale: number;
}

const DIRTY = 1;
/** Dirty, but not to be selected yet (`holdSelection`). */
const HELD = 2;
const IN_GRAVEYARD = 4;

/** Adj-RIBs-In and Loc-RIB of one family; see the file comment. */
export class Rib {
  readonly family: Family;
  readonly prefixes: PrefixTable;
  readonly paths: PathTable = new PathTable();
  readonly decision: DecisionProcess;
  /** Selected path of a prefix, or `NO_PATH`. */
  bestPaths: Int32Array = new Int32Array(INITIAL_CAPACITY).fill(NO_PATH);
  /** First of all paths of a prefix, or `NO_PATH`. */
  firstPaths: Int32Array = new Int32Array(INITIAL_CAPACITY).fill(NO_PATH);
  /** Highest ordinal any path of the prefix has had since the prefix came. */
  highestOrdinals: Uint16Array = new Uint16Array(INITIAL_CAPACITY);
  /** Prefixes the last `select` looked at. */
  readonly selected: IdList = new IdList();
  /** Those of them whose best path or ECMP set is another, or has other attributes. */
  readonly changed: IdList = new IdList();
  /** Paths that came, changed, went or were confirmed since it was cleared; undefined while nobody wants to know. */
  touched: IdList | undefined;
  /** Prefixes with a selected path. */
  routeCount = 0;

  readonly #attributes: AttributeStore;
  #marks: Uint8Array = new Uint8Array(INITIAL_CAPACITY);
  readonly #dirty: IdList = new IdList();
  readonly #held: IdList = new IdList();
  readonly #gone: IdList = new IdList();
  readonly #graveyard: IdList = new IdList();
  readonly #counts: (PathCounts | undefined)[] = [];
  #holding = false;

  constructor(family: Family, attributes: AttributeStore, peers: PeerTable, seed: number) {
    this.family = family;
    this.#attributes = attributes;
    this.prefixes = new PrefixTable(family, seed);
    this.decision = new DecisionProcess(this.paths, attributes, peers);
  }

  /** Prefixes that wait for `select`; held ones not counted. */
  get dirtyCount(): number {
    return this.#dirty.count;
  }

  /** Gives the id of a prefix, adding it; a path must be announced for it next, or the id is never freed. */
  insertPrefix(word0: number, word1: number, word2: number, word3: number, length: number): number {
    const id = this.prefixes.insert(word0, word1, word2, word3, length);
    if (id >= this.bestPaths.length) this.#growColumns();
    return id;
  }

  /** Gives the path of a prefix that a peer sent under a path identifier, or `NO_PATH`. */
  findPath(prefix: number, peer: number, pathId: number): number {
    const { peers, pathIds, next } = this.paths;
    let path = this.firstPaths[prefix] as number;
    while (path !== NO_PATH && (peers[path] !== peer || pathIds[path] !== pathId))
      path = next[path] as number;
    return path;
  }

  /**
   * Gives the selected path of a prefix while it can be shown and told, or `NO_PATH`: it may have been withdrawn or rejected
   * since it was selected, and has no attributes until the next selection takes another.
   */
  usableBest(prefix: number): number {
    const best = this.bestPaths[prefix] as number;
    return best !== NO_PATH && this.paths.effective[best] === NO_ATTRIBUTES ? NO_PATH : best;
  }

  /**
   * Puts a path into a peer's Adj-RIB-In, in place of the one it had (implicit withdraw).
   *
   * @param received attributes as they came; one more user
   * @param effective attributes after import policy, one more user; or `NO_ATTRIBUTES` with a rejection
   * @param rejection index into `REJECTIONS`
   * @returns false when the peer has as many paths of this prefix as it may have; nothing was changed then
   */
  announce(
    prefix: number,
    peer: number,
    pathId: number,
    received: number,
    effective: number,
    rejection: number,
  ): boolean {
    let path = this.findPath(prefix, peer, pathId);
    if (path !== NO_PATH && this.#isSame(path, received, effective, rejection)) return true;
    if (path !== NO_PATH) this.#clearPath(path);
    else if (this.#isCrowded(prefix, peer)) return false;
    else path = this.#addPath(prefix, peer, pathId);
    this.#fillPath(path, received, effective, rejection);
    this.#markDirty(prefix, peer);
    return true;
  }

  /**
   * Gives a path other attributes after import, as `announce` takes them, without word from its peer: one that is stale
   * stays so.
   */
  judgeAgain(path: number, effective: number, rejection: number): void {
    const { paths } = this;
    if (paths.effective[path] === effective && paths.rejections[path] === rejection) return;
    const counts = this.countsOf(paths.peers[path] as number);
    counts.rejected += Number(rejection !== 0) - Number(paths.rejections[path] !== 0);
    if (effective !== NO_ATTRIBUTES) this.#attributes.retain(effective);
    if (paths.effective[path] !== NO_ATTRIBUTES) this.#attributes.release(paths.effective[path] as number);
    paths.effective[path] = effective;
    paths.rejections[path] = rejection;
    this.touched?.push(path);
    this.touchPath(path);
  }

  /** Removes a path from a peer's Adj-RIB-In; nothing happens when it is not there. */
  withdraw(prefix: number, peer: number, pathId: number): void {
    const path = this.findPath(prefix, peer, pathId);
    if (path !== NO_PATH && !this.paths.has(path, PathFlag.gone)) this.removePath(path);
  }

  /** Removes a path found by its row. */
  removePath(path: number): void {
    this.#clearPath(path);
    this.paths.set(path, PathFlag.gone);
    this.touched?.push(path);
    this.#gone.push(path);
    this.#markDirty(this.paths.prefixes[path] as number, this.paths.peers[path] as number);
  }

  /** Removes all paths of a peer, or only the stale ones; gives how many. */
  dropPaths(peer: number, onlyStale: boolean): number {
    const counts = this.countsOf(peer);
    if ((onlyStale ? counts.stale : counts.received) === 0) return 0;
    const { paths } = this;
    const before = counts.received;
    for (let path = 0; path < paths.highWater; path += 1) {
      if (paths.peers[path] !== peer || paths.has(path, PathFlag.gone)) continue;
      if (!onlyStale || paths.has(path, PathFlag.stale)) this.removePath(path);
    }
    return before - counts.received;
  }

  /** Marks all paths of a peer as stale; gives how many. They compete as before (RFC 4724 §4.2). */
  markStale(peer: number): number {
    const counts = this.countsOf(peer);
    if (counts.stale === counts.received) return counts.stale;
    const { paths } = this;
    for (let path = 0; path < paths.highWater; path += 1) {
      if (paths.peers[path] === peer && !paths.has(path, PathFlag.gone)) paths.set(path, PathFlag.stale);
    }
    counts.stale = counts.received;
    return counts.stale;
  }

  /** Calls back for each path of a peer, or of all peers. */
  forEachPath(callback: (path: number) => void, peer?: number): void {
    const { paths } = this;
    for (let path = 0; path < paths.highWater; path += 1) {
      if (paths.has(path, PathFlag.gone)) continue;
      if (peer === undefined || paths.peers[path] === peer) callback(path);
    }
  }

  /** Has the prefix of a path selected and exported again, as if the path were new. */
  touchPath(path: number): void {
    this.paths.set(path, PathFlag.changed);
    this.#markDirty(this.paths.prefixes[path] as number, this.paths.peers[path] as number);
  }

  /** Gives the counts of a peer; they change as paths do. */
  countsOf(peer: number): PathCounts {
    let counts = this.#counts[peer];
    if (counts === undefined) {
      counts = { received: 0, rejected: 0, stale: 0 };
      this.#counts[peer] = counts;
    }
    return counts;
  }

  /**
   * Holds back the selection of prefixes without a local path, for a speaker that has restarted and does not have all
   * paths yet (RFC 4724 §4.1), or ends that.
   */
  holdSelection(holding: boolean): void {
    this.#holding = holding;
    if (holding) return;
    for (let index = 0; index < this.#held.count; index += 1) {
      const prefix = this.#held.ids[index] as number;
      this.#clearMark(prefix, HELD);
      this.#markDirty(prefix, -1);
    }
    this.#held.clear();
  }

  /** Selects paths of at most `limit` dirty prefixes; fills `selected` and `changed`. */
  select(limit: number): void {
    this.selected.clear();
    this.changed.clear();
    const count = Math.min(limit, this.#dirty.count);
    for (let index = 0; index < count; index += 1) this.#selectPrefix(this.#dirty.ids[index] as number);
    this.#dirty.shift(count);
  }

  /**
   * Ends a selection: frees the rows of withdrawn paths, and prefixes that have none left.
   *
   * @param isNeeded whether somebody still refers to the id of a prefix without paths
   */
  finish(isNeeded: (prefix: number) => boolean): void {
    this.#freeGonePaths();
    const graveyard = this.#graveyard;
    let kept = 0;
    for (let index = 0; index < graveyard.count; index += 1) {
      const prefix = graveyard.ids[index] as number;
      if (this.firstPaths[prefix] === NO_PATH && isNeeded(prefix)) graveyard.ids[kept++] = prefix;
      else this.#leaveGraveyard(prefix);
    }
    graveyard.count = kept;
  }

  /** Whether a peer has `MAX_PATHS_OF_PREFIX` of a prefix; those withdrawn in this batch count, too. */
  #isCrowded(prefix: number, peer: number): boolean {
    const { peers, next } = this.paths;
    let count = 0;
    for (let path = this.firstPaths[prefix] as number; path !== NO_PATH; path = next[path] as number)
      if (peers[path] === peer) count += 1;
    return count >= MAX_PATHS_OF_PREFIX;
  }

  #addPath(prefix: number, peer: number, pathId: number): number {
    const path = this.paths.add(prefix, peer, pathId);
    const ordinal = this.paths.freeOrdinal(this.firstPaths[prefix] as number);
    this.paths.ordinals[path] = ordinal;
    if (ordinal > (this.highestOrdinals[prefix] as number)) this.highestOrdinals[prefix] = ordinal;
    this.paths.next[path] = this.firstPaths[prefix] as number;
    this.firstPaths[prefix] = path;
    return path;
  }

  /** A path sent again as it was is only confirmed: nothing is selected or sent for it. */
  #isSame(path: number, received: number, effective: number, rejection: number): boolean {
    const { paths } = this;
    const same =
      !paths.has(path, PathFlag.gone) &&
      paths.received[path] === received &&
      paths.effective[path] === effective &&
      paths.rejections[path] === rejection;
    if (same && paths.has(path, PathFlag.stale)) {
      paths.clear(path, PathFlag.stale | PathFlag.longLived);
      this.countsOf(paths.peers[path] as number).stale -= 1;
      this.touched?.push(path);
    }
    return same;
  }

  #fillPath(path: number, received: number, effective: number, rejection: number): void {
    const { paths } = this;
    this.#attributes.retain(received);
    if (effective !== NO_ATTRIBUTES) this.#attributes.retain(effective);
    paths.received[path] = received;
    paths.effective[path] = effective;
    paths.rejections[path] = rejection;
    paths.heard[path] = paths.now;
    paths.clear(path, PathFlag.gone);
    paths.set(path, PathFlag.changed);
    const counts = this.countsOf(paths.peers[path] as number);
    counts.received += 1;
    if (rejection !== 0) counts.rejected += 1;
    this.touched?.push(path);
  }

  /** Takes attributes and counts off a path; a row that is gone already has none. */
  #clearPath(path: number): void {
    const { paths } = this;
    if (paths.has(path, PathFlag.gone)) return;
    this.#attributes.release(paths.received[path] as number);
    if (paths.effective[path] !== NO_ATTRIBUTES) this.#attributes.release(paths.effective[path] as number);
    const counts = this.countsOf(paths.peers[path] as number);
    counts.received -= 1;
    if (paths.rejections[path] !== 0) counts.rejected -= 1;
    if (paths.has(path, PathFlag.stale)) counts.stale -= 1;
    paths.clear(path, PathFlag.stale | PathFlag.longLived);
    paths.received[path] = NO_ATTRIBUTES;
    paths.effective[path] = NO_ATTRIBUTES;
    paths.rejections[path] = 0;
  }

  #markDirty(prefix: number, peer: number): void {
    const mark = this.#marks[prefix] as number;
    // A local route is selected whatever else is held back, and none of its rivals matters.
    if ((mark & DIRTY) !== 0 && peer !== LOCAL_PEER) return;
    if ((mark & HELD) !== 0 && peer !== LOCAL_PEER) return;
    this.#marks[prefix] = mark | DIRTY;
    this.#dirty.push(prefix);
  }

  #clearMark(prefix: number, mark: number): void {
    this.#marks[prefix] = (this.#marks[prefix] as number) & ~mark;
  }

  #selectPrefix(prefix: number): void {
    if (((this.#marks[prefix] as number) & DIRTY) === 0) return;
    this.#clearMark(prefix, DIRTY);
    if (this.#holding && !this.#isLocal(prefix)) {
      this.#hold(prefix);
      return;
    }
    const before = this.bestPaths[prefix] as number;
    const best = this.decision.decide(this.firstPaths[prefix] as number);
    this.bestPaths[prefix] = best;
    this.routeCount += Number(best !== NO_PATH) - Number(before !== NO_PATH);
    this.selected.push(prefix);
    if (this.decision.markMultipath(this.firstPaths[prefix] as number) || best !== before)
      this.changed.push(prefix);
  }

  /** A prefix is local while it has a local path, and as long as the last one is on its way out. */
  #isLocal(prefix: number): boolean {
    return this.findPath(prefix, LOCAL_PEER, 0) !== NO_PATH;
  }

  #hold(prefix: number): void {
    const mark = this.#marks[prefix] as number;
    if ((mark & HELD) !== 0) return;
    this.#marks[prefix] = mark | HELD;
    this.#held.push(prefix);
  }

  #freeGonePaths(): void {
    const gone = this.#gone;
    let kept = 0;
    for (let index = 0; index < gone.count; index += 1) {
      const path = gone.ids[index] as number;
      // Announced again meanwhile, or listed twice and freed already.
      if (!this.paths.has(path, PathFlag.gone) || this.paths.prefixes[path] === NO_PATH) continue;
      const prefix = this.paths.prefixes[path] as number;
      if (((this.#marks[prefix] as number) & (DIRTY | HELD)) !== 0) gone.ids[kept++] = path;
      else this.#freePath(path, prefix);
    }
    gone.count = kept;
  }

  #freePath(path: number, prefix: number): void {
    const { next } = this.paths;
    const first = this.firstPaths[prefix] as number;
    if (first === path) this.firstPaths[prefix] = next[path] as number;
    else {
      let previous = first;
      while (next[previous] !== path) previous = next[previous] as number;
      next[previous] = next[path] as number;
    }
    this.paths.prefixes[path] = NO_PATH;
    this.paths.remove(path);
    if (this.firstPaths[prefix] === NO_PATH) this.#bury(prefix);
  }

  #bury(prefix: number): void {
    const mark = this.#marks[prefix] as number;
    if ((mark & IN_GRAVEYARD) !== 0) return;
    this.#marks[prefix] = mark | IN_GRAVEYARD;
    this.#graveyard.push(prefix);
  }

  #leaveGraveyard(prefix: number): void {
    this.#clearMark(prefix, IN_GRAVEYARD);
    if (this.firstPaths[prefix] !== NO_PATH) return;
    this.highestOrdinals[prefix] = 0;
    this.prefixes.remove(prefix);
  }

  #growColumns(): void {
    const { capacity } = this.prefixes;
    this.bestPaths = grow(this.bestPaths, capacity, NO_PATH);
    this.firstPaths = grow(this.firstPaths, capacity, NO_PATH);
    this.highestOrdinals = grow(this.highestOrdinals, capacity);
    this.#marks = grow(this.#marks, capacity);
  }
}
