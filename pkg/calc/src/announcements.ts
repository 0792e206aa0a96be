/**
 * What this node announces: its confirmed blocks, and addresses of its workloads that lie outside them.
 *
 * A block is announced as long as the node owns it, with or without workloads in it. An address borrowed from another
 * node's block needs a route of its own, more specific than that block. To these come ranges and addresses of Services.
 */

import { familyOf, type Prefix, PrefixTrie } from '@weft/ip';
import type { BgpSettings } from '@weft/resources';
import type { LocalRoute } from 'bgp-speaker-ts';
import { NO_IPV6 } from './felix-settings.ts';
import type { CalcInput } from './input.ts';
import { type LocalAddress, localAddresses } from './local-endpoints.ts';
import type { OwnBlocks } from './own-blocks.ts';
import { localPrefOfMetric, normalMetric } from './route-metric.ts';
import { serviceDecisions } from './services/advertise.ts';

/** A route this node originates. Communities are added by the export policy. */
export interface Announcement extends LocalRoute {
  readonly prefix: Prefix;
  readonly localPref: number;
  readonly reason: string;
  /** An address or range of Services: it comes and goes as they say. */
  readonly isService?: true;
}

/** What could be announced and is not. */
export interface NotAnnounced {
  readonly prefix: Prefix;
  readonly reason: string;
}

/** Both, sorted by prefix as text. */
export interface Announcements {
  readonly announced: readonly Announcement[];
  readonly notAnnounced: readonly NotAnnounced[];
}

/** Decides what is announced. */
export function announcements(input: CalcInput, blocks: OwnBlocks, settings: BgpSettings): Announcements {
  const decisions = new Map<Prefix, Announcement | NotAnnounced>();
  const announce = (prefix: Prefix, reason: string, isService = false): void => {
    const localPref = localPrefOfMetric(normalMetric(prefix, settings));
    decisions.set(prefix, { prefix, localPref, reason, ...(isService && { isService }) });
  };
  for (const { block, reason } of blocks.others) decisions.set(block, { prefix: block, reason });
  for (const { prefix, endpoint, place } of addressesOutsideBlocks(input, blocks))
    if (place === 'pool') announce(prefix, `the address of ${endpoint}, which lies in no block of this node`);
    else decisions.set(prefix, { prefix, reason: `the address of ${endpoint} lies in no pool` });
  for (const { announced, prefix, reason } of serviceDecisions(input, settings))
    if (announced) announce(prefix, reason, true);
    else if (!decisions.has(prefix)) decisions.set(prefix, { prefix, reason });
  for (const block of blocks.confirmed) announce(block, 'a confirmed block of this node');
  if (!input.felix.ipv6Support)
    for (const prefix of decisions.keys())
      if (familyOf(prefix) === 6) decisions.set(prefix, { prefix, reason: NO_IPV6 });
  const sorted = [...decisions.values()].sort((left, right) => (left.prefix < right.prefix ? -1 : 1));
  return {
    announced: sorted.filter(isAnnouncement),
    notAnnounced: sorted.filter((decision) => !isAnnouncement(decision)),
  };
}

function isAnnouncement(decision: Announcement | NotAnnounced): decision is Announcement {
  return 'localPref' in decision;
}

interface StrayAddress extends LocalAddress {
  readonly place: 'pool' | 'nowhere';
}

function addressesOutsideBlocks(input: CalcInput, { confirmed }: OwnBlocks): StrayAddress[] {
  const places = new PrefixTrie<'block' | 'pool'>();
  for (const { spec } of input.pools) places.set(spec.cidr, 'pool');
  for (const block of confirmed) places.set(block, 'block');
  return localAddresses(input).flatMap((address) => {
    const covering = places.covering(address.prefix).map(({ value }) => value);
    if (covering.includes('block')) return [];
    return [{ ...address, place: covering.includes('pool') ? 'pool' : 'nowhere' }];
  });
}
