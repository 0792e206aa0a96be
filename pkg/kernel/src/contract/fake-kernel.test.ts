import { FakeKernel } from '../fake/fake-kernel.ts';
import { describeKernel } from './kernel-contract.ts';

describeKernel('the fake kernel', () => {
  const host = new FakeKernel();
  const pod = host.addNetns('/run/netns/pod');
  return {
    host,
    pod,
    remove() {
      host.close();
      pod.close();
    },
  };
});
