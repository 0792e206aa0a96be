/** What the speaker knows of a destination: all paths of every prefix around it, and what each peer is told. */
import type { ExplainedLoss, ExplainedPath, ExplainedPrefix } from '@weft/control';
import type { Prefix } from '@weft/ip';
import type { ExplainedPath as SpeakerPath } from 'bgp-speaker-ts';
import type { Bgp } from '../bgp/bgp.ts';
import { toRibPath } from '../bgp/bgp-answers.ts';
import { coveringPrefixes, type Destination } from './destination.ts';

/**
 * The prefixes that the speaker has a path of, the shortest first. They are looked up by length, so that paths nobody
 * let in are found too, and a full table costs no more than an empty one.
 */
export function explainedPrefixes(
  bgp: Bgp | undefined,
  destination: Destination,
  rejected: ReadonlyMap<Prefix, string>,
): ExplainedPrefix[] {
  if (bgp === undefined) return [];
  return coveringPrefixes(destination).flatMap((prefix) => {
    const { exports, paths } = bgp.explain(prefix);
    if (paths.length === 0) return [];
    const noRoute = rejected.get(prefix);
    return [
      {
        prefix,
        paths: paths.map(toPath),
        exports: exports.map(({ peer, rule, told }) => ({ peer, told, rule })),
        ...(noRoute !== undefined && { noRoute }),
      },
    ];
  });
}

function toPath(path: SpeakerPath): ExplainedPath {
  const { best, importRule, multipath, source } = path;
  return { ...toRibPath(path), source, best, multipath, importRule, lost: lossOf(path) };
}

function lossOf({ lost }: SpeakerPath): ExplainedLoss | undefined {
  if (lost === undefined) return undefined;
  const { kind } = lost;
  if (kind === 'rejected') {
    const isPolicy = lost.rejection === 'import-policy' || lost.rejection === 'policy-required';
    return { kind, rule: isPolicy ? lost.rule : lost.rejection };
  }
  if (kind !== 'decision') return { kind };
  const { against, againstValue, step, value } = lost;
  return { kind, step, value: `${value}`, against: against.peer, againstValue: `${againstValue}` };
}
