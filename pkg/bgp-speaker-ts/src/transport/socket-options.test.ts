import { address } from '@weft/ip';
import { describe, expect, test } from 'vitest';
import { openListeningSocket, openOutgoingSocket } from './raw-socket.ts';
import { fromNodeAddress, socketAddress } from './socket-address.ts';
import { setMd5Key } from './socket-options.ts';
import { close } from './syscalls.ts';

describe('struct sockaddr', () => {
  test('is family, port and address in the kernel’s order', () => {
    expect(Buffer.from(socketAddress(address('10.0.0.1'), 179)).toString('hex')).toBe(
      '020000b30a0000010000000000000000',
    );
    expect(Buffer.from(socketAddress(address('2001:db8::1'), 179)).toString('hex')).toBe(
      `0a0000b30000000020010db80000000000000000000000010000000000000000`.slice(0, 56),
    );
  });

  test('Node’s text loses its zone and becomes canonical', () => {
    expect(fromNodeAddress('fe80::1%eth0')).toBe('fe80::1');
    expect(fromNodeAddress('10.0.0.1')).toBe('10.0.0.1');
    expect(fromNodeAddress(undefined)).toBeUndefined();
  });
});

describe('sockets made by hand', () => {
  test.each(['127.0.0.1', '::1'])(
    '%s: TTL security, MD5 and a source address are all taken by the kernel',
    (at) => {
      const peer = address(at);
      const opened = openOutgoingSocket({ peer, localAddress: peer, password: 'key', ttlSecurityHops: 2 });
      expect(opened.ok).toBe(true);
      if (opened.ok) close(opened.value);
    },
  );

  test('a source address of nobody is an errno by name', () => {
    const opened = openOutgoingSocket({ peer: address('127.0.0.1'), localAddress: address('203.0.113.9') });
    expect(opened).toEqual({ ok: false, errno: 'EADDRNOTAVAIL' });
  });

  test('a listener takes the key of a whole prefix, for dynamic neighbours', () => {
    const listener = openListeningSocket(address('127.0.0.1'), 0);
    if (!listener.ok) throw new Error(listener.errno);
    expect(setMd5Key(listener.value, address('10.0.0.0'), 'key', 16)).toMatchObject({ ok: true });
    expect(setMd5Key(listener.value, address('10.0.0.0'), undefined, 16)).toMatchObject({ ok: true });
    close(listener.value);
  });
});
