/**
 * The decision process: which path of a prefix is the best, and which step says so.
 *
 * The RFC says (RFC 4271 §9.1.1, §9.1.2.2; RFC 4456 §9):
 *   0. leave out paths whose next hop is not reachable or whose AS_PATH holds our own AS
 *   1. highest degree of preference, which is LOCAL_PREF between internal peers
 *   a) fewest ASes in AS_PATH, a set counting one
 *   b) lowest ORIGIN
 *   c) lowest MULTI_EXIT_DISC among paths from the same neighbouring AS
 *   d) external before internal
 *   e) lowest cost to the next hop
 *   f) lowest BGP Identifier of the peer; ORIGINATOR_ID, if there is one, stands for it; then shortest CLUSTER_LIST
 *   g) lowest peer address
 *
 * We do, with these numbers and names:
 *   0. leave out rejected paths and those with an unreachable next hop
 *   1. long-lived-stale    a route with LLGR_STALE after every other (RFC 9494 §4.3)
 *   2. local               a route of this speaker before every other (the weight of other implementations)
 *   3. local-pref          100 when absent
 *   4. as-path-length
 *   5. origin
 *   6. med                 0 when absent; only against paths from the same neighbouring AS
 *   7. external
 *   8. igp-metric
 *      paths still equal here form the ECMP set, whatever their AS_PATHs are
 *   9. identifier
 *  10. cluster-list-length
 *  11. peer-address
 *  12. path-id             lowest path identifier, between paths of one peer (ADD-PATH)
 *
 * Each step removes from all remaining paths those that are worse than the best in that step. Comparing two by two
 * instead would make the winner depend on the order of the paths, because step 6 compares only some of them.
 */

import { type AttributeStore, Mark } from './attribute-store.ts';
import { grow, grownCapacity, INITIAL_CAPACITY } from './columns.ts';
import { NO_PATH, PathFlag, type PathTable } from './path-table.ts';
import { LOCAL_PEER, type PeerTable } from './peer-table.ts';

/** The steps, in order. */
export const DECISION_STEPS = [
  'long-lived-stale',
  'local',
  'local-pref',
  'as-path-length',
  'origin',
  'med',
  'external',
  'igp-metric',
  'identifier',
  'cluster-list-length',
  'peer-address',
  'path-id',
] as const;

/** One step of the decision process. */
export type DecisionStep = (typeof DECISION_STEPS)[number];

const MED_STEP = DECISION_STEPS.indexOf('med');
/** From this step on paths are told apart only because one must be the best. */
const TIE_BREAK_STEP = DECISION_STEPS.indexOf('identifier');
const LARGEST = 0xffffffff;

/** A path that lost: at which step, with which value, against which path with which value. */
export interface Elimination {
  readonly path: number;
  readonly step: DecisionStep;
  /** As compared, the smaller being better, but for `local-pref`, where it is the preference itself. */
  readonly value: number;
  readonly against: number;
  readonly againstValue: number;
}

/** Selects paths of one family. Its results are valid until the next call. */
export class DecisionProcess {
  /** The best path and those as good as it up to step 8: entries `0…multipathCount-1`. */
  multipath: Int32Array = new Int32Array(INITIAL_CAPACITY);
  multipathCount = 0;

  readonly #paths: PathTable;
  readonly #attributes: AttributeStore;
  readonly #peers: PeerTable;
  #candidates: Int32Array = new Int32Array(INITIAL_CAPACITY);
  #count = 0;
  /** Values of the candidates in the step at hand. */
  #values: Float64Array = new Float64Array(INITIAL_CAPACITY);
  #trace: Elimination[] | undefined;

  constructor(paths: PathTable, attributes: AttributeStore, peers: PeerTable) {
    this.#paths = paths;
    this.#attributes = attributes;
    this.#peers = peers;
  }

