import { execFileSync } from 'node:child_process';
import { afterEach, expect, it, vi } from 'vitest';
import { openKernel } from './linux-kernel.ts';
import { createNetns, deleteNetns, listNetns, netnsPath } from './namespaces.ts';
import { withNetns } from './netns.ts';
import { openRouterDiscovery, type RouterDiscovery } from './router-discovery.ts';

const left = `wt-kernel-${process.pid}-ra-l`;
const right = `wt-kernel-${process.pid}-ra-r`;
const opened: RouterDiscovery[] = [];

afterEach(() => {
  for (const discovery of opened.splice(0)) discovery.close();
  for (const name of [left, right]) if (listNetns().includes(name)) deleteNetns(name);
});

function ip(...args: string[]): string {
  return execFileSync('ip', args, { encoding: 'utf8' });
}

/** Listens in a namespace; what it hears, as text. */
function listen(netns: string): { discovery: RouterDiscovery; heard: string[] } {
  const heard: string[] = [];
  const kernel = openKernel({ netns: netnsPath(netns) });
  const link = kernel.link('wire');
  kernel.close();
  if (link === undefined) throw new Error('no link');
  const result = withNetns(netnsPath(netns), () =>
    openRouterDiscovery(link, (kind, from) => heard.push(`${kind} ${from}`)),
  );
  if (result.kind !== 'done') throw new Error(result.errno);
  opened.push(result.value);
  return { discovery: result.value, heard };
}

// Needs root.
it('routers on one link hear each other, and not themselves; nothing can be sent on a link that is gone', async () => {
  for (const name of [left, right]) createNetns(name);
  ip('-n', left, 'link', 'add', 'wire', 'type', 'veth', 'peer', 'name', 'wire', 'netns', right);
  for (const name of [left, right]) {
    ip('netns', 'exec', name, 'sysctl', '-qw', 'net.ipv6.conf.wire.accept_dad=0');
    ip('-n', name, 'link', 'set', 'wire', 'up');
  }
  const addressOf = (name: string): string =>
    /inet6 (fe80[^/]*)/.exec(ip('-n', name, 'address', 'show', 'dev', 'wire'))?.[1] ?? '';
  await vi.waitFor(() => {
    expect([addressOf(left), addressOf(right)]).not.toContain('');
  });
  const [one, other] = [listen(left), listen(right)];
  await vi.waitFor(
    () => {
      expect(one.discovery.send('solicitation')).toBeUndefined();
      expect(other.heard).toContain(`solicitation ${addressOf(left)}`);
    },
    { timeout: 10_000 },
  );
  expect(other.discovery.send('advertisement')).toBeUndefined();
  await vi.waitFor(() => expect(one.heard).toEqual([`advertisement ${addressOf(right)}`]), {
    timeout: 10_000,
  });
  ip('-n', left, 'link', 'delete', 'wire');
  expect(one.discovery.send('advertisement')).toBeDefined();
});
