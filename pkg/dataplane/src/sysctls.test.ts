import { FakeKernel, type Link } from '@weft/kernel';
import { describe, expect, it } from 'vitest';
import { applyHostSysctls, hostSysctls } from './sysctls.ts';

const link = (name: string, type = ''): Link => ({
  index: 2,
  name,
  mac: '02:00:00:00:00:02',
  mtuBytes: 1500,
  up: true,
  running: true,
  type,
});

describe('sysctls of the host', () => {
  it('are forwarding last, after what it would undo', () => {
    expect(
      hostSysctls([link('lo'), link('eth0'), link('cali1', 'veth')]).map(
        ({ key, value }) => `${key}=${value}`,
      ),
    ).toEqual(['net/ipv6/conf/eth0/accept_ra=2', 'net/ipv4/ip_forward=1', 'net/ipv6/conf/all/forwarding=1']);
  });

  const cases = [
    { name: 'keeps router advertisements on an uplink', type: '', from: '1', forwarding: '0', to: '2' },
    { name: 'keeps them on a VLAN', type: 'vlan', from: '1', forwarding: '0', to: '2' },
    { name: "leaves an administrator's 0", type: '', from: '0', forwarding: '0', to: '0' },
    { name: 'never accepts them from a container', type: 'veth', from: '1', forwarding: '0', to: '1' },
    { name: 'leaves them where the host forwards already', type: '', from: '1', forwarding: '1', to: '1' },
  ];
  it.each(cases)('$name', ({ type, from, forwarding, to }) => {
    const kernel = new FakeKernel();
    kernel.apply([{ op: 'add-bridge', name: 'eth0' }]);
    kernel.writeSysctl('net/ipv4/ip_forward', '1');
    kernel.writeSysctl('net/ipv6/conf/all/forwarding', forwarding);
    kernel.writeSysctl('net/ipv6/conf/eth0/accept_ra', from);
    const { failed } = applyHostSysctls(kernel, [link('eth0', type)]);
    expect(failed).toEqual([]);
    expect(kernel.readSysctl('net/ipv6/conf/eth0/accept_ra')).toBe(to);
    expect(kernel.readSysctl('net/ipv6/conf/all/forwarding')).toBe('1');
  });

  it('names a key the kernel does not have', () => {
    expect(applyHostSysctls(new FakeKernel(), []).failed).toMatchObject([
      { key: 'net/ipv4/ip_forward', errno: 'ENOENT' },
    ]);
  });
});
