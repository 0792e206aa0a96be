/**
 * Between two-octet and four-octet AS numbers: RFC 6793.
 *
 * A two-octet peer carries AS_TRANS (23456) for larger numbers and the real ones in AS4_PATH and AS4_AGGREGATOR. Inside
 * this speaker all AS numbers have four octets: `mergeFourOctetAttributes` on the way in, `addFourOctetStandIns` out.
 */

import { AS_TRANS } from '../iana.ts';
import { asPathLength, isOrdinary } from './as-path.ts';
import type { AsPath, AsPathSegment, PathAttributes } from './path-attributes.ts';

type Draft = { -readonly [K in keyof PathAttributes]: PathAttributes[K] };

const MAX_TWO_OCTET_ASN = 0xffff;

/**
 * Puts AS4_PATH and AS4_AGGREGATOR in place of what they stand for, and removes both (RFC 6793 §4.2.3).
 *
 * An AGGREGATOR that is not AS_TRANS was written by a router that knows no four octets and dropped the numbers' meaning
 * on the way: then both stand-ins are out of date and ignored. So is an AS4_PATH longer than the AS_PATH.
 */
export function mergeFourOctetAttributes(draft: Draft): void {
  const { as4Path, as4Aggregator, aggregator } = draft;
  delete draft.as4Path;
  delete draft.as4Aggregator;
  if (as4Aggregator !== undefined && aggregator !== undefined) {
    if (aggregator.asn !== AS_TRANS) return;
    draft.aggregator = as4Aggregator;
  }
  if (as4Path !== undefined && draft.asPath !== undefined) draft.asPath = mergePaths(draft.asPath, as4Path);
}

/** Adds the stand-ins a two-octet peer needs, if any number needs four octets: RFC 6793 §4.2.2. */
export function addFourOctetStandIns(attributes: PathAttributes): PathAttributes {
  const { asPath, aggregator } = attributes;
  const longPath = asPath?.some(({ asns }) => asns.some((asn) => asn > MAX_TWO_OCTET_ASN)) ?? false;
  const longAggregator = aggregator !== undefined && aggregator.asn > MAX_TWO_OCTET_ASN;
  if (!longPath && !longAggregator) return attributes;
  return {
    ...attributes,
    as4Path: longPath ? asPath?.filter(isOrdinary) : undefined,
    as4Aggregator: longAggregator ? aggregator : undefined,
  };
}

/**
 * Keeps the front of AS_PATH that AS4_PATH does not cover, then AS4_PATH: RFC 6793 §4.2.3. Confederation segments never
 * go into AS4_PATH and are dropped from it (§3, §6).
 */
function mergePaths(path: AsPath, as4Path: AsPath): AsPath {
  const covered = as4Path.filter(isOrdinary);
  const missing = asPathLength(path) - asPathLength(covered);
  if (missing < 0) return path;
  return joinSequences([...takeFront(path, missing), ...covered]);
}

/** Takes segments from the front until they count `length` ASes; confederation segments count none and come along. */
function takeFront(path: AsPath, length: number): AsPathSegment[] {
  const front: AsPathSegment[] = [];
  let left = length;
  for (const segment of path) {
    if (isOrdinary(segment) && left === 0) break;
    const part = segment.kind === 'sequence' ? { ...segment, asns: segment.asns.slice(0, left) } : segment;
    front.push(part);
    left -= asPathLength([part]);
  }
  return front;
}

/** Joins neighbouring sequences, so that a merged path looks like one that was never split. */
function joinSequences(path: readonly AsPathSegment[]): AsPath {
  const joined: AsPathSegment[] = [];
  for (const segment of path) {
    const last = joined.at(-1);
    if (last?.kind === 'sequence' && segment.kind === 'sequence') {
      joined[joined.length - 1] = { kind: 'sequence', asns: [...last.asns, ...segment.asns] };
    } else joined.push(segment);
  }
  return joined;
}
