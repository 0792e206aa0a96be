import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { readOptions } from './options.ts';

/** The datastore that a command line and an environment choose. */
function datastoreOf(args: readonly string[], environment: NodeJS.ProcessEnv = {}) {
  return readOptions(['node', 'weftd', '--node-name', 'node1', ...args], environment).datastore;
}

describe('the datastore of weftd', () => {
  it('is a file of the machine unless somebody says otherwise', () => {
    expect(datastoreOf([])).toEqual({ type: 'embedded', path: '/var/lib/weft/weft.db' });
  });

  it.each([
    ['/tmp/store.db', { type: 'embedded', path: '/tmp/store.db' }],
    ['etcd://127.0.0.1:2379', { type: 'etcd', endpoints: ['http://127.0.0.1:2379'] }],
    ['kubernetes:/root/config', { type: 'kubernetes', kubeconfig: '/root/config' }],
  ])('is what --datastore %s names', (text, choice) => {
    expect(datastoreOf(['--datastore', text])).toEqual(choice);
  });

  it("is what the variables of Calico's daemons say", () => {
    const environment = { DATASTORE_TYPE: 'etcdv3', ETCD_ENDPOINTS: 'http://a:2379,http://b:2379' };
    expect(datastoreOf([], environment)).toEqual({
      type: 'etcd',
      endpoints: ['http://a:2379', 'http://b:2379'],
    });
    expect(datastoreOf([], { DATASTORE_TYPE: 'kubernetes' })).toEqual({ type: 'kubernetes' });
  });

  it('is the flag before the variables', () => {
    const environment = { DATASTORE_TYPE: 'kubernetes' };
    expect(datastoreOf(['--datastore', '/tmp/x.db'], environment)).toMatchObject({ type: 'embedded' });
  });
});

describe('what weftd is told about its node', () => {
  beforeEach(() => {
    for (const name of ['NODENAME', 'HOSTNAME', 'IP', 'IP6', 'AS', 'CALICO_ROUTER_ID'])
      vi.stubEnv(name, undefined);
  });
  afterEach(() => vi.unstubAllEnvs());

  function optionsOf(args: readonly string[], environment: NodeJS.ProcessEnv = {}) {
    for (const [name, value] of Object.entries(environment)) vi.stubEnv(name, value);
    return readOptions(['node', 'weftd', '--nodename-file', '/nonexistent/nodename', ...args], process.env);
  }

  it('is nothing: both families by first-found, once a minute, under the name of the host', () => {
    const { addresses, asNumber, autodetectPollIntervalMs, checksNodeAddress, nodeName } = optionsOf([]);
    expect({ addresses, asNumber, autodetectPollIntervalMs, checksNodeAddress }).toEqual({
      addresses: [
        { family: 4, wanted: 'autodetect', method: { kind: 'first-found' } },
        { family: 6, wanted: 'autodetect', method: { kind: 'first-found' } },
      ],
      asNumber: undefined,
      autodetectPollIntervalMs: 60_000,
      checksNodeAddress: true,
    });
    expect(nodeName).not.toBe('');
  });

  it('is the same where variables are there and empty', () => {
    const names = ['IP_AUTODETECTION_METHOD', 'IP6_AUTODETECTION_METHOD', 'AUTODETECT_POLL_INTERVAL', 'AS'];
    const { addresses, asNumber, autodetectPollIntervalMs } = optionsOf([]);
    const found = optionsOf([], Object.fromEntries(names.map((name) => [name, ''])));
    expect(found).toMatchObject({ addresses, asNumber, autodetectPollIntervalMs });
  });

  it("is what Calico's variables say", () => {
    const environment = {
      NODENAME: 'Node1',
      IP: '10.0.0.1/24',
      IP6: '',
      IP_AUTODETECTION_METHOD: 'interface=eth.*',
      IP6_AUTODETECTION_METHOD: 'kubernetes-internal-ip',
      AUTODETECT_POLL_INTERVAL: '1m30s',
      AS: '1.10',
      DISABLE_NODE_IP_CHECK: 'true',
    };
    expect(optionsOf([], environment)).toMatchObject({
      nodeName: 'Node1',
      nodeNameSource: 'NODENAME',
      addresses: [
        { family: 4, wanted: '10.0.0.1/24', method: { kind: 'interface', names: [/eth.*/] } },
        { family: 6, wanted: '', method: { kind: 'kubernetes-internal-ip' } },
      ],
      autodetectPollIntervalMs: 90_000,
      asNumber: 65546,
      checksNodeAddress: false,
    });
  });

  it('looks for an address as seldom as the clock of the event loop can tell, and not without pause, when asked for less', () => {
    const { autodetectPollIntervalMs } = optionsOf([], { AUTODETECT_POLL_INTERVAL: '720h' });
    expect(autodetectPollIntervalMs).toBe(2 ** 31 - 1);
  });

  it('has the BGP Identifier that CALICO_ROUTER_ID says, or --router-id before it', () => {
    const chosen = (args: readonly string[], CALICO_ROUTER_ID: string) =>
      optionsOf(args, { CALICO_ROUTER_ID }).routerId;
    expect(['', 'hash', '192.0.2.1'].map((text) => chosen([], text))).toEqual(['auto', 'hash', '192.0.2.1']);
    expect(chosen(['--router-id', '192.0.2.2'], 'hash')).toBe('192.0.2.2');
  });

  it('takes no part in BGP where CALICO_NETWORKING_BACKEND says vxlan', () => {
    const chosen = ['vxlan', 'bird', ''].map(
      (backend) => optionsOf([], { CALICO_NETWORKING_BACKEND: backend }).withoutBgp,
    );
    expect(chosen).toEqual([true, false, false]);
  });

  it('is refused where it makes no sense', () => {
    const exit = vi.spyOn(process, 'exit').mockImplementation((code) => {
      throw new Error(`exit ${code}`);
    });
    const errors = vi.spyOn(process.stderr, 'write').mockReturnValue(true);
    for (const environment of [
      { CALICO_NETWORKING_BACKEND: 'none' },
      { CALICO_IPV4POOL_CIDR: 'nonsense' },
      { AS: 'as' },
      { CALICO_ROUTER_ID: 'fd00::1' },
      { CALICO_ROUTER_ID: '0.0.0.0' },
      { WEFT_ROUTER_ID: 'auto' },
      { IP_AUTODETECTION_METHOD: 'last-found' },
      { AUTODETECT_POLL_INTERVAL: '10' },
    ]) {
      expect(() => optionsOf([], environment), JSON.stringify(environment)).toThrow('exit 2');
      const [name = ''] = Object.keys(environment);
      expect(errors.mock.lastCall?.[0]).toContain(name);
      vi.unstubAllEnvs();
    }
    exit.mockRestore();
    errors.mockRestore();
  });

  it('makes default pools unless it is told not to', () => {
    expect(optionsOf([]).defaultPools).toHaveLength(2);
    expect(optionsOf(['--no-default-pools']).defaultPools).toEqual([]);
    expect(optionsOf([], { NO_DEFAULT_POOLS: 'true' }).defaultPools).toEqual([]);
  });

  it("is weft's own variables before Calico's, and flags before both", () => {
    const environment = { WEFT_IP: 'none', IP: 'autodetect', WEFT_NODE_NAME: 'a', NODENAME: 'b', AS: '' };
    expect(optionsOf(['--ip6', 'none'], environment)).toMatchObject({
      nodeName: 'a',
      addresses: [
        { family: 4, wanted: 'none' },
        { family: 6, wanted: 'none' },
      ],
    });
  });
});

