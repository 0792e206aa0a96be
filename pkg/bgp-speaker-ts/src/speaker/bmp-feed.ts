/**
 * What a BMP station tells, as messages: of neighbours, of their routes, and of the Loc-RIB as a peer of its own.
 */

import type { BmpPeer, BmpView } from '../bmp/header.ts';
import { PathPacker } from '../bmp/path-packer.ts';
import { encodeRouteMonitoring, encodeStatistics } from '../bmp/route-messages.ts';
import { type BmpDownReason, encodePeerDown, encodePeerUp } from '../bmp/session-messages.ts';
import { LOCAL_PEER } from '../rib/peer-table.ts';
import { toTwoOctets } from '../wire/attribute/02-as-path.ts';
import { FAMILIES, toAfiSafi } from '../wire/family.ts';
import { BGP_VERSION, encodeOpen } from '../wire/message/01-open.ts';
import type { SpeakerCore } from './core.ts';
import type { EstablishedSession, Neighbour } from './neighbour.ts';
import { toIdentifier } from './session-config.ts';

/** Where a station's messages go, and what time it is. */
export interface BmpOutput {
  /** Takes one message, whole. */
  readonly write: (message: Uint8Array) => void;
  /** Gives the time, in ms since 1970. */
  readonly unixMs: () => number;
}

/** Writes messages about one speaker. */
export class BmpFeed {
  readonly core: SpeakerCore;
  readonly #output: BmpOutput;
  readonly #packers: Map<BmpView, PathPacker> = new Map();

  constructor(core: SpeakerCore, output: BmpOutput, views: Iterable<BmpView>) {
    this.core = core;
    this.#output = output;
    for (const view of views) this.#packers.set(view, this.#createPacker(view));
  }

  /** Gives the packer of a view; undefined when the view is not told. */
  packer(view: BmpView): PathPacker | undefined {
    return this.#packers.get(view);
  }

  /** Hands over what the packers hold. */
  finish(): void {
    for (const packer of this.#packers.values()) packer.finish();
  }

  peerUp(neighbour: Neighbour, session: EstablishedSession): void {
    this.#output.write(encodePeerUp(this.#describe(neighbour, session, 'pre-policy'), session));
  }

  peerDown(neighbour: Neighbour, session: EstablishedSession, reason: BmpDownReason): void {
    this.#output.write(encodePeerDown(this.#describe(neighbour, session, 'pre-policy'), reason));
  }

  /** Tells that there is a Loc-RIB: both OPENs are made for it (RFC 9069 §5.2). */
  locRibUp(): void {
    const { asn, identifier } = this.core.config;
    const open = encodeOpen({
      version: BGP_VERSION,
      asn: toTwoOctets(asn),
      holdTimeSeconds: 0,
      identifier: toIdentifier(identifier),
      capabilities: [
        ...FAMILIES.map((family) => ({ kind: 'multiprotocol' as const, ...toAfiSafi(family) })),
        { kind: 'four-octet-as', asn },
      ],
    });
    const connection = {
      localAddress: undefined,
      localPort: 0,
      remotePort: 0,
      opens: { sent: open, received: open },
    };
    this.#output.write(encodePeerUp(this.#describeLocRib(this.#output.unixMs()), connection));
  }

  /** Passes an UPDATE on as it came, `bytes[start…end)`. */
  forward(
    neighbour: Neighbour,
    session: EstablishedSession,
    bytes: Uint8Array,
    start: number,
    end: number,
  ): void {
    const twoOctetAsn = !session.negotiated.fourOctetAsn;
    const peer = { ...this.#describe(neighbour, session, 'pre-policy'), twoOctetAsn };
    this.#output.write(encodeRouteMonitoring(peer, bytes, start, end));
  }

  /** Tells the counts of a neighbour. */
  statistics(neighbour: Neighbour, session: EstablishedSession, treatAsWithdraw: number): void {
    const { ribs } = this.core.tables;
    const families = [...session.importProfile.families];
    const routes = new Map(
      families.map((family) => [family, ribs[family].countsOf(neighbour.index).received]),
    );
    const peer = this.#describe(neighbour, session, 'pre-policy');
    this.#output.write(encodeStatistics(peer, { routes, treatAsWithdraw }));
  }

  /** Tells the counts of the Loc-RIB. */
  locRibStatistics(): void {
    const { ribs } = this.core.tables;
    const routes = new Map(FAMILIES.map((family) => [family, ribs[family].routeCount]));
    this.#output.write(
      encodeStatistics(this.#describeLocRib(this.#output.unixMs()), { routes, treatAsWithdraw: 0 }),
    );
  }

  #createPacker(view: BmpView): PathPacker {
    return new PathPacker(this.core.tables, (index, heard, bytes, start, end) => {
      const peer = this.#describeIndex(index, view, heard);
      if (peer !== undefined) this.#output.write(encodeRouteMonitoring(peer, bytes, start, end));
    });
  }

  /** Describes a peer by its index; undefined when its session has ended meanwhile. */
  #describeIndex(index: number, view: BmpView, heard: number): BmpPeer | undefined {
    const unixMs = this.#output.unixMs() - Math.max(0, this.core.now - heard * 1000);
    if (index === LOCAL_PEER) return this.#describeLocRib(unixMs);
    const neighbour = this.core.byIndex[index];
    if (neighbour?.session === undefined) return undefined;
    return { ...this.#describe(neighbour, neighbour.session, view), unixMs };
  }

  #describe({ address }: Neighbour, { negotiated }: EstablishedSession, view: BmpView): BmpPeer {
    const { peerAsn: asn, peerIdentifier: identifier } = negotiated;
    return { view, address, asn, identifier, twoOctetAsn: false, unixMs: this.#output.unixMs() };
  }

  #describeLocRib(unixMs: number): BmpPeer {
    const { asn, identifier } = this.core.config;
    return {
      view: 'loc-rib',
      address: undefined,
      asn,
      identifier: toIdentifier(identifier),
      twoOctetAsn: false,
      unixMs,
    };
  }
}
