/**
 * Inputs for tests of sessions: one node with what it has around it, and what is decided about its peers.
 */
import type { PeerConfig } from 'bgp-speaker-ts';
import { calculate } from '../src/calculate.ts';
import type { CalcInput } from '../src/input.ts';
import { inputOf, type NodeOptions, node, resource } from './fixtures.ts';

type Peer = Record<string, unknown>;

/** What a test adds to node1 (10.0.0.1, fd00::1) and node2. */
export interface SessionsRow {
  readonly own?: NodeOptions;
  readonly others?: Record<string, NodeOptions>;
  readonly peers?: Record<string, Peer>;
  readonly configuration?: Record<string, unknown>;
  readonly secrets?: ReadonlyMap<string, string>;
}

/** node1, and node2 in rack a unless there are `others`. */
export function inputWith(row: SessionsRow): CalcInput {
  const own = { ipv4: '10.0.0.1/24', ipv6: 'fd00::1/64', ...row.own };
  const others = row.others ?? { node2: { ipv4: '10.0.0.2/24', ipv6: 'fd00::2/64', labels: { rack: 'a' } } };
  return inputOf({
    nodes: [node('node1', own), ...Object.entries(others).map(([name, options]) => node(name, options))],
    bgpPeers: Object.entries(row.peers ?? {}).map(([name, spec]) => resource('BGPPeer', name, spec)),
    bgpConfigurations: row.configuration ? [resource('BGPConfiguration', 'default', row.configuration)] : [],
    secrets: row.secrets ?? new Map(),
  });
}

/** The peers of node1. */
export function peersOf(input: CalcInput): readonly PeerConfig[] {
  const { speaker } = calculate(input);
  if (speaker.kind === 'no-bgp') throw new Error(speaker.reason);
  return speaker.config.peers;
}

/** One decision in words: a session by name and direction, or who is left out; then the reason. */
export function decisions(input: CalcInput): string[] {
  return calculate(input).sessions.map((session) =>
    session.kind === 'session'
      ? `${session.name} ${session.passive ? 'passive' : 'active'}: ${session.reason}`
      : `not ${session.peer}: ${session.reason}`,
  );
}

export const noMesh = { nodeToNodeMeshEnabled: false };
export const node2 = { ipv4: '10.0.0.2/24', labels: { rack: 'a' } };
