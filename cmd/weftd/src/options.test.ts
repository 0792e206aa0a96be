import { describe, expect, it } from 'vitest';
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
