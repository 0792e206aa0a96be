/**
 * The settings of IPAM with every default filled in.
 *
 * Source: Calico IPAMConfiguration; the cooldown default is ours (DESIGN.md).
 */
import type { IPAMConfiguration } from '@weft/resources';

/** How many blocks a node may own per IP version when nobody says otherwise. Calico's built-in limit. */
export const DEFAULT_MAX_BLOCKS = 20;

/** How long a released address cools down when nobody says otherwise. */
export const DEFAULT_COOLDOWN_SECONDS = 60;

/** What an allocator obeys. */
export interface IpamConfig {
  /** Addresses come from the node's own blocks only. */
  readonly strictAffinity: boolean;
  /** A node whose blocks are full claims another. */
  readonly autoAllocateBlocks: boolean;
  /** Per node and IP version; at least 1. */
  readonly maxBlocksPerHost: number;
  /** 0 makes a released address free at once. */
  readonly cooldownSeconds: number;
}

/**
 * The settings in force; without an IPAMConfiguration all are defaults.
 *
 * @param requestedMaxBlocks a request's own limit of blocks; 0 says nothing
 */
export function configOf(resource: IPAMConfiguration | undefined, requestedMaxBlocks = 0): IpamConfig {
  const spec = resource?.spec;
  return {
    strictAffinity: spec?.strictAffinity ?? false,
    autoAllocateBlocks: spec?.autoAllocateBlocks ?? true,
    maxBlocksPerHost: blockLimit([spec?.maxBlocksPerHost ?? 0, requestedMaxBlocks]),
    cooldownSeconds: spec?.ipCooldownSeconds ?? DEFAULT_COOLDOWN_SECONDS,
  };
}

/** The smallest of the limits that say something; 0 says nothing. */
function blockLimit(limits: readonly number[]): number {
  const said = limits.filter((limit) => limit > 0);
  return said.length > 0 ? Math.min(...said) : DEFAULT_MAX_BLOCKS;
}
