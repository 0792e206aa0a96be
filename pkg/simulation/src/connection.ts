/**
 * A TCP connection between two simulated nodes, as far as BGP can tell: bytes arrive whole and in order, or it breaks.
 */
import type { Address } from '@weft/ip';
import type { ConnectionId } from 'bgp-speaker-ts';
import type { SimulatedNode } from './simulated-node.ts';

/** One end of it. */
export class End {
  readonly node: SimulatedNode;
  readonly peer: Address;
  readonly id: ConnectionId;
  /** This end has not closed, and has not been told that the other did. */
  open = true;
  /** Absent until the other side has accepted. */
  other: End | undefined;

  constructor(node: SimulatedNode, peer: Address, id: ConnectionId) {
    this.node = node;
    this.peer = peer;
    this.id = id;
  }
}
