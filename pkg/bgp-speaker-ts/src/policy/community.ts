/**
 * Communities between their text and their numbers: `aa:nn` (RFC 1997) and `aa:nn:mm` (RFC 8092).
 */

import type { LargeCommunity } from '../wire/attribute/path-attributes.ts';

const COMMUNITY = /^(\d{1,5}):(\d{1,5})$/;
const LARGE_COMMUNITY = /^(\d{1,10}):(\d{1,10}):(\d{1,10})$/;

/** Reads `aa:nn`; undefined when it is not two numbers of at most 65535. */
export function parseCommunity(text: string): number | undefined {
  const [, high, low] = (COMMUNITY.exec(text) ?? []).map(Number);
  if (high === undefined || low === undefined || high > 0xffff || low > 0xffff) return undefined;
  return high * 0x10000 + low;
}

/** Writes a community as `aa:nn`. */
export function formatCommunity(community: number): string {
  return `${community >>> 16}:${community & 0xffff}`;
}

/** Reads `aa:nn:mm`; undefined when it is not three numbers of 32 bits. */
export function parseLargeCommunity(text: string): LargeCommunity | undefined {
  const parts = (LARGE_COMMUNITY.exec(text) ?? []).map(Number).slice(1);
  const [globalAdministrator, localData1, localData2] = parts;
  if (globalAdministrator === undefined || localData1 === undefined || localData2 === undefined)
    return undefined;
  if (parts.some((part) => part > 0xffffffff)) return undefined;
  return { globalAdministrator, localData1, localData2 };
}

/** Writes a large community as `aa:nn:mm`. */
export function formatLargeCommunity(community: LargeCommunity): string {
  return `${community.globalAdministrator}:${community.localData1}:${community.localData2}`;
}

/** Says whether two large communities are the same. */
export function isSameLargeCommunity(left: LargeCommunity, right: LargeCommunity): boolean {
  return (
    left.globalAdministrator === right.globalAdministrator &&
    left.localData1 === right.localData1 &&
    left.localData2 === right.localData2
  );
}
