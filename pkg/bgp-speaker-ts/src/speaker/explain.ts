/**
 * Why the route of a prefix is (not) what one expects: all paths, the step that decided against each, and what each
 * peer is told by which rule.
 */

import type { Address, Prefix } from '@weft/ip';
import type { RouteSource } from '../policy/facts.ts';
import { NO_ROUTE } from '../rib/adj-rib-out.ts';
import type { DecisionStep, Elimination } from '../rib/decision-process.ts';
import { NO_PATH, PathFlag, REJECTIONS, type Rejection } from '../rib/path-table.ts';
import { LOCAL_PEER } from '../rib/peer-table.ts';
import type { Rib } from '../rib/rib.ts';
import { familyOfPrefix, findPrefix, formatIpv4 } from '../rib/tables.ts';
import type { Family } from '../wire/family.ts';
import type { SpeakerCore } from './core.ts';
import { showRoute } from './listing.ts';
import type { Neighbour } from './neighbour.ts';
import { sourceOf } from './reports.ts';
import { type ShownAttributes, showAttributes } from './shown-attributes.ts';
import type { UpdateGroup } from './update-group.ts';

/** Why a path is not the best one. */
export type LossReason =
  /** Rejected on import, by this rule. */
  | { readonly kind: 'rejected'; readonly rejection: Rejection; readonly rule: string }
  | { readonly kind: 'next-hop-unreachable' }
  /** Not selected yet: the speaker has restarted and waits for End-of-RIB, or no flush has come. */
  | { readonly kind: 'not-selected-yet' }
  /** Lost at a step of the decision process. */
  | {
      readonly kind: 'decision';
      readonly step: DecisionStep;
      /** What the step compared of this path, and of the one that beat it. */
      readonly value: number | string;
      readonly against: PathName;
      readonly againstValue: number | string;
    };

/** A path, by who sent it. */
export interface PathName {
  readonly source: RouteSource;
  /** Absent for a local route. */
  readonly peer?: Address | undefined;
  /** Path identifier of the peer; 0 without ADD-PATH. */
  readonly pathId: number;
}

/** One path of the prefix. */
export interface ExplainedPath extends PathName {
  readonly attributes: ShownAttributes;
  readonly best: boolean;
  /** Selected beside the best path (ECMP). */
  readonly multipath: boolean;
  readonly stale: boolean;
  /** Rule of the import policy that accepted it; absent for a local route. */
  readonly importRule?: string | undefined;
  /** Absent for the best path. */
  readonly lost?: LossReason | undefined;
}

/** What one peer is told about the prefix. */
export interface ExplainedExport {
  readonly peer: Address;
  readonly told: boolean;
  /**
   * Rule that decided: of the export policy, or `policy-required`, `ibgp-to-ibgp`, `no-advertise`, `no-export`,
   * `llgr-stale`, `otc-leak`, `no-next-hop`, `too-long`, `split-horizon` (the peer is the source), `no-route`, `no-session`.
   */
  readonly rule: string;
  readonly attributes?: ShownAttributes | undefined;
}

/** Everything about one prefix. */
export interface Explanation {
  readonly family: Family;
  readonly prefix: Prefix;
  readonly paths: readonly ExplainedPath[];
  readonly exports: readonly ExplainedExport[];
}

/** Explains a prefix; with no paths when nothing is known of it. */
export function explainPrefix(core: SpeakerCore, prefix: Prefix): Explanation {
  const family = familyOfPrefix(prefix);
  const rib = core.tables.ribs[family];
  const id = findPrefix(rib.prefixes, prefix);
  const first = id < 0 ? NO_PATH : (rib.firstPaths[id] as number);
  const { eliminations } = rib.decision.explain(first);
  const paths: ExplainedPath[] = [];
  for (let path = first; path !== NO_PATH; path = rib.paths.next[path] as number) {
    if (!rib.paths.has(path, PathFlag.gone)) paths.push(explainPath(core, rib, path, eliminations));
  }
  paths.sort((left, right) => Number(right.best) - Number(left.best));
  const exports = [...core.neighbours.values()].map((neighbour) => explainExport(neighbour, rib, id));
  return { family, prefix, paths, exports };
}