describe('the control API for other machines', () => {
  const files = ['--control-certificate', '/c', '--control-key', '/k', '--control-ca', '/ca'];
  const optionsOf = (...args: string[]) =>
    readOptions(['node', 'weftd', '--node-name', 'node1', ...args], {}).remoteControl;

  it('is off unless an address and three files are given', () => {
    expect(optionsOf()).toBeUndefined();
    expect(optionsOf('--control-address', '[fd00::1]:9098', ...files)).toEqual({
      address: { host: 'fd00::1', port: 9098 },
      files: { certificate: '/c', key: '/k', ca: '/ca' },
    });
  });

  it('is refused by halves, and at what is no address', () => {
    const exit = vi.spyOn(process, 'exit').mockImplementation((code) => {
      throw new Error(`exit ${code}`);
    });
    const errors = vi.spyOn(process.stderr, 'write').mockReturnValue(true);
    for (const [args, complaint] of [
      [files, '--control-address: not given'],
      [
        ['--control-address', '10.0.0.1:9098'],
        '--control-certificate, --control-key, --control-ca: not given',
      ],
      [['--control-address', 'host:9098', ...files], 'It must look like 10.0.0.1:9098'],
      [['--control-address', '10.0.0.1:0', ...files], 'It must look like 10.0.0.1:9098'],
    ] as const) {
      expect(() => optionsOf(...args)).toThrow('exit 2');
      expect(errors.mock.calls.map(([text]) => text).join('')).toContain(complaint);
      errors.mockClear();
    }
    exit.mockRestore();
    errors.mockRestore();
  });
});

describe('the role of weftd', () => {
  const roleOf = (...args: string[]) => readOptions(['node', 'weftd', '--node-name', 'node1', ...args], {});

  it('is that of a node unless told otherwise, and a reflector listens where it is told to', () => {
    expect(roleOf()).toMatchObject({ role: 'node' });
    expect(roleOf('--role', 'route-reflector', '--listen-port', '1790')).toMatchObject({
      role: 'route-reflector',
      listenPort: 1790,
    });
  });
});
