import { expect } from 'vitest';
import { describeDaemons } from '../daemon/case.ts';
import { session } from './case.ts';

const FAMILIES = ['ipv4-unicast', 'ipv6-unicast'];

describeDaemons(session, (test) => {
  for (const transport of ['ipv4', 'ipv6'] as const) {
    for (const dials of ['speaker', 'daemon'] as const) {
      test(`the ${dials} dials, ${transport} transport`, { transport, dials }, async (pair) => {
        const { families, peerType } = await pair.start();
        expect(peerType).toBe('external');
        expect(families.map(({ family }) => family)).toEqual(FAMILIES);
      });
    }
  }

  test('iBGP', { daemonAsn: 64512 }, async (pair) => {
    expect(await pair.start()).toMatchObject({ peerType: 'internal' });
  });

  test('RFC 6793: four-octet AS numbers on both sides', {
    speakerAsn: 4200000000,
    daemonAsn: 4200000001,
  }, async (pair) => {
    expect(await pair.start()).toMatchObject({
      fourOctetAsn: true,
      peerAsn: 4200000001,
      peerType: 'external',
    });
  });

  test("the smaller hold time holds, the daemon's", { daemonHoldTimeSeconds: 30 }, async (pair) => {
    expect(await pair.start()).toMatchObject({ holdTimeSeconds: 30 });
  });

  test("the smaller hold time holds, the speaker's", { speaker: { holdTimeSeconds: 30 } }, async (pair) => {
    expect(await pair.start()).toMatchObject({ holdTimeSeconds: 30 });
  });

  test('hold time 0', { daemonHoldTimeSeconds: 0, speaker: { holdTimeSeconds: 0 } }, async (pair) => {
    expect(await pair.start()).toMatchObject({ holdTimeSeconds: 0, keepaliveTimeSeconds: 0 });
  });
});