function explainPath(
  core: SpeakerCore,
  rib: Rib,
  path: number,
  eliminations: readonly Elimination[],
): ExplainedPath {
  const { paths } = rib;
  const { attributes } = core.tables;
  const prefix = paths.prefixes[path] as number;
  const received = paths.received[path] as number;
  const shown = paths.effective[path] as number;
  const id = shown < 0 ? received : shown;
  const best = rib.usableBest(prefix) === path;
  const importRule = findImportRule(core, rib, path);
  return {
    ...namePath(core, rib, path),
    attributes: showAttributes(attributes.attributes(id), attributes.nextHop(id)),
    best,
    multipath: !best && paths.has(path, PathFlag.multipath),
    stale: paths.has(path, PathFlag.stale),
    importRule,
    lost: best ? undefined : findLoss(core, rib, path, eliminations, importRule),
  };
}

function namePath({ tables }: SpeakerCore, rib: Rib, path: number): PathName {
  const { paths } = rib;
  return {
    source: sourceOf(tables, rib, path),
    peer: tables.peers.address(paths.peers[path] as number),
    pathId: paths.pathIds[path] as number,
  };
}

function findLoss(
  core: SpeakerCore,
  rib: Rib,
  path: number,
  eliminations: readonly Elimination[],
  importRule: string | undefined,
): LossReason {
  const rejection = REJECTIONS[rib.paths.rejections[path] as number] as Rejection;
  if (rejection !== 'none') return { kind: 'rejected', rejection, rule: importRule ?? rejection };
  if (!rib.decision.isSelectable(path)) return { kind: 'next-hop-unreachable' };
  const lost = eliminations.find((elimination) => elimination.path === path);
  if (lost === undefined) return { kind: 'not-selected-yet' };
  const { step, against } = lost;
  return {
    kind: 'decision',
    step,
    value: showValue(core, rib, step, path, lost.value),
    against: namePath(core, rib, against),
    againstValue: showValue(core, rib, step, against, lost.againstValue),
  };
}

/** Numbers that stand for something else are shown as that. */
function showValue(
  { tables }: SpeakerCore,
  rib: Rib,
  step: DecisionStep,
  path: number,
  value: number,
): number | string {
  switch (step) {
    case 'long-lived-stale':
      return value === 0 ? 'fresh' : 'stale';
    case 'local':
    case 'external':
      return sourceOf(tables, rib, path);
    case 'identifier':
      return formatIpv4(value);
    case 'peer-address':
      return tables.peers.address(rib.paths.peers[path] as number) ?? 'local';
    default:
      return value;
  }
}

/** Asks the import policy again which rule decides; the session may be gone, and with it the profile. */
function findImportRule(core: SpeakerCore, rib: Rib, path: number): string | undefined {
  const { paths, prefixes } = rib;
  const peer = paths.peers[path] as number;
  const profile = core.byIndex[peer]?.session?.importProfile;
  if (peer === LOCAL_PEER || profile === undefined) return undefined;
  const { importer } = core.receiver;
  const prefix = paths.prefixes[path] as number;
  importer.begin(profile, rib.family, paths.received[path] as number);
  importer.judge(...prefixes.wordsOf(prefix), prefixes.lengths[prefix] as number);
  const { rule } = importer;
  importer.end();
  return rule;
}

function explainExport({ address, index, session }: Neighbour, rib: Rib, prefix: number): ExplainedExport {
  const group = session?.groups.get(rib.family)?.group;
  if (group === undefined) return { peer: address, told: false, rule: 'no-session' };
  const path = prefix < 0 ? NO_PATH : rib.usableBest(prefix);
  if (path === NO_PATH) return { peer: address, told: false, rule: 'no-route' };
  if (rib.paths.peers[path] === index) return { peer: address, told: false, rule: 'split-horizon' };
  return { peer: address, ...explainRoute(group, path) };
}

function explainRoute(group: UpdateGroup, path: number): Omit<ExplainedExport, 'peer'> {
  group.exporter.beginBatch();
  const route = group.exporter.export(path);
  const { rule } = group.exporter;
  if (route === NO_ROUTE) return { told: false, rule };
  const attributes = showRoute(group, route);
  group.adjRibOut.encoded.release(route);
  return { told: true, rule, attributes };
}