  /** Gives the best path of a list, or `NO_PATH`. */
  decide(firstPath: number): number {
    this.#collect(firstPath);
    this.multipathCount = 0;
    const first = this.#attributes.hasLongLivedStale ? 0 : 1;
    for (let step = first; this.#count > 1 && step < DECISION_STEPS.length; step += 1) {
      if (step === TIE_BREAK_STEP) this.#keepMultipath();
      if (step === MED_STEP) this.#eliminateByMed();
      else this.#eliminate(step);
    }
    if (this.#count === 0) return NO_PATH;
    if (this.multipathCount === 0) this.#keepMultipath();
    return this.#candidates[0] as number;
  }

  /**
   * Brings the `multipath` flags of the list that was decided last in line with the decision, and clears `changed`; says
   * whether the set or its attributes are other ones.
   */
  markMultipath(firstPath: number): boolean {
    const { flags, next } = this.#paths;
    for (let index = 0; index < this.multipathCount; index += 1) {
      this.#paths.set(this.multipath[index] as number, PathFlag.chosen);
    }
    let changed = false;
    for (let path = firstPath; path !== NO_PATH; path = next[path] as number) {
      const flag = flags[path] as number;
      const chosen = (flag & PathFlag.chosen) !== 0;
      const wasChosen = (flag & PathFlag.multipath) !== 0;
      changed ||= chosen !== wasChosen || (chosen && (flag & PathFlag.changed) !== 0);
      const kept = flag & ~(PathFlag.multipath | PathFlag.changed | PathFlag.chosen);
      flags[path] = chosen ? kept | PathFlag.multipath : kept;
    }
    return changed;
  }

  /** Decides and tells why every other selectable path lost. */
  explain(firstPath: number): { best: number; eliminations: readonly Elimination[] } {
    const eliminations: Elimination[] = [];
    this.#trace = eliminations;
    const best = this.decide(firstPath);
    this.#trace = undefined;
    return { best, eliminations };
  }

  /** Says whether a path may be selected: step 0. */
  isSelectable(path: number): boolean {
    if (this.#paths.has(path, PathFlag.gone)) return false;
    const attributes = this.#paths.effective[path] as number;
    if (attributes < 0) return false;
    const { nextHops, nextHopIds } = this.#attributes;
    return nextHops.reachable[nextHopIds[attributes] as number] === 1;
  }

  /** Gives what a step compares of a path; the smaller wins. */
  valueOf(step: number, path: number): number {
    const attributes = this.#paths.effective[path] as number;
    const peer = this.#paths.peers[path] as number;
    const store = this.#attributes;
    switch (step) {
      case 0:
        return ((store.marks[attributes] as number) & Mark.longLivedStale) === 0 ? 0 : 1;
      case 1:
        return peer === LOCAL_PEER ? 0 : 1;
      case 2:
        return LARGEST - (store.localPrefs[attributes] as number);
      case 3:
        return store.asPathLengths[attributes] as number;
      case 4:
        return store.origins[attributes] as number;
      case 5:
        return store.meds[attributes] as number;
      case 6:
        return 1 - (this.#peers.external[peer] as number);
      case 7:
        return store.nextHops.metrics[store.nextHopIds[attributes] as number] as number;
      case 8:
        return (store.originatorIds[attributes] as number) || (this.#peers.identifiers[peer] as number);
      case 9:
        return store.clusterListLengths[attributes] as number;
      case 10:
        return this.#peers.addressRanks[peer] as number;
      default:
        return this.#paths.pathIds[path] as number;
    }
  }

  #collect(firstPath: number): void {
    this.#count = 0;
    const { next } = this.#paths;
    for (let path = firstPath; path !== NO_PATH; path = next[path] as number) {
      if (!this.isSelectable(path)) continue;
      if (this.#count === this.#candidates.length) this.#growScratch();
      this.#candidates[this.#count] = path;
      this.#count += 1;
    }
  }

  #eliminate(step: number): void {
    const least = this.#findLeast(step);
    const bestValue = this.#values[least] as number;
    const best = this.#candidates[least] as number;
    let kept = 0;
    for (let index = 0; index < this.#count; index += 1) {
      const path = this.#candidates[index] as number;
      const value = this.#values[index] as number;
      if (value > bestValue) this.#note(step, path, value, best, bestValue);
      else this.#candidates[kept++] = path;
    }
    this.#count = kept;
  }

  /** Fills `#values`; gives the index of the first candidate with the least value. */
  #findLeast(step: number): number {
    let least = 0;
    for (let index = 0; index < this.#count; index += 1) {
      const value = this.valueOf(step, this.#candidates[index] as number);
      this.#values[index] = value;
      if (value < (this.#values[least] as number)) least = index;
    }
    return least;
  }

  /** RFC 4271 §9.1.2.2 c: remove each path for which there is one from the same neighbour with a lower value. */
  #eliminateByMed(): void {
    const candidates = this.#candidates;
    for (let index = 0; index < this.#count; index += 1) this.#values[index] = this.#findMedRival(index);
    let kept = 0;
    for (let index = 0; index < this.#count; index += 1) {
      const path = candidates[index] as number;
      const rival = this.#values[index] as number;
      if (rival !== NO_PATH) {
        this.#note(MED_STEP, path, this.valueOf(MED_STEP, path), rival, this.valueOf(MED_STEP, rival));
      } else candidates[kept++] = path;
    }
    this.#count = kept;
  }

  /** Finds the candidate of the same neighbouring AS with the lowest value, if it is lower than this one's. */
  #findMedRival(index: number): number {
    const path = this.#candidates[index] as number;
    let lowest = this.valueOf(MED_STEP, path);
    if (lowest === 0) return NO_PATH;
    const neighbour = this.#neighbourOf(path);
    let rival: number = NO_PATH;
    for (let other = 0; other < this.#count; other += 1) {
      const candidate = this.#candidates[other] as number;
      const value = this.valueOf(MED_STEP, candidate);
      if (value >= lowest || this.#neighbourOf(candidate) !== neighbour) continue;
      lowest = value;
      rival = candidate;
    }
    return rival;
  }

  #neighbourOf(path: number): number {
    return this.#attributes.neighbourAsns[this.#paths.effective[path] as number] as number;
  }

  #keepMultipath(): void {
    this.multipathCount = this.#count;
    for (let index = 0; index < this.#count; index += 1) {
      this.multipath[index] = this.#candidates[index] as number;
    }
  }

  #note(step: number, path: number, value: number, against: number, againstValue: number): void {
    if (this.#trace === undefined) return;
    const name = DECISION_STEPS[step] as DecisionStep;
    this.#trace.push({
      path,
      step: name,
      value: toShown(name, value),
      against,
      againstValue: toShown(name, againstValue),
    });
  }

  #growScratch(): void {
    const capacity = grownCapacity(this.#candidates.length, this.#count + 1);
    this.#candidates = grow(this.#candidates, capacity);
    this.multipath = grow(this.multipath, capacity);
    this.#values = new Float64Array(capacity);
  }
}

function toShown(step: DecisionStep, value: number): number {
  return step === 'local-pref' ? LARGEST - value : value;
}
