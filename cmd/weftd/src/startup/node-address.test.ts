import { FIRST_FOUND, type LocalInterface } from '@weft/calc';
import { describe, expect, it } from 'vitest';
import { chooseAddress } from './node-address.ts';

const eth0: LocalInterface = {
  name: 'eth0',
  up: true,
  running: true,
  mtuBytes: 1500,
  addresses: ['10.0.0.1/24', 'fd00::1/64'],
};

function choose(family: 4 | 6, wanted: string, current?: string, interfaces = [eth0]) {
  const { address, reason } = chooseAddress({ family, wanted, method: FIRST_FOUND }, current, { interfaces });
  return [address, reason];
}

describe('the address a Node is to have', () => {
  it.each([
    [4, 'autodetect', undefined, '10.0.0.1/24', /^first-found: 10\.0\.0\.1\/24 on eth0$/],
    [4, 'autodetect', '10.9.9.9/24', '10.0.0.1/24', /^first-found/],
    [6, 'autodetect', undefined, 'fd00::1/64', /^first-found/],
    [4, 'none', undefined, undefined, /^none is to be looked for$/],
    [4, 'none', '10.9.9.9/24', '10.9.9.9/24', /none is to be looked for; the Node has 10\.9\.9\.9\/24$/],
    [4, '', undefined, '10.0.0.1/24', /^first-found/],
    [4, '', '10.9.9.9/24', '10.9.9.9/24', /^none is set; the Node has/],
    [6, '', undefined, undefined, /^none is set$/],
    [6, '', 'fd99::9/64', 'fd99::9/64', /^none is set; the Node has/],
    [4, '10.0.0.1', undefined, '10.0.0.1/24', /^10\.0\.0\.1 is set, and eth0 has it$/],
    [6, 'fd00::1', undefined, 'fd00::1/64', /^fd00::1 is set, and eth0 has it$/],
    [4, '10.7.0.1', undefined, '10.7.0.1/32', /and no interface has it$/],
    [4, '10.7.0.1/16', '10.9.9.9/24', '10.7.0.1/16', /and no interface has it$/],
  ] as const)('IPv%i, %j, the Node has %s: %s', (family, wanted, current, address, reason) => {
    expect(choose(family, wanted, current)).toEqual([address, expect.stringMatching(reason)]);
  });

  it('stays as it is when nothing is found any more', () => {
    expect(choose(4, 'autodetect', '10.9.9.9/24', [])).toEqual([
      '10.9.9.9/24',
      expect.stringMatching(/no interface has an IPv4 address.*; the Node keeps 10\.9\.9\.9\/24$/),
    ]);
    expect(choose(4, 'autodetect', undefined, [])).toEqual([
      undefined,
      expect.stringMatching(/^first-found: no/),
    ]);
  });

  it.each([
    [4, 'fd00::1', /^not an IPv4 address$/],
    [4, 'nonsense', /"nonsense/],
    [6, 'fd00::1/200', /no prefix length between 0 and 128/],
  ] as const)('is refused: IPv%i %j', (family, wanted, message) => {
    expect(() => choose(family, wanted)).toThrow(message);
  });
});
