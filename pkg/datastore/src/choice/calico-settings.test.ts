import { describe, expect, it } from 'vitest';
import { choiceFromSettings, settingsFromEnvironment } from './calico-settings.ts';

describe('settingsFromEnvironment', () => {
  it('prefers the name with CALICO_ in front, and takes an empty one for absent', () => {
    const environment = {
      ETCD_ENDPOINTS: 'http://b:2379',
      CALICO_ETCD_ENDPOINTS: 'http://a:2379',
      CALICO_KUBECONFIG: '',
      KUBECONFIG: '/k',
    };
    expect(settingsFromEnvironment(environment)).toEqual({
      etcdEndpoints: 'http://a:2379',
      kubeconfig: '/k',
    });
  });
});

describe('choiceFromSettings', () => {
  it('takes etcd when endpoints are given, also beside a kubeconfig', () => {
    expect(choiceFromSettings({ etcdEndpoints: 'http://a:2379, http://b:2379/', kubeconfig: '/k' })).toEqual({
      type: 'etcd',
      endpoints: ['http://a:2379', 'http://b:2379'],
    });
  });

  it('keeps user, password and certificates, files before text', () => {
    const choice = choiceFromSettings({
      etcdEndpoints: 'https://a:2379',
      etcdUsername: 'u',
      etcdPassword: 'p',
      etcdCACertFile: '/ca',
      etcdCACert: 'PEM',
      etcdKey: 'PEM KEY',
    });
    expect(choice).toEqual({
      type: 'etcd',
      endpoints: ['https://a:2379'],
      username: 'u',
      password: 'p',
      tls: { ca: { file: '/ca' }, key: { text: 'PEM KEY' } },
    });
  });

  it('takes Kubernetes for a kubeconfig, a server, or the bare type', () => {
    expect(choiceFromSettings({ kubeconfig: '/k', k8sCurrentContext: 'c' })).toEqual({
      type: 'kubernetes',
      kubeconfig: '/k',
      context: 'c',
    });
    expect(
      choiceFromSettings({
        k8sAPIEndpoint: 'https://s:6443',
        k8sInsecureSkipTLSVerify: 'true',
        calicoAPIGroup: 'ProjectCalico.org/V3',
      }),
    ).toEqual({
      type: 'kubernetes',
      server: 'https://s:6443',
      tls: { insecureSkipVerify: true },
      apiGroup: 'projectcalico.org/v3',
    });
    expect(choiceFromSettings({ datastoreType: 'kubernetes' })).toEqual({ type: 'kubernetes' });
  });

  it('chooses nothing when nothing is set', () => {
    expect(choiceFromSettings({})).toBeUndefined();
  });

  it.each([
    [{ datastoreType: 'consul' }, /"consul"; it must be etcdv3 or kubernetes/],
    [{ datastoreType: 'etcdv3' }, /""; each must look like/],
    [{ etcdEndpoints: 'a:2379' }, /"a:2379"; each must look like/],
    [{ datastoreType: 'etcdv3', etcdDiscoverySrv: 'x' }, /not supported; name the endpoints/],
  ])('refuses %j', (settings, message) => {
    expect(() => choiceFromSettings(settings)).toThrow(message);
  });
});
