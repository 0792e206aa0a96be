import { execFileSync } from 'node:child_process';
import { openKernel } from '../linux-kernel.ts';
import { createNetns, deleteNetns, netnsPath } from '../namespaces.ts';
import { describeKernel } from './kernel-contract.ts';

// Needs root: without it createNetns throws and every test fails.
describeKernel('the Linux kernel', () => {
  const names = ['host', 'pod'].map((role) => `wt-kernel-${process.pid}-${role}`);
  names.forEach(createNetns);
  const [host, pod] = names.map((name) => openKernel({ netns: netnsPath(name) }));
  if (host === undefined || pod === undefined) throw new Error('two namespaces were opened');
  return {
    host,
    pod,
    talkToOneself(addresses) {
      const inHost = (...command: string[]): unknown =>
        execFileSync('ip', ['netns', 'exec', names[0] ?? '', ...command]);
      inHost('ip', 'link', 'set', 'lo', 'up');
      inHost('nft', 'table inet t { chain c { type filter hook output priority 0; ct state new accept; }; }');
      for (const own of addresses) inHost('bash', '-c', `echo > /dev/udp/${own}/9`);
    },
    remove() {
      host.close();
      pod.close();
      names.forEach(deleteNetns);
    },
  };
});
