/**
 * Questions about an AS_PATH, and the changes BGP makes to it.
 *
 * Source: RFC 4271 §5.1.2, §9.1.2.2; RFC 5065 §5.3 (confederation segments count for nothing).
 */

import type { AsPath, AsPathSegment } from './path-attributes.ts';

/** Counts ASes as the decision process does: a set counts one, confederation segments none. */
export function asPathLength(path: AsPath): number {
  let length = 0;
  for (const { kind, asns } of path) {
    if (kind === 'sequence') length += asns.length;
    else if (kind === 'set') length += 1;
  }
  return length;
}

/** Counts how often an AS stands in a path, in segments of every kind; loop detection asks this. */
export function countAsn(path: AsPath, asn: number): number {
  let count = 0;
  for (const { asns } of path) {
    for (const member of asns) if (member === asn) count += 1;
  }
  return count;
}

/** Gives the AS the route came from last, undefined for an empty path or one that begins with a set. */
export function neighbourAsn(path: AsPath): number | undefined {
  for (const { kind, asns } of path) {
    if (kind === 'sequence') return asns[0];
    if (kind === 'set') return undefined;
  }
  return undefined;
}

/** Gives the AS the route began in, undefined for an empty path or one that ends with a set. */
export function originAsn(path: AsPath): number | undefined {
  const last = path.at(-1);
  return last?.kind === 'sequence' ? last.asns.at(-1) : undefined;
}

/** Puts an AS in front of a path, `count` times: RFC 4271 §5.1.2. */
export function prependAsn(path: AsPath, asn: number, count = 1): AsPath {
  const added = new Array<number>(count).fill(asn);
  const [first, ...rest] = path;
  if (first?.kind === 'sequence') return [{ kind: 'sequence', asns: [...added, ...first.asns] }, ...rest];
  return [{ kind: 'sequence', asns: added }, ...path];
}

/** Whether a segment means something outside a confederation: RFC 5065 §3. */
export function isOrdinary({ kind }: AsPathSegment): boolean {
  return kind === 'sequence' || kind === 'set';
}

/** Writes a path as routers show it: `64512 64513 {64514,64515} (65001)`; empty for an empty path. */
export function formatAsPath(path: AsPath): string {
  return path
    .map(({ kind, asns }) => {
      if (kind === 'sequence') return asns.join(' ');
      if (kind === 'set') return `{${asns.join(',')}}`;
      return kind === 'confederation-sequence' ? `(${asns.join(' ')})` : `[${asns.join(',')}]`;
    })
    .join(' ');
}
