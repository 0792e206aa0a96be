import { address } from '@weft/ip';
import { FakeKernel } from '../fake/fake-kernel.ts';
import { describeKernel } from './kernel-contract.ts';

describeKernel('the fake kernel', () => {
  const host = new FakeKernel();
  const pod = host.addNetns('/run/netns/pod');
  return {
    host,
    pod,
    talkToOneself(addresses) {
      for (const own of addresses.map(address)) {
        const direction = { source: own, destination: own };
        host.track({
          protocol: 17,
          original: { ...direction, sourcePort: 40000, destinationPort: 9 },
          reply: { ...direction, sourcePort: 9, destinationPort: 40000 },
        });
      }
    },
    remove() {
      host.close();
      pod.close();
    },
  };
});
