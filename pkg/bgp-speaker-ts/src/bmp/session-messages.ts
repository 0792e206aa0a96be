/**
 * The messages about the monitoring session and about peers: Initiation, Termination, Peer Up, Peer Down.
 *
 * Source: RFC 7854 §4.3, §4.5, §4.9, §4.10; RFC 9069 §5.2 (the Peer Up of a Loc-RIB; its name is optional).
 */

import type { Address } from '@weft/ip';
import type { DownReason, ExchangedOpens } from '../fsm/types.ts';
import { encodeNotification } from '../wire/message/03-notification.ts';
import { ByteWriter } from '../wire/writer.ts';
import {
  type BmpPeer,
  BmpType,
  beginMessage,
  endMessage,
  writeAddress,
  writeInformation,
  writePeerHeader,
} from './header.ts';

/** Types of information: RFC 7854 §4.4. */
const Information = { systemDescription: 1, systemName: 2 } as const;

/** Information of a Termination: RFC 7854 §4.5. */
const TERMINATION_REASON = 1;

/** Why monitoring ends. */
export const TerminationReason = { administrativelyClosed: 0, unspecified: 1, outOfResources: 2 } as const;

/** Reasons of a Peer Down: RFC 7854 §4.9. */
const DownCode = {
  localNotification: 1,
  localNoNotification: 2,
  remoteNotification: 3,
  remoteNoNotification: 4,
  notMonitored: 5,
} as const;

/** Events of RFC 4271 §8.1 that a Peer Down with reason 2 names. */
const FsmEvent = { manualStop: 2, tcpConnectionConfirmed: 17 } as const;

/** Why a peer is down for a collector: its session ended, or it is not told of any more. */
export type BmpDownReason = DownReason | { readonly kind: 'not-monitored' };

/** The ends of a session. */
export interface BmpConnection {
  readonly localAddress: Address | undefined;
  readonly localPort: number;
  readonly remotePort: number;
  readonly opens: ExchangedOpens;
}

const encoder = new TextEncoder();

/** Writes an Initiation; both texts are wanted by the RFC. */
export function encodeInitiation(systemName: string, systemDescription: string): Uint8Array {
  const writer = new ByteWriter();
  const start = beginMessage(writer, BmpType.initiation);
  writeInformation(writer, Information.systemDescription, encoder.encode(systemDescription));
  writeInformation(writer, Information.systemName, encoder.encode(systemName));
  endMessage(writer, start);
  return writer.take();
}

/** Writes a Termination. */
export function encodeTermination(reason: number): Uint8Array {
  const writer = new ByteWriter();
  const start = beginMessage(writer, BmpType.termination);
  writeInformation(writer, TERMINATION_REASON, Uint8Array.of(reason >>> 8, reason));
  endMessage(writer, start);
  return writer.take();
}

/** Writes a Peer Up. */
export function encodePeerUp(peer: BmpPeer, connection: BmpConnection): Uint8Array {
  const { localAddress, localPort, remotePort, opens } = connection;
  const writer = new ByteWriter(256);
  const start = beginMessage(writer, BmpType.peerUp);
  writePeerHeader(writer, peer);
  writeAddress(writer, localAddress);
  writer.writeUint16(localPort);
  writer.writeUint16(remotePort);
  writer.writeBytes(opens.sent);
  writer.writeBytes(opens.received);
  endMessage(writer, start);
  return writer.take();
}

/** Writes a Peer Down. */
export function encodePeerDown(peer: BmpPeer, reason: BmpDownReason): Uint8Array {
  const writer = new ByteWriter();
  const start = beginMessage(writer, BmpType.peerDown);
  writePeerHeader(writer, peer);
  writeReason(writer, reason);
  endMessage(writer, start);
  return writer.take();
}

function writeReason(writer: ByteWriter, reason: BmpDownReason): void {
  switch (reason.kind) {
    case 'notification-sent':
      writer.writeUint8(DownCode.localNotification);
      writer.writeBytes(encodeNotification(reason.notification));
      return;
    case 'notification-received':
      writer.writeUint8(DownCode.remoteNotification);
      writer.writeBytes(encodeNotification(reason.notification));
      return;
    case 'closed-locally':
    case 'connection-replaced':
      writer.writeUint8(DownCode.localNoNotification);
      writer.writeUint16(
        reason.kind === 'closed-locally' ? FsmEvent.manualStop : FsmEvent.tcpConnectionConfirmed,
      );
      return;
    case 'tcp-closed':
    case 'connect-failed':
      writer.writeUint8(DownCode.remoteNoNotification);
      return;
    case 'not-monitored':
      writer.writeUint8(DownCode.notMonitored);
      return;
  }
}
