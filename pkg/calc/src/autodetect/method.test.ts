import { describe, expect, it } from 'vitest';
import { parseAutodetectMethod } from './method.ts';

describe('a way to find the node’s address', () => {
  it.each([
    ['', { kind: 'first-found' }],
    ['first-found', { kind: 'first-found' }],
    ['can-reach=192.0.2.1', { kind: 'can-reach', destination: '192.0.2.1' }],
    ['can-reach=www.example.com', { kind: 'can-reach', destination: 'www.example.com' }],
    ['interface=eth.*', { kind: 'interface', names: [/eth.*/] }],
    ['interface=eth0 , ^ens3$', { kind: 'interface', names: [/eth0/, /^ens3$/] }],
    ['skip-interface=enp6s0f0,eth.*', { kind: 'skip-interface', names: [/enp6s0f0/, /eth.*/] }],
    ['cidr=10.0.1.7/24, 2001:4860::/32', { kind: 'cidr', ranges: ['10.0.1.0/24', '2001:4860::/32'] }],
    ['kubernetes-internal-ip', { kind: 'kubernetes-internal-ip' }],
  ])('reads %j', (text, value) => {
    expect(parseAutodetectMethod(text)).toEqual({ ok: true, value });
  });

  it.each([
    ['last-found', /must be first-found, can-reach=/],
    ['interface', /must be first-found/],
    ['first-found=eth0', /must be first-found/],
    ['interface=', /nothing may be empty after interface=/],
    ['cidr=10.0.0.0/8,', /nothing may be empty after cidr=/],
    ['can-reach= ', /nothing may be empty after can-reach=/],
    ['interface=eth(', /it is no regular expression/],
    ['cidr=10.0.0.0', /has no prefix length/],
  ])('refuses %j', (text, reason) => {
    expect(parseAutodetectMethod(text)).toEqual({ ok: false, reason: expect.stringMatching(reason) });
  });
});
