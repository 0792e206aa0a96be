/**
 * A router between the speaker and the daemon of a network, in place of the cable.
 *
 *     speaker ── eth0 ──── left ── router ── right ──── eth0 ── daemon
 */
import { execa } from 'execa';
import type { Network, NetworkEnd } from '../daemon/network.ts';

const ROUTER = { ipv4: '192.0.2.254', ipv6: '2001:db8::fe' } as const;

/** Puts a router into a network that nobody uses yet; the result removes it again. */
export async function insertRouter({ speaker, daemon }: Network): Promise<() => Promise<void>> {
  const router = speaker.netns.replace(/\.speaker$/, '.router');
  await ip('-n', speaker.netns, 'link', 'delete', 'eth0');
  await ip('netns', 'add', router);
  await sysctl(
    router,
    'net.ipv4.ip_forward=1',
    'net.ipv6.conf.all.forwarding=1',
    'net.ipv6.conf.default.accept_dad=0',
  );
  await attach(router, 'left', speaker, daemon);
  await attach(router, 'right', daemon, speaker);
  return async () => {
    await ip('netns', 'delete', router);
  };
}

/** Joins one end to the router; everything it sends to the other end goes there. */
async function attach(router: string, port: string, end: NetworkEnd, other: NetworkEnd): Promise<void> {
  const { netns, ipv4, ipv6 } = end;
  await ip('-n', router, 'link', 'add', port, 'type', 'veth', 'peer', 'name', 'eth0', 'netns', netns);
  await sysctl(netns, 'net.ipv6.conf.eth0.accept_dad=0');
  for (const address of [ROUTER.ipv4, ROUTER.ipv6])
    await ip('-n', router, 'address', 'add', address, 'dev', port);
  for (const address of [ipv4, ipv6]) await ip('-n', netns, 'address', 'add', address, 'dev', 'eth0');
  await ip('-n', router, 'link', 'set', port, 'up');
  await ip('-n', netns, 'link', 'set', 'eth0', 'up');
  for (const address of [ipv4, ipv6]) await ip('-n', router, 'route', 'add', address, 'dev', port);
  await ip('-n', netns, 'route', 'add', ROUTER.ipv4, 'dev', 'eth0');
  await ip('-n', netns, 'route', 'add', other.ipv4, 'via', ROUTER.ipv4, 'dev', 'eth0');
  await ip('-n', netns, 'route', 'add', ROUTER.ipv6, 'dev', 'eth0');
  await ip('-n', netns, 'route', 'add', other.ipv6, 'via', ROUTER.ipv6, 'dev', 'eth0');
}

/** Makes each end send what is for the other to nobody: packets vanish, and no interface goes down. */
export async function cutSilently({ speaker, daemon }: Network): Promise<void> {
  for (const [from, to] of [
    [speaker, daemon],
    [daemon, speaker],
  ] as const) {
    for (const address of [to.ipv4, to.ipv6]) {
      const nobody = ['lladdr', '02:00:00:00:00:99', 'dev', 'eth0', 'nud', 'permanent'];
      await ip('-n', from.netns, 'neighbour', 'replace', address, ...nobody);
    }
  }
}

async function ip(...args: string[]): Promise<void> {
  await execa('ip', args);
}

async function sysctl(netns: string, ...settings: string[]): Promise<void> {
  await execa('ip', ['netns', 'exec', netns, 'sysctl', '-qw', ...settings]);
}
