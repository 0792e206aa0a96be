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
    remove() {
      host.close();
      pod.close();
      names.forEach(deleteNetns);
    },
  };
});
