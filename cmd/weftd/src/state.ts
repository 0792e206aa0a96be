/**
 * The daemon's picture of the datastore: the kinds it follows, as `calculate` and the allocator want them.
 */
import { createHash } from 'node:crypto';
import type { CalcInput, LocalFacts } from '@weft/calc';
import { type Datastore, type Mirror, type MirrorChange, mirror } from '@weft/datastore';
import { type Family, familyOf } from '@weft/ip';
import { type IpamView, isSameOwner, ownerOfAffinity } from '@weft/ipam';
import type { Kind, ResourceOf, WorkloadEndpoint } from '@weft/resources';
import type { Options } from './options.ts';

const kinds = [
  'Node',
  'IPPool',
  'IPReservation',
  'IPAMConfiguration',
  'BlockAffinity',
  'BGPConfiguration',
  'BGPPeer',
  'BGPFilter',
] as const;
type MirroredKind = (typeof kinds)[number];

/** A live copy of what this daemon needs of the datastore. */
export class State {
  readonly mirror: Mirror<MirroredKind>;

  /** @param onChange told of every change but those of other nodes' blocks, which are learned by BGP */
  constructor(store: Datastore, nodeName: string, onChange: (kind: Kind) => void) {
    this.mirror = mirror(store, kinds, (change) => {
      if (!isForeignBlock(change, nodeName)) onChange(change.resourceKind);
    });
  }

  /** Every object of a kind, in no order. */
  all<K extends MirroredKind>(kind: K): ResourceOf<K>[] {
    return [...this.mirror.objects(kind).values()];
  }

  /** How many blocks of a family the node holds, in any state of their affinity. */
  ownBlockCount(node: string, family: Family): number {
    return this.all('BlockAffinity').filter(
      ({ spec }) => spec.node === node && familyOf(spec.cidr) === family,
    ).length;
  }

  /** What `calculate` decides from. */
  calcInput(options: Options, endpoints: readonly WorkloadEndpoint[], facts: LocalFacts): CalcInput {
    return {
      nodeName: options.nodeName,
      nodeNameDigest: createHash('sha256').update(options.nodeName).digest(),
      nodes: this.all('Node'),
      pools: this.all('IPPool'),
      bgpConfigurations: this.all('BGPConfiguration'),
      bgpPeers: this.all('BGPPeer'),
      bgpFilters: this.all('BGPFilter'),
      blockAffinities: this.all('BlockAffinity').filter(({ spec }) => spec.node === options.nodeName),
      endpoints,
      secrets: new Map(),
      settings: {
        holdTimeSeconds: options.holdTimeSeconds,
        gracefulRestartTimeSeconds: options.restartTimeSeconds,
        routerId: 'auto',
      },
      facts,
    };
  }

  /** The allocator's facts without a round trip; being a moment behind costs it an attempt, never correctness. */
  ipamView(): IpamView {
    return {
      pools: () => this.all('IPPool'),
      reservations: () => this.all('IPReservation'),
      configuration: () => this.mirror.objects('IPAMConfiguration').get('default'),
      node: (name) => this.mirror.objects('Node').get(name),
      affinities: (owner) =>
        this.all('BlockAffinity').filter((affinity) => isSameOwner(ownerOfAffinity(affinity), owner)),
    };
  }
}

function isForeignBlock({ resourceKind, event }: MirrorChange<MirroredKind>, nodeName: string): boolean {
  return resourceKind === 'BlockAffinity' && event.kind === 'put' && event.resource.spec.node !== nodeName;
}
