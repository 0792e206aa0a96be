import { describe, expect, test } from 'vitest';
import { failuresOf, printFailure } from '../failure.ts';
import { parseCalicoConfig, readCalicoConfig } from './calico-config.ts';

const HEAD = 'apiVersion: projectcalico.org/v3\nkind: CalicoAPIConfig\nmetadata:\n';

function problem(read: () => unknown): string {
  try {
    read();
  } catch (error) {
    return failuresOf(error).map(printFailure).join('\n');
  }
  return 'no problem';
}

describe("calicoctl's configuration file", () => {
  test('gives settings as text; what is empty is not set', () => {
    const spec = [
      'spec:',
      '  datastoreType: etcdv3',
      '  etcdEndpoints: https://a:2379',
      '  k8sInsecureSkipTLSVerify: true',
      '  k8sClientQPS: 50',
      '  etcdUsername: ""',
      '  etcdPassword:',
    ].join('\n');
    expect(parseCalicoConfig(HEAD + spec, 'c.cfg')).toEqual({
      datastoreType: 'etcdv3',
      etcdEndpoints: 'https://a:2379',
      k8sInsecureSkipTLSVerify: 'true',
      k8sClientQPS: '50',
    });
    expect(parseCalicoConfig(HEAD, 'c.cfg')).toEqual({});
    expect(parseCalicoConfig(`${HEAD}spec: {}`, 'c.cfg')).toEqual({});
  });

  test.each([
    [
      'an unknown setting',
      `${HEAD}spec:\n  etcdEndpoint: x\n`,
      'No field of a CalicoAPIConfig is called spec.etcdEndpoint: c.cfg line 5\n  Did you mean etcdEndpoints?',
    ],
    ['an unknown field', `${HEAD}spc: {}\n`, 'is called spc: c.cfg line 4\n  Did you mean spec?'],
    [
      'another version',
      'apiVersion: v1\nkind: CalicoAPIConfig\n',
      'apiVersion is "v1", not projectcalico.org/v3',
    ],
    ['no kind', 'apiVersion: projectcalico.org/v3\n', 'kind is missing, not CalicoAPIConfig: c.cfg'],
    [
      'a list as value',
      `${HEAD}spec:\n  etcdEndpoints: [a]\n`,
      'spec.etcdEndpoints is not a single value: c.cfg line 5',
    ],
    [
      'a field twice',
      `${HEAD}spec:\n  kubeconfig: a\n  kubeconfig: b\n`,
      'is not YAML: Map keys must be unique: c.cfg line 6',
    ],
    ['a file that holds nothing', '', 'The configuration file is not a CalicoAPIConfig: c.cfg line 1'],
  ])('refuses %s', (_name, text, message) => {
    expect(problem(() => parseCalicoConfig(text, 'c.cfg'))).toContain(message);
  });

  test('that is missing is a problem when it was asked for', () => {
    expect(problem(() => readCalicoConfig('/nonexistent.cfg'))).toContain('(ENOENT): /nonexistent.cfg');
  });
});
