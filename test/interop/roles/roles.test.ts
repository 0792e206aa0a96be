import { prefix } from '@weft/ip';
import { expect } from 'vitest';
import { waitFor } from '../../harness/wait-for.ts';
import { describeDaemons } from '../daemon/case.ts';
import { DEADLINE_MS, type Pair } from '../daemon/pair.ts';
import { roles } from './case.ts';

const OURS = '10.1.0.0/26';
const THEIRS = '198.51.100.0/24';

/** Starts both, and waits until the speaker says why there is no session. */
async function refused(pair: Pair): Promise<string> {
  await Promise.all([pair.daemon.start(), pair.startSpeaker([])]);
  return waitFor(
    'an OPEN is refused',
    async () => {
      const { lastError = '' } = await pair.status();
      return lastError.includes('Role Mismatch') ? lastError : undefined;
    },
    DEADLINE_MS,
  );
}

async function otcOf(pair: Pair): Promise<readonly (number | undefined)[]> {
  const routes = await pair.speaker.adjRibIn(pair.peer);
  return routes.filter((route) => route.prefix === THEIRS).map(({ attributes }) => attributes.otc);
}

describeDaemons(roles, (test) => {
  test('the daemon is the provider: its routes are marked by it', {
    peer: { role: 'customer', strictRole: true },
    values: { role: 'provider' },
  }, async (pair) => {
    await pair.daemon.announce([THEIRS]);
    const agreed = await pair.start([{ prefix: prefix(OURS) }]);
    expect(agreed).toMatchObject({ localRole: 'customer', peerRole: 'provider' });
    await pair.speakerHas(THEIRS);
    await pair.daemonHas(OURS);
    expect(await otcOf(pair)).toEqual([64513]);
  });

  test('the daemon is the customer: it takes our marked routes', {
    peer: { role: 'provider', strictRole: true },
    values: { role: 'customer' },
  }, async (pair) => {
    await pair.daemon.announce([THEIRS]);
    const agreed = await pair.start([{ prefix: prefix(OURS) }]);
    expect(agreed).toMatchObject({ localRole: 'provider', peerRole: 'customer' });
    await pair.daemonHas(OURS);
    await pair.speakerHas(THEIRS);
    expect(await otcOf(pair)).toEqual([undefined]);
  });

  test('both are providers: no session', {
    peer: { role: 'provider' },
    values: { role: 'provider' },
  }, async (pair) => {
    expect(await refused(pair)).toMatch(/OPEN Message Error \/ Role Mismatch/);
  });

  test('strict, and the daemon announces no role: no session', {
    peer: { role: 'provider', strictRole: true },
  }, async (pair) => {
    expect(await refused(pair)).toMatch(/^sent OPEN Message Error \/ Role Mismatch/);
  });
});
