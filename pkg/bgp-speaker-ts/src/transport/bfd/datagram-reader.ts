/**
 * Datagrams with what the kernel knows of their way: TTL, destination, interface. Node's own class for UDP keeps that back.
 *
 * One `struct msghdr` in native memory is filled anew for each call:
 *
 *       0 msghdr     64 iovec     96 sockaddr     128 control messages     512 payload
 *
 * Source: recvmsg(2), cmsg(3), ip(7), ipv6(7).
 */

import { type Address, addressFromBytes } from '@weft/ip';
import { fromSocketAddress } from '../socket-address.ts';
import { allocateNative, type NativeMemory, receiveMessage } from '../syscalls.ts';

const IPPROTO_IP = 0;
const IP_TTL = 2;
const IP_PKTINFO = 8;
const IPPROTO_IPV6 = 41;
const IPV6_PKTINFO = 50;
const IPV6_HOPLIMIT = 52;

const IOVEC = 64;
const NAME = 96;
const NAME_BYTES = 28;
const CONTROL = 128;
const CONTROL_BYTES = 256;
const PAYLOAD = 512;
/** A control packet has 24 octets, with the longest authentication 52; what is longer is cut off and still judged. */
const PAYLOAD_BYTES = 256;
const TOTAL_BYTES = PAYLOAD + PAYLOAD_BYTES;

/** Offset of the control messages' length in `struct msghdr`. */
const CONTROL_LENGTH = 40;
const CONTROL_HEADER_BYTES = 16;

/** A datagram and its way here; valid until the next one is read. */
export interface ReceivedDatagram {
  readonly bytes: Uint8Array;
  readonly from: Address;
  readonly to: Address;
  readonly interfaceIndex: number;
  readonly ttl: number;
}

/** Reads datagrams from sockets that tell TTL and destination (`tellTtl`, `tellDestination`). */
export class DatagramReader {
  readonly #memory: NativeMemory = allocateNative(TOTAL_BYTES);
  readonly #view: DataView = new DataView(this.#memory.bytes);
  readonly #bytes: Uint8Array = new Uint8Array(this.#memory.bytes);

  /** Reads the next datagram; none when none waits, or when the kernel did not tell its way. */
  read(fd: number): ReceivedDatagram | undefined {
    this.#reset();
    const received = receiveMessage(fd, this.#memory.address);
    if (!received.ok) return undefined;
    return this.#withWay(received.value);
  }

  #reset(): void {
    const { address } = this.#memory;
    const view = this.#view;
    view.setBigUint64(0, address + BigInt(NAME), true);
    view.setUint32(8, NAME_BYTES, true);
    view.setBigUint64(16, address + BigInt(IOVEC), true);
    view.setBigUint64(24, 1n, true);
    view.setBigUint64(32, address + BigInt(CONTROL), true);
    view.setBigUint64(CONTROL_LENGTH, BigInt(CONTROL_BYTES), true);
    view.setBigUint64(IOVEC, address + BigInt(PAYLOAD), true);
    view.setBigUint64(IOVEC + 8, BigInt(PAYLOAD_BYTES), true);
  }

  #withWay(length: number): ReceivedDatagram | undefined {
    const view = this.#view;
    const end = CONTROL + Number(view.getBigUint64(CONTROL_LENGTH, true));
    let ttl: number | undefined;
    let way: Pick<ReceivedDatagram, 'to' | 'interfaceIndex'> | undefined;
    for (let offset = CONTROL; offset + CONTROL_HEADER_BYTES <= end; ) {
      const data = offset + CONTROL_HEADER_BYTES;
      const level = view.getInt32(offset + 8, true);
      const type = view.getInt32(offset + 12, true);
      if (isTtl(level, type)) ttl = view.getInt32(data, true);
      else if (level === IPPROTO_IP && type === IP_PKTINFO) way = this.#way4(data);
      else if (level === IPPROTO_IPV6 && type === IPV6_PKTINFO) way = this.#way6(data);
      offset += align(Math.max(Number(view.getBigUint64(offset, true)), CONTROL_HEADER_BYTES));
    }
    if (ttl === undefined || way === undefined) return undefined;
    const from = fromSocketAddress(this.#bytes.subarray(NAME, NAME + NAME_BYTES));
    return { bytes: this.#bytes.subarray(PAYLOAD, PAYLOAD + length), from, ttl, ...way };
  }

  /** `struct in_pktinfo`: interface, address of the interface, destination. */
  #way4(data: number): Pick<ReceivedDatagram, 'to' | 'interfaceIndex'> {
    const to = addressFromBytes(this.#bytes.subarray(data + 8, data + 12));
    return { to, interfaceIndex: this.#view.getInt32(data, true) };
  }

  /** `struct in6_pktinfo`: destination, interface. */
  #way6(data: number): Pick<ReceivedDatagram, 'to' | 'interfaceIndex'> {
    const to = addressFromBytes(this.#bytes.subarray(data, data + 16));
    return { to, interfaceIndex: this.#view.getUint32(data + 16, true) };
  }
}

function isTtl(level: number, type: number): boolean {
  return (level === IPPROTO_IP && type === IP_TTL) || (level === IPPROTO_IPV6 && type === IPV6_HOPLIMIT);
}

function align(length: number): number {
  return (length + 7) & ~7;
}
