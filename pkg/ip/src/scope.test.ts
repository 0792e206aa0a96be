import { describe, expect, test } from 'vitest';
import { address } from './address.ts';
import { isGlobalUnicast, isLinkLocal, isLoopback, isMulticast, isUnspecified } from './scope.ts';

const scopes = { isGlobalUnicast, isLinkLocal, isLoopback, isMulticast, isUnspecified };

describe('RFC 6890 special-purpose ranges', () => {
  test.each([
    ['10.0.0.1', ['isGlobalUnicast']],
    ['169.254.1.1', ['isLinkLocal']],
    ['169.253.255.255', ['isGlobalUnicast']],
    ['febf::1', ['isLinkLocal']],
    ['fec0::1', ['isGlobalUnicast']],
    ['127.255.0.1', ['isLoopback']],
    ['::1', ['isLoopback']],
    ['224.0.0.5', ['isMulticast']],
    ['ff02::1', ['isMulticast']],
    ['0.0.0.0', ['isUnspecified']],
    ['::', ['isUnspecified']],
    ['255.255.255.255', []],
    ['::ffff:10.0.0.1', ['isGlobalUnicast']],
  ])('%s is %j', (text, expected) => {
    const names = Object.entries(scopes).filter(([, test]) => test(address(text)));
    expect(names.map(([name]) => name)).toEqual(expected);
  });
});
