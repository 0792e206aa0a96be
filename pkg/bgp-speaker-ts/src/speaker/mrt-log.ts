/**
 * The update log: a record for every UPDATE a peer sends, as it came, and for every change of a session's state.
 */

import type { SessionState } from '../fsm/types.ts';
import { encodeLoggedMessage, encodeStateChange, type LoggedSession } from '../mrt/bgp4mp.ts';
import { Afi, MessageSize } from '../wire/iana.ts';
import { splitUpdate } from '../wire/message/02-update.ts';
import { createUpdateView } from '../wire/update-view.ts';
import type { SpeakerCore } from './core.ts';
import type { EstablishedSession, Neighbour } from './neighbour.ts';
import type { SpeakerObserver } from './observer.ts';
import { localAsnFor } from './session-config.ts';

/** Where a log goes. */
export interface MrtLogOptions {
  /** Takes one record, whole. */
  readonly write: (record: Uint8Array) => void;
  /** Gives the time, in ms since 1970. */
  readonly unixMs: () => number;
}

/** Writes records as things happen. */
export class MrtLog implements SpeakerObserver {
  readonly #core: SpeakerCore;
  readonly #options: MrtLogOptions;
  readonly #view = createUpdateView();

  constructor(core: SpeakerCore, options: MrtLogOptions) {
    this.#core = core;
    this.#options = options;
  }

  stateChanged(neighbour: Neighbour, from: SessionState, to: SessionState): void {
    const { write, unixMs } = this.#options;
    const { connection = -1 } = neighbour.fsm;
    const localAddress = neighbour.endsOf(connection).localAddress ?? neighbour.config.localAddress;
    write(encodeStateChange(this.#describe(neighbour, localAddress), unixMs(), from, to));
  }

  updateReceived(
    neighbour: Neighbour,
    session: EstablishedSession,
    bytes: Uint8Array,
    start: number,
    end: number,
  ): void {
    const { write, unixMs } = this.#options;
    const described = this.#describe(neighbour, session.localAddress);
    const form = {
      fourOctetAsn: session.negotiated.fourOctetAsn,
      addPath: this.#hasPathIds(session, bytes, start, end),
    };
    write(encodeLoggedMessage(described, unixMs(), bytes, start - MessageSize.header, end, form));
  }

  #describe(neighbour: Neighbour, localAddress: LoggedSession['localAddress']): LoggedSession {
    const { address, config, session, asn = 0 } = neighbour;
    const localAsn = session?.negotiated.localAsn ?? localAsnFor(this.#core.config, config);
    return { peerAddress: address, peerAsn: asn, localAsn, localAddress };
  }

  /** Path identifiers are agreed on per family; an UPDATE with a multiprotocol attribute is one of its family. */
  #hasPathIds({ importProfile }: EstablishedSession, bytes: Uint8Array, start: number, end: number): boolean {
    const { ipv4AddPath, ipv6AddPath } = importProfile;
    if (ipv4AddPath === ipv6AddPath) return ipv4AddPath;
    const view = this.#view;
    if (splitUpdate(bytes, start, end, view) !== undefined) return false;
    const afi = view.reachAfi !== 0 ? view.reachAfi : view.unreachAfi;
    return afi === Afi.ipv6 ? ipv6AddPath : ipv4AddPath;
  }
}
