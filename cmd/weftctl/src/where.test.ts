import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { Workbench } from '../test/run.ts';
import { failuresOf, printFailure } from './failure.ts';
import type { WhereOptions } from './options.ts';
import { chooseDatastore } from './where.ts';

let workbench: Workbench;

beforeEach(() => {
  workbench = new Workbench();
});

afterEach(() => workbench.remove());

function config(spec: string): string {
  return workbench.file(
    'calicoctl.cfg',
    `apiVersion: projectcalico.org/v3\nkind: CalicoAPIConfig\nmetadata:\nspec:\n${spec}`,
  );
}

async function problem(where: WhereOptions, environment: NodeJS.ProcessEnv = {}): Promise<string> {
  const failures = await chooseDatastore(where, environment).then(() => [], failuresOf);
  return failures.map(printFailure).join('\n');
}

const ETCD = { type: 'etcd', endpoints: ['http://a:2379'] };

describe('which datastore is meant', () => {
  test('nothing said: the embedded one of this machine', async () => {
    expect(await chooseDatastore({}, {})).toEqual({ type: 'embedded', path: '/var/lib/weft/weft.db' });
  });

  test('the command line goes before the environment, a file in place of it', async () => {
    const environment = { WEFT_DATASTORE: '/w.db', ETCD_ENDPOINTS: 'http://a:2379' };
    const file = config('  kubeconfig: /k\n');
    expect(await chooseDatastore({ datastore: '/d.db' }, environment)).toMatchObject({ path: '/d.db' });
    expect(await chooseDatastore({ config: file }, environment)).toEqual({
      type: 'kubernetes',
      kubeconfig: '/k',
    });
    expect(await chooseDatastore({}, environment)).toMatchObject({ path: '/w.db' });
    expect(await chooseDatastore({}, { ETCD_ENDPOINTS: 'http://a:2379' })).toEqual(ETCD);
  });

  test('a configuration file that names nothing means Kubernetes, as in calicoctl', async () => {
    const file = config('  {}\n');
    expect(await chooseDatastore({ config: file }, { ETCD_ENDPOINTS: 'http://a:2379' })).toEqual({
      type: 'kubernetes',
    });
  });

  test('--context chooses a cluster of whatever kubeconfig is used', async () => {
    expect(await chooseDatastore({ context: 'c' }, {})).toEqual({ type: 'kubernetes', context: 'c' });
    expect(await chooseDatastore({ context: 'c', datastore: 'kubernetes:/k?context=d' }, {})).toEqual({
      type: 'kubernetes',
      kubeconfig: '/k',
      context: 'c',
    });
    expect(await problem({ context: 'c', datastore: '/d.db' })).toContain('--context c');
  });

  test('what is wrong is said with its place, and without passwords', async () => {
    expect(await problem({ config: config('  datastoreType: consul\n') })).toMatch(
      /^datastoreType is "consul"; it must be etcdv3 or kubernetes: .*calicoctl\.cfg$/,
    );
    expect(await problem({}, { DATASTORE_TYPE: 'etcdv3' })).toMatch(/^etcdEndpoints .*: environment$/);
    expect(await problem({ datastore: 'etcd://root:secret@a' })).toMatch(
      /--datastore does not name a datastore: "a" is not HOST:PORT.*: etcd:\/\/root:\*\*\*@a$/,
    );
    expect(await problem({ datastore: 'a', config: 'b' })).toContain(
      '--datastore and --config name two places',
    );
  });
});
