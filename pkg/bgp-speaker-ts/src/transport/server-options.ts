/**
 * What a server is given besides events, and what it tells its owner.
 */

import type { Address, Prefix } from '@weft/ip';
import type { SpeakerConfig } from '../speaker/config.ts';
import type { SpeakerAction, SpeakerEvent } from '../speaker/events.ts';
import type { BmpReport } from './bmp-client.ts';

/** Actions the owner hears of: all but those on connections. */
export type SpeakerReport = Exclude<
  SpeakerAction,
  { kind: 'connect' | 'close' | 'send' | 'open-bfd' | 'close-bfd' }
>;

/** What happens on sockets that is not the speaker's concern. */
export type TransportReport =
  | BmpReport
  /** Somebody who is no peer connected and was closed. */
  | { readonly kind: 'stranger-refused'; readonly address: Address | undefined }
  /** The kernel did not take the MD5 key of a peer; no connection of it is accepted. */
  | { readonly kind: 'md5-key-refused'; readonly peer: Address | Prefix; readonly errno: string }
  /** The sockets of a BFD session cannot be opened; it is tried again every second, and told when the reason is another. */
  | {
      readonly kind: 'bfd-socket-refused';
      readonly peer: Address;
      readonly step: 'interface' | 'receive' | 'send';
      readonly errno: string;
    }
  /** The BFD thread has failed: no BFD session runs until the server is started anew, BGP goes on without. */
  | { readonly kind: 'bfd-thread-failed'; readonly error: string };

/** How a server starts. */
export interface BgpServerOptions {
  readonly config: SpeakerConfig;
  /** The process has started anew while the kernel kept forwarding by routes of its earlier life (RFC 4724). */
  readonly restarting: boolean;
  /**
   * Report every change of the Loc-RIB and the next hops in use, an object for each prefix; default: when there is
   * somebody to hear it.
   */
  readonly reportRoutes?: boolean | undefined;
  /** Hears what the speaker reports, in order, from the event loop. */
  readonly onAction?: (action: SpeakerReport) => void;
  /** Hears what happens on sockets. */
  readonly onTransport?: (report: TransportReport) => void;
  /** Seed of jitter and hashes; default a random one. */
  readonly seed?: number | undefined;
}

/** Commands to single peers. */
export type PeerCommand = Extract<
  SpeakerEvent,
  { kind: 'start-peer' | 'stop-peer' | 'reset-peer' | 'refresh-peer' }
>;

/** How a server stops. */
export interface StopOptions {
  /** Close without a Cease, so that peers keep our routes for the restart time; else Cease / Administrative Shutdown. */
  readonly graceful: boolean;
  /** Shutdown communication of the Cease (RFC 9003). */
  readonly communication?: string | undefined;
}
