/**
 * What a BMP station tells, as messages: of neighbours, of their routes, and of the Loc-RIB as a peer of its own.
 */

import { type BmpPeer, type BmpView, encodePeerHeader } from '../bmp/header.ts';
import { PathPacker } from '../bmp/path-packer.ts';
import { encodeRouteMonitoring, encodeStatistics } from '../bmp/route-messages.ts';
import { type BmpDownReason, encodePeerDown, encodePeerUp } from '../bmp/session-messages.ts';
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

/** Headers of the messages about routes of a session, made once. */
interface SessionHeaders {
  /** Of UPDATEs as they came, perhaps with AS numbers of two octets. */
  readonly asReceived: Uint8Array;
  readonly 'pre-policy': Uint8Array;
  readonly 'post-policy': Uint8Array;
}

/** Writes messages about one speaker. */
export class BmpFeed {
  readonly core: SpeakerCore;
  readonly #output: BmpOutput;
  readonly #packers: Map<BmpView, PathPacker> = new Map();
  readonly #headers: WeakMap<EstablishedSession, SessionHeaders> = new WeakMap();
  readonly #locRibHeader: Uint8Array;

  constructor(core: SpeakerCore, output: BmpOutput, views: Iterable<BmpView>) {
    this.core = core;
    this.#output = output;
    this.#locRibHeader = encodePeerHeader(this.#describeLocRib(0));
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
    const header = this.#headersOf(neighbour, session).asReceived;
    this.#output.write(encodeRouteMonitoring(header, this.#output.unixMs(), bytes, start, end));
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
      const header = this.#headerOf(index, view);
      if (header === undefined) return;
      const unixMs = this.#output.unixMs() - Math.max(0, this.core.now - heard * 1000);
      this.#output.write(encodeRouteMonitoring(header, unixMs, bytes, start, end));
    });
  }

  /** Gives the header of a peer by its index; undefined when its session has ended meanwhile. */
  #headerOf(index: number, view: BmpView): Uint8Array | undefined {
    if (view === 'loc-rib') return this.#locRibHeader;
    const neighbour = this.core.byIndex[index];
    return neighbour?.session === undefined ? undefined : this.#headersOf(neighbour, neighbour.session)[view];
  }

  #headersOf(neighbour: Neighbour, session: EstablishedSession): SessionHeaders {
    const known = this.#headers.get(session);
    if (known !== undefined) return known;
    const peer = this.#describe(neighbour, session, 'pre-policy');
    const twoOctetAsn = !session.negotiated.fourOctetAsn;
    const headers = {
      asReceived: encodePeerHeader({ ...peer, twoOctetAsn }),
      'pre-policy': encodePeerHeader(peer),
      'post-policy': encodePeerHeader({ ...peer, view: 'post-policy' }),
    };
    this.#headers.set(session, headers);
    return headers;
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
