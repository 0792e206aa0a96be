import { prefix } from '@weft/ip';
import type { PeerConfig } from 'bgp-speaker-ts';
import { expect } from 'vitest';
import { waitFor } from '../../harness/wait-for.ts';
import { describeDaemons } from '../daemon/case.ts';
import type { DaemonName } from '../daemon/daemon.ts';
import { DEADLINE_MS, INTERVAL_MS, type Pair } from '../daemon/pair.ts';
import { hasRefused, speakerHears } from '../daemon/session-ends.ts';
import { roles } from './case.ts';

type Role = NonNullable<PeerConfig['role']>;

const OURS = [{ prefix: prefix('10.1.0.0/26') }];
const ROLE_MISMATCH = [2, 11] as const;
const NO_ROLE = { role: undefined, strict: undefined, strictMode: undefined, enforce: undefined };
const STRICT = { strict: 'on', strictMode: 'strict-mode', enforce: 'enforce' };
/** Role of the daemon, role of the speaker. */
const FITTING: readonly (readonly [Role, Role])[] = [
  ['provider', 'customer'],
  ['customer', 'provider'],
  ['route-server', 'route-server-client'],
  ['route-server-client', 'route-server'],
  ['peer', 'peer'],
];
/** How daemons write the roles at a route server. */
const WORDS: Partial<Readonly<Record<DaemonName, Partial<Readonly<Record<Role, string>>>>>> = {
  bird: { 'route-server': 'rs_server', 'route-server-client': 'rs_client' },
  frr: { 'route-server': 'rs-server', 'route-server-client': 'rs-client' },
  openbgpd: { 'route-server': 'rs', 'route-server-client': 'rs-client' },
};
/** How daemons are asked for the speaker's route, and show who marked it. */
const OTC: Partial<
  Readonly<Record<DaemonName, { readonly question: readonly string[]; readonly answer: RegExp }>>
> = {
  bird: { question: ['show', 'route', 'all'], answer: /otc: 64512/ },
  frr: { question: ['show bgp ipv4 unicast 10.1.0.0/26 json'], answer: /"otc":\s*64512/ },
  openbgpd: {
    question: ['-j', 'show', 'rib', 'detail', '10.1.0.0/26'],
    answer: /"type": "OTC",.*"as": 64512/s,
  },
};

describeDaemons(roles, (test, name) => {
  const write = (role: Role): string => WORDS[name]?.[role] ?? role;

  for (const [daemonRole, role] of FITTING) {
    const values = { ...NO_ROLE, role: write(daemonRole) };
    test(`the daemon is ${daemonRole}, the speaker ${role}`, { peer: { role }, values }, async (pair) => {
      expect(await pair.start(OURS)).toMatchObject({ localRole: role, peerRole: daemonRole });
      await pair.daemonHas('10.1.0.0/26');
    });
  }

  const both = { peer: { role: 'customer' as const }, values: { ...NO_ROLE, role: write('customer') } };
  test('roles that do not fit are refused, until they do', both, async (pair) => {
    await Promise.all([pair.daemon.start(), pair.startSpeaker(OURS)]);
    const isRefused = async (): Promise<boolean> =>
      /Role Mismatch/.test((await pair.status()).lastError ?? '') || hasRefused(pair, ROLE_MISMATCH);
    await waitFor('a role mismatch', isRefused, DEADLINE_MS, INTERVAL_MS);
    await changePeer(pair, { role: 'provider' });
    await startAgain(pair);
  });

  const strictSpeaker = { peer: { role: 'customer' as const, strictRole: true }, values: NO_ROLE };
  test('a strict speaker refuses a daemon without a role', strictSpeaker, async (pair) => {
    await Promise.all([pair.daemon.start(), pair.startSpeaker(OURS)]);
    await waitFor('a role mismatch', () => hasRefused(pair, ROLE_MISMATCH), DEADLINE_MS, INTERVAL_MS);
    await changePeer(pair, { strictRole: false });
    await startAgain(pair);
  });

  const strictDaemon = { values: { ...STRICT, role: write('provider') } };
  test('a strict daemon refuses a speaker without a role', strictDaemon, async (pair) => {
    await Promise.all([pair.daemon.start(), pair.startSpeaker(OURS)]);
    await speakerHears(pair, ROLE_MISMATCH);
    await changePeer(pair, { role: 'customer' });
    await startAgain(pair);
  });

  const customer = { peer: { role: 'customer' as const }, values: { ...NO_ROLE, role: write('provider') } };
  test('OTC: routes of a daemon that is a provider carry its AS', customer, async (pair) => {
    await pair.daemon.announce(['198.51.100.0/24']);
    await pair.start();
    await pair.speakerHas('198.51.100.0/24');
    const [route] = await pair.speaker.adjRibIn(pair.peer);
    expect(route?.attributes.otc).toBe(64513);
  });

  const provider = { peer: { role: 'provider' as const }, values: { ...NO_ROLE, role: write('customer') } };
  test('OTC: routes of a speaker that is a provider carry its AS', provider, async (pair) => {
    await pair.start(OURS);
    await pair.daemonHas('10.1.0.0/26');
    expect(await pair.daemon.ask(...(OTC[name]?.question ?? []))).toMatch(OTC[name]?.answer ?? /(?!)/);
  });
});

async function changePeer({ speaker, config }: Pair, change: Partial<PeerConfig>): Promise<void> {
  await speaker.configure({ ...config, peers: config.peers.map((peer) => ({ ...peer, ...change })) });
}

/** Waits for a session; OpenBGPD, which waits long after an error, is told not to. */
async function startAgain(pair: Pair): Promise<void> {
  if (pair.daemon.name === 'openbgpd') await pair.daemon.ask('neighbor', '192.0.2.1', 'up');
  await pair.established();
}
